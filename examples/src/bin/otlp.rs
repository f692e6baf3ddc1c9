//! OpenTelemetry's exporter accepts only tonic's `Channel`. `into_channel` makes one whose calls pass the interceptors.
//!
//! The collector is in this file, so you install nothing. It rejects the first two exports.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use interceptors::intercept;
use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithTonicConfig};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

#[intercept(
    logging(level = "info"),
    deadline("5s"),
    retry(max = 3, base_delay = "20ms"),
    metadata("x-tenant" = "acme")
)]
struct ToCollector;

/// Counts the exports and the spans.
#[derive(Clone, Default)]
struct Collector {
    exports: Arc<AtomicU32>,
    spans: Arc<AtomicU32>,
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        if request.metadata().get("x-tenant").is_none() {
            return Err(Status::permission_denied("no tenant"));
        }
        if self.exports.fetch_add(1, Ordering::Relaxed) < 2 {
            return Err(Status::unavailable("the collector starts"));
        }
        let spans = request.into_inner().resource_spans;
        let spans = spans.iter().flat_map(|resource| &resource.scope_spans);
        let spans: usize = spans.map(|scope| scope.spans.len()).sum();
        let spans = u32::try_from(spans).unwrap_or(u32::MAX);
        self.spans.fetch_add(spans, Ordering::Relaxed);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let collector = Collector::default();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = Server::builder()
        .add_service(TraceServiceServer::new(collector.clone()))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);

    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect_lazy();
    let channel: Channel = ToCollector.wrap(channel).into_channel();
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_channel(channel)
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .build();
    provider
        .tracer("example")
        .in_span("a piece of work", |_| {});
    tokio::task::spawn_blocking(move || provider.force_flush()).await??;

    let exports = collector.exports.load(Ordering::Relaxed);
    let spans = collector.spans.load(Ordering::Relaxed);
    println!("{spans} span in {exports} attempts");
    match (spans, exports) {
        (1, 3) => Ok(()),
        _ => Err("the export was not retried until it succeeded".into()),
    }
}
