//! The output of the demo: a line for each scene, and below it what the server logs and what the client sees.
//!
//! With `RUST_LOG` it prints the logs as they are.

use std::fmt::{self, Display, Write as _};
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::logs;

/// Prints a line for each call that the server has finished. With `RUST_LOG`, prints the log events that it selects.
pub fn init() {
    match std::env::var_os("RUST_LOG") {
        Some(_) => logs::init(),
        None => tracing_subscriber::registry().with(Calls).init(),
    }
}

/// Begins a scene.
pub fn scene(text: impl Display) {
    print(format_args!("{BOLD}{text}{RESET}"));
}

/// Prints what the client saw.
pub fn client(text: impl Display) {
    print(format_args!("{CYAN}   client: {text}{RESET}"));
}

/// Prints what a failing server did.
pub fn server(text: impl Display) {
    print(format_args!("{YELLOW}   server: {text}{RESET}"));
}

/// Prints a line that is followed by what the demo prints by itself.
pub fn line(text: impl Display) {
    print(text);
    LAST.lock().unwrap_or_else(PoisonError::into_inner).flush();
}

/// The meaning of the colours, if there are colours.
#[must_use]
pub fn legend() -> &'static str {
    match logs::in_colour() {
        true => {
            " \x1b[1mWhat happens\x1b[0m, \x1b[36mwhat the client sees\x1b[0m, \x1b[2mwhat the server logs\x1b[0m, \x1b[33mwhat a failing server does\x1b[0m."
        }
        false => "",
    }
}

const BOLD: Style = Style("\x1b[1m");
const CYAN: Style = Style("\x1b[36m");
const YELLOW: Style = Style("\x1b[33m");
const DIM: Style = Style("\x1b[2m");
const RESET: Style = Style("\x1b[0m");

struct Style(&'static str);

impl Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match logs::in_colour() {
            true => f.write_str(self.0),
            false => Ok(()),
        }
    }
}

fn print(text: impl Display) {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    last.flush();
    println!("{text}");
}

/// Holds the last line of the log until a different one comes, to count equal lines.
static LAST: Mutex<Last> = Mutex::new(Last {
    text: String::new(),
    time: String::new(),
    times: 0,
});

struct Last {
    text: String,
    time: String,
    times: u32,
}

impl Last {
    fn add(&mut self, text: String, time: String) {
        if self.times > 0 && self.text != text {
            self.flush();
        }
        (self.text, self.time) = (text, time);
        self.times += 1;
    }

    fn flush(&mut self) {
        let Self { text, time, times } = self;
        match times {
            0 => {}
            1 => println!("{DIM}   log: {text}{time}{RESET}"),
            _ => println!("{DIM}   log: {text}, {times} times{RESET}"),
        }
        self.times = 0;
    }
}

/// What `logging` logs of each call, in a few words.
struct Calls;

impl<S: Subscriber> Layer<S> for Calls {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut call = Call::default();
        event.record(&mut call);
        if event.metadata().target() == "interceptors::logging" && call.is_finished {
            let time = format!(", {:.1} ms", call.milliseconds);
            let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
            last.add(call.to_string(), time);
        }
    }
}

#[derive(Default)]
struct Call {
    is_finished: bool,
    method: String,
    code: String,
    rest: String,
    milliseconds: f64,
}

impl Visit for Call {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.is_finished = format!("{value:?}") == "finished call",
            "grpc.method" => self.method = format!("{value:?}").replace('"', ""),
            "grpc.code" => self.code = format!("{value:?}").replace('"', ""),
            "grpc.msgs_recv" => _ = write!(self.rest, ", {value:?} messages received"),
            "grpc.msgs_sent" => _ = write!(self.rest, ", {value:?} messages sent"),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "grpc.error" => _ = write!(self.rest, ": {value}"),
            _ => self.record_debug(field, &value),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "grpc.time_ms" {
            self.milliseconds = value;
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.code, self.rest)
    }
}
