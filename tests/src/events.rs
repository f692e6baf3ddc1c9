use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::Visit;
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Level, Subscriber};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, Registry};

/// The value of a field, with the type that it was recorded as.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// A string.
    Str(String),
    /// A number.
    U64(u64),
    /// A number.
    I64(i64),
    /// A number.
    F64(f64),
    /// `true` or `false`
    Bool(bool),
    /// Formatted: recorded with `%` or `?`.
    Text(String),
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

/// One event.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its level.
    pub level: Level,
    /// Its target.
    pub target: String,
    /// Its message.
    pub message: String,
    /// Its other fields.
    pub fields: BTreeMap<&'static str, Field>,
}

impl Event {
    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }
}

/// A layer that keeps the events of `interceptors`. A clone is the same layer.
#[derive(Debug, Clone, Default)]
pub struct Events(Arc<Mutex<Vec<Event>>>);

/// Subscribers that are asked about each event anew, and decline.
///
/// tracing remembers for each place in the code whether anybody listens. Where at most one
/// subscriber lives, it remembers what the thread at hand says, which is wrong for tests on other
/// threads; and a subscriber that comes at the same moment is missed. With these two it remembers
/// nothing.
static LISTENERS: LazyLock<[Dispatch; 2]> = LazyLock::new(|| {
    let decline = || tracing_subscriber::registry().with(dynamic_filter_fn(|_, _| false));
    [Dispatch::new(decline()), Dispatch::new(decline())]
});

/// Makes tracing ask for each event whether somebody listens. [`Events::listen`] does it too.
pub fn ask_each_time() {
    LazyLock::force(&LISTENERS);
}

impl Events {
    /// Keeps the events of this thread that pass the filter, as long as the guard lives.
    ///
    /// Tests in one process either all begin with this or log nothing.
    pub fn listen(filter: impl Layer<Registry> + Send + Sync) -> (Self, DefaultGuard) {
        ask_each_time();
        let events = Self::default();
        let subscriber = tracing_subscriber::registry()
            .with(filter)
            .with(events.clone());
        (events, tracing::subscriber::set_default(subscriber))
    }

    /// How many events there are since the last time.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The events since the last time.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<S: Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if !metadata.target().starts_with("interceptors") {
            return;
        }
        let mut kept = Event {
            level: *metadata.level(),
            target: metadata.target().to_owned(),
            message: String::new(),
            fields: BTreeMap::new(),
        };
        event.record(&mut kept);
        self.0.lock().unwrap().push(kept);
    }
}

impl Visit for Event {
    fn record_f64(&mut self, field: &tracing::field::Field, value: f64) {
        self.fields.insert(field.name(), Field::F64(value));
    }

    fn record_i64(&mut self, field: &tracing::field::Field, value: i64) {
        self.fields.insert(field.name(), Field::I64(value));
    }

    fn record_u64(&mut self, field: &tracing::field::Field, value: u64) {
        self.fields.insert(field.name(), Field::U64(value));
    }

    fn record_bool(&mut self, field: &tracing::field::Field, value: bool) {
        self.fields.insert(field.name(), Field::Bool(value));
    }

    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        self.fields.insert(field.name(), value.into());
    }

    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.insert(field.name(), Field::Text(text));
        }
    }
}
