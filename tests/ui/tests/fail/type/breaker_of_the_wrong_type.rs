// Cause: `breaker` and `limiter` name a state that is kept, not the settings of one.
// Cure: Keep a `CircuitBreaker` made of the `Thresholds`, and a `Limiter`.

use interceptors::intercept;

#[intercept(circuit_breaker(breaker = self.breaker), load_shed(limiter = self.limiter))]
struct Outbound {
    breaker: interceptors::circuit_breaker::Thresholds,
    limiter: interceptors::rate_limit::Limiter,
}

fn main() {}
