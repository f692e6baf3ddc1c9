//! What the examples print: logs by `tracing`, and headings between them. All of it goes to the
//! standard output, so that it stays in order.

use std::fmt::Display;
use std::io::IsTerminal;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Prints logs at `INFO` and above, or what `RUST_LOG` says.
pub fn init() {
    tracing_subscriber::registry().with(layer()).init();
}

/// The layer of [`init`], to combine it with another layer.
pub fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env_lossy();
    // Leaves out the fields that are equal in all lines of these examples.
    let fields = format::debug_fn(|out, field, value| match field.name() {
        "protocol" | "grpc.component" | "grpc.service" | "peer.address" => Ok(()),
        // The fields of spans, because the event has them too.
        name if name.starts_with("otel.") || name.starts_with("rpc.") => Ok(()),
        "message" => write!(out, "{value:?}"),
        "grpc.time_ms" => write!(out, " {field}={value:.1?}"),
        _ => write!(out, " {field}={value:?}"),
    });
    tracing_subscriber::fmt::layer()
        .with_ansi(in_colour())
        .with_timer(tracing_subscriber::fmt::time::uptime())
        .with_target(false)
        .fmt_fields(fields)
        .with_filter(filter)
}

/// Prints a heading, and what the lines below it show.
pub fn heading(title: impl Display, text: impl Display) {
    if in_colour() {
        println!("\n\x1b[1m== {title}\x1b[0m\n   {text}");
    } else {
        println!("\n== {title}\n   {text}");
    }
}

/// Prints what the client saw.
pub fn client(text: impl Display) {
    if in_colour() {
        println!("\x1b[36m   client: {text}\x1b[0m");
    } else {
        println!("   client: {text}");
    }
}

/// On a terminal, unless its owner wants none: <https://no-color.org>.
pub(crate) fn in_colour() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal() && !unwanted
}
