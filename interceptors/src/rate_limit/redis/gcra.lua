-- One call out of a bucket (GCRA). The value is the moment at which the bucket is full again, in µs of this server's clock; no value is
-- a full bucket. The answer is how many calls are left, or minus the wait in µs. A denial writes nothing.
local step, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local size = step * burst
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
-- A clock that steps back, as at a failover, denies for no longer than a burst takes.
local used = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or now) - now, 0), size)
local after = used + step
-- Half a µs for rounding: a burst of 1 is a whole step.
if after > size + 0.5 then
  -- Replies are cut to integers, so the wait is rounded up.
  return -math.max(math.ceil(after - size), 1)
end
-- `tostring` would keep 14 digits.
redis.call('SET', KEYS[1], string.format('%.3f', now + after), 'PX', string.format('%.0f', math.max(math.ceil(after / 1000), 1)))
return math.max(math.floor((size - after) / step + 0.5), 0)
