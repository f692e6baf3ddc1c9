// Cause: A limit is a number, `max`, a number that adapts between two others, `adaptive`, or a `limiter` of yours with
// its own settings. In `load_shed`, calls never wait, so it has no queue.
// Cure: Write `concurrency(max = 100)`, `load_shed(max = 100)`, `concurrency(adaptive(min = 10, max = 200, target =
// "50ms"))`, or `concurrency(limiter = self.limiter)`. Numbers are at least 1, and times are longer than zero.

use interceptors::intercept;

#[intercept(concurrency)]
struct Missing;

#[intercept(load_shed(per = service))]
struct MissingToo;

#[intercept(concurrency(max = 0, wait = "0s"), load_shed(max = "many", retry_after = 1))]
struct OutOfRange;

#[intercept(concurrency(max = 10, adaptive(min = 1, max = 5, target = "50ms")))]
struct Twice;

#[intercept(concurrency(adaptive(min = 1, max = 5)), load_shed(adaptive))]
struct Incomplete;

#[intercept(load_shed(max = 10, queue = 5))]
struct Queue;

#[intercept(concurrency(max = 10, per = peer))]
struct PerPeer;

#[intercept(load_shed(limiter = self.0, max = 10))]
struct OfMyOwn(interceptors::concurrency::Limiter);

fn main() {}
