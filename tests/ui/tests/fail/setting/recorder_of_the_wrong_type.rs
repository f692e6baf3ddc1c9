// Cause: Measurements go to a `Recorder`. You can create one from a meter or a Prometheus registry, but they are not
// recorders themselves.
// Cure: Create one, `Recorder::new(&meter)` or `Recorder::prometheus(&registry)?`, keep it, and name it:
// `metrics(recorder = self.recorder)`. Without `recorder`, the global one is used.

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
