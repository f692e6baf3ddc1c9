// Cause: Measurements go to a `Recorder`, which keeps what it needs for each method; a meter, or a registry of
// Prometheus's, is what one is made of.
// Cure: Make one, `Recorder::new(&meter)` or `Recorder::prometheus(&registry)?`, keep it, and name it: `metrics(recorder =
// self.recorder)`. Without `recorder` it is the global one.

use interceptors::intercept;

#[intercept(metrics(recorder = self.meter))]
struct Outbound {
    meter: String,
}

#[intercept(metrics(meter = self.meter))]
struct Meter {
    meter: String,
}

#[intercept(metrics = prometheus)]
struct Names;

fn main() {}
