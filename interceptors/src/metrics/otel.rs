use std::sync::OnceLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter, UpDownCounter};
use tonic::Code;

use super::{CODES, Measured, Name, OTHER};
use crate::Side;
use crate::kit::code_names::{code_name, is_error};
use crate::kit::full_name::FullName;

/// The bucket boundaries that the conventions recommend, in seconds.
const BOUNDARIES: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

pub(super) struct Instruments {
    server: OnceLock<OfSide>,
    client: OnceLock<OfSide>,
    meter: Meter,
}

#[derive(Clone)]
struct OfSide {
    duration: Histogram<f64>,
    active: UpDownCounter<i64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            server: OnceLock::new(),
            client: OnceLock::new(),
            meter: meter.clone(),
        }
    }

    fn of_side(&self, side: Side) -> OfSide {
        let (kept, duration, active, about) = match side {
            Side::Server => (
                &self.server,
                "rpc.server.call.duration",
                "rpc.server.active_calls",
                "Measures the duration of an incoming Remote Procedure Call (RPC).",
            ),
            Side::Client => (
                &self.client,
                "rpc.client.call.duration",
                "rpc.client.active_calls",
                "Measures the duration of an outgoing Remote Procedure Call (RPC).",
            ),
        };
        let made = kept.get_or_init(|| OfSide {
            duration: self
                .meter
                .f64_histogram(duration)
                .with_unit("s")
                .with_description(about)
                .with_boundaries(BOUNDARIES.to_vec())
                .build(),
            active: self
                .meter
                .i64_up_down_counter(active)
                .with_unit("{call}")
                .with_description("Calls that are under way.")
                .build(),
        });
        made.clone()
    }

    pub(super) fn of(&self, name: &Name<'_>) -> Measures {
        let OfSide { duration, active } = self.of_side(name.side);
        let method = match name.service {
            OTHER => OTHER.to_owned(),
            service => {
                let method = name.method;
                FullName { service, method }.to_string()
            }
        };
        Measures {
            duration,
            active,
            name: [
                KeyValue::new("rpc.system.name", "grpc"),
                KeyValue::new("rpc.method", method),
            ],
            ended: Default::default(),
        }
    }
}

/// The instruments. Attributes are made once for each method and code.
pub(super) struct Measures {
    duration: Histogram<f64>,
    active: UpDownCounter<i64>,
    name: [KeyValue; 2],
    ended: [OnceLock<Attributes>; CODES],
}

enum Attributes {
    Fine([KeyValue; 3]),
    Error([KeyValue; 4]),
}

impl Measures {
    pub(super) fn start(&self) {
        self.active.add(1, &self.name);
    }

    pub(super) fn leave(&self) {
        self.active.add(-1, &self.name);
    }

    pub(super) fn end(&self, side: Side, call: &Measured) {
        let attributes = self.ended[call.code as usize].get_or_init(|| self.with(side, call.code));
        let attributes = match attributes {
            Attributes::Fine(attributes) => &attributes[..],
            Attributes::Error(attributes) => attributes,
        };
        self.duration.record(call.seconds, attributes);
    }

    #[cold]
    fn with(&self, side: Side, code: Code) -> Attributes {
        let [system, method] = self.name.clone();
        let status = KeyValue::new("rpc.status_code", code_name(code));
        match is_error(side, code) {
            false => Attributes::Fine([system, method, status]),
            true => {
                let error = KeyValue::new("error.type", code_name(code));
                Attributes::Error([system, method, status, error])
            }
        }
    }
}
