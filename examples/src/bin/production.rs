//! `cargo run -p examples --bin production`: the recommended policies, their metrics for Prometheus and their spans for OpenTelemetry.

use std::sync::Arc;

use examples::issuer::Issuer;
use examples::production::generated::user_service_client::UserServiceClient;
use examples::production::generated::{GetUserRequest, LoginRequest, User};
use examples::production::{Inbound, Outbound, Users, export, serve};
use examples::{Error, connect, logs, telemetry};
use interceptors::Intercepted;
use interceptors::metrics::Recorder;
use opentelemetry_sdk::trace::InMemorySpanExporter;
use prometheus::{Registry, TextEncoder};
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tokio::main]
async fn main() -> Result<(), Error> {
    // In production, use the exporter of `opentelemetry-otlp`, as in `traces.rs`.
    let exporter = InMemorySpanExporter::default();
    let provider = telemetry::provider("users", exporter.clone());
    tracing_subscriber::registry()
        .with(logs::layer())
        .with(telemetry::layer(&provider))
        .init();
    print!("{}\n{}\n{}", Inbound::PLAN, Users::PLAN, Outbound::PLAN);

    // A registry accepts each name once, so service and client share a recorder.
    let registry = Registry::new();
    let recorder = Recorder::prometheus(&registry)?;
    let issuer = Arc::new(Issuer::new()?);
    let inbound = Inbound::new(&issuer.published()?, recorder.clone())?;
    let (listener, endpoint) = (
        TcpListener::bind("127.0.0.1:0").await?,
        TcpListener::bind("127.0.0.1:0").await?,
    );
    let address = listener.local_addr()?.to_string();
    tokio::spawn(serve(listener, inbound));
    println!("metrics: http://{}/metrics", endpoint.local_addr()?);
    tokio::spawn(export(endpoint, registry.clone()));

    let channel = connect(&address).await?;
    let client = |sub, roles| {
        let outbound = Outbound::new(&issuer, sub, roles, recorder.clone());
        UserServiceClient::new(outbound.wrap(channel.clone()))
    };
    let (mut admin, mut guest) = (client("ada", &["admin"]), client("bob", &[]));
    let user = |name: &str| User {
        id: 1,
        name: name.to_owned(),
    };
    guest.get_user(GetUserRequest { id: 7 }).await?;
    admin
        .import_users(tokio_stream::iter([user("a"), user("b")]))
        .await?;
    let refused = [
        guest.get_user(GetUserRequest { id: 0 }).await.err(),
        guest
            .import_users(tokio_stream::iter([user("a")]))
            .await
            .err(),
        admin
            .import_users(tokio_stream::iter([user("a"), user("")]))
            .await
            .err(),
        guest
            .login(LoginRequest {
                name: "panic".to_owned(),
                password: String::new(),
            })
            .await
            .err(),
    ];
    for status in refused.into_iter().flatten() {
        println!("client: {:?}: {}", status.code(), status.message());
    }
    println!(
        "{}",
        TextEncoder::new().encode_to_string(&registry.gather())?
    );
    provider.force_flush()?;
    println!("{}", telemetry::tree(&exporter.get_finished_spans()?));
    provider.shutdown()?;
    Ok(())
}
