// Cause: `breaker` and `limiter` name an object that keeps state, not its settings.
// Cure: Keep a `CircuitBreaker` that is created from the `Thresholds`, and a `Limiter`.

use interceptors::intercept;

#[intercept(circuit_breaker(breaker = self.breaker), load_shed(limiter = self.limiter))]
struct Outbound {
    breaker: interceptors::circuit_breaker::Thresholds,
    limiter: interceptors::rate_limit::Limiter,
}

fn main() {}
