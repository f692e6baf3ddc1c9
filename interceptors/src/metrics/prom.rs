use std::sync::OnceLock;

use prometheus::{
    Error, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use super::{CODES, Measured, Name};
use crate::kit::code_names::go_name;
use crate::{Kind, Side};

const LABELS: [&str; 3] = ["grpc_type", "grpc_service", "grpc_method"];
const LABELS_WITH_CODE: [&str; 4] = ["grpc_type", "grpc_service", "grpc_method", "grpc_code"];

/// client_golang's default buckets, in seconds.
const BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

pub(super) struct Instruments {
    server: OfSide,
    client: OfSide,
}

struct OfSide {
    started: IntCounterVec,
    handled: IntCounterVec,
    received: IntCounterVec,
    sent: IntCounterVec,
    handling: HistogramVec,
    in_flight: IntGaugeVec,
}

impl Instruments {
    pub(super) fn new(registry: &Registry) -> Result<Self, Error> {
        Ok(Self {
            server: OfSide::new(registry, "server", "handled by the server")?,
            client: OfSide::new(registry, "client", "made by the client")?,
        })
    }

    pub(super) fn of(&self, name: &Name<'_>) -> Measures {
        let vecs = match name.side {
            Side::Server => &self.server,
            Side::Client => &self.client,
        };
        let kind = name.kind.map_or("unknown", Kind::as_str);
        let labels = [kind, name.service, name.method];
        Measures {
            started: vecs.started.with_label_values(&labels),
            received: vecs.received.with_label_values(&labels),
            sent: vecs.sent.with_label_values(&labels),
            handling: vecs.handling.with_label_values(&labels),
            in_flight: vecs.in_flight.with_label_values(&labels),
            handled: Default::default(),
            all_handled: vecs.handled.clone(),
            labels: labels.map(Box::from),
        }
    }
}

impl OfSide {
    fn new(registry: &Registry, side: &str, how: &str) -> Result<Self, Error> {
        let counter = |name: &str, about: &str, labels: &[&str]| {
            let opts = Opts::new(
                format!("grpc_{side}_{name}"),
                format!("Total number of {about} {how}."),
            );
            let counter = IntCounterVec::new(opts, labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, Error>(counter)
        };
        let handling = HistogramVec::new(
            HistogramOpts::new(
                format!("grpc_{side}_handling_seconds"),
                format!("How long RPCs take that are {how}, in seconds."),
            )
            .buckets(BUCKETS.to_vec()),
            &LABELS,
        )?;
        let in_flight = IntGaugeVec::new(
            Opts::new(
                format!("grpc_{side}_in_flight"),
                format!("RPCs under way that are {how}."),
            ),
            &LABELS,
        )?;
        let vecs = Self {
            started: counter("started_total", "RPCs", &LABELS)?,
            handled: counter(
                "handled_total",
                "RPCs that have ended, by their code,",
                &LABELS_WITH_CODE,
            )?,
            received: counter("msg_received_total", "messages received in RPCs", &LABELS)?,
            sent: counter("msg_sent_total", "messages sent in RPCs", &LABELS)?,
            handling,
            in_flight,
        };
        registry.register(Box::new(vecs.handling.clone()))?;
        registry.register(Box::new(vecs.in_flight.clone()))?;
        Ok(vecs)
    }
}

/// The series of one method. Series for a code are made when a call first ends with it.
pub(super) struct Measures {
    started: IntCounter,
    received: IntCounter,
    sent: IntCounter,
    handling: Histogram,
    in_flight: IntGauge,
    handled: [OnceLock<IntCounter>; CODES],
    all_handled: IntCounterVec,
    labels: [Box<str>; 3],
}

impl Measures {
    pub(super) fn start(&self) {
        self.started.inc();
        self.in_flight.inc();
    }

    pub(super) fn leave(&self) {
        self.in_flight.dec();
    }

    pub(super) fn end(&self, side: Side, call: &Measured) {
        let (received, sent) = match side {
            Side::Server => (call.requests, call.responses),
            Side::Client => (call.responses, call.requests),
        };
        self.received.inc_by(received);
        self.sent.inc_by(sent);
        self.handling.observe(call.seconds);
        let handled = self.handled[call.code as usize].get_or_init(|| {
            let [kind, service, method] = &self.labels;
            let labels: [&str; 4] = [kind, service, method, go_name(call.code)];
            self.all_handled.with_label_values(&labels)
        });
        handled.inc();
    }
}
