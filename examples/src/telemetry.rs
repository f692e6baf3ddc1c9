//! Exports the spans of `tracing` to OpenTelemetry.

use opentelemetry::global;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

/// Exports spans in batches, on a thread of its own, and propagates contexts as W3C's `traceparent`. Call [`SdkTracerProvider::shutdown`] before the
/// process ends. Otherwise its last spans are lost.
pub fn provider(service: &'static str, exporter: impl SpanExporter + 'static) -> SdkTracerProvider {
    // Without it, calls carry no context, and the context of received calls is ignored.
    global::set_text_map_propagator(TraceContextPropagator::new());
    SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(service).build())
        .with_batch_exporter(exporter)
        .build()
}

/// Makes OpenTelemetry's spans of the spans of `tracing`, which include those of `trace`.
pub fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("examples"))
        // Its own filter, so that it does not depend on the log's filter.
        .with_filter(LevelFilter::INFO)
}

/// The spans as a tree, sorted by their start.
#[must_use]
pub fn tree(spans: &[SpanData]) -> String {
    let mut spans: Vec<_> = spans.iter().collect();
    spans.sort_by_key(|span| span.start_time);
    let mut text = String::new();
    let is_here = |span: &&&SpanData| {
        let parent = span.parent_span_id;
        spans.iter().any(|of| of.span_context.span_id() == parent)
    };
    for root in spans.iter().filter(|span| !is_here(span)) {
        write(root, &spans, 0, &mut text);
    }
    text
}

fn write(span: &SpanData, spans: &[&SpanData], depth: usize, text: &mut String) {
    let code = span.attributes.iter();
    let code = code
        .filter(|pair| pair.key.as_str() == "rpc.status_code")
        .map(|pair| pair.value.as_str().into_owned());
    let code = code.collect::<String>();
    let (name, kind) = (&span.name, &span.span_kind);
    *text += &format!("{:1$}{kind:?} {name} {code}\n", "", 2 * depth);
    let id = span.span_context.span_id();
    for child in spans.iter().filter(|of| of.parent_span_id == id) {
        write(child, spans, depth + 1, text);
    }
}
