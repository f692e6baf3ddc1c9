//! A server whose spans go to an OpenTelemetry collector. The guide shows this file on its page "production".

// guide: traces
use interceptors::intercept;
use opentelemetry::global;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tonic::transport::Server;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

#[intercept(server, trace, logging)]
struct Inbound;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Reads the caller's span from `traceparent`, and sends the span of each call that you make.
    global::set_text_map_propagator(TraceContextPropagator::new());
    // Sends spans to `http://localhost:4317`, or to `OTEL_EXPORTER_OTLP_ENDPOINT`.
    let exporter = SpanExporter::builder().with_tonic().build()?;
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("users").build())
        .with_batch_exporter(exporter)
        .build();
    // Makes OpenTelemetry's spans of the spans of `trace`. Without this layer, nothing is exported.
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("users"));
    let log = tracing_subscriber::fmt::layer();
    tracing_subscriber::registry()
        .with(spans.with_filter(LevelFilter::INFO))
        .with(log.with_filter(LevelFilter::INFO))
        .init();

    let (_, health) = tonic_health::server::health_reporter(); // in place of your services
    let stop = async { _ = tokio::signal::ctrl_c().await };
    Server::builder()
        .layer(Inbound.layer())
        .add_service(health)
        .serve_with_shutdown("[::1]:50051".parse()?, stop)
        .await?;
    provider.shutdown()?; // exports the last spans
    Ok(())
}
