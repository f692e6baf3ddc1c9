use std::fmt;
use std::time::Duration;

use crate::__private::same;
use crate::call::{Kind, Side};

/// Implemented for what `#[intercept(...)]` was put on: its effective policy, as a constant.
///
/// Put the policy under a snapshot test, and a change of it shows up in review:
///
/// ```
/// use interceptors::{Intercepted as _, intercept};
/// # use interceptors_proto::guide::user_service_server::UserService;
/// # use interceptors_proto::guide::{GetUserRequest, User};
/// # use tonic::{Request, Response, Status};
/// # struct Users;
///
/// #[intercept(service = "user.v1.UserService", rate_limit(per_second = 5))]
/// #[tonic::async_trait]
/// impl UserService for Users {
///     #[intercept(name = "GetUser")]
///     async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
///         Ok(Response::new(User::default()))
///     }
/// }
///
/// assert_eq!(
///     Users::PLAN.to_string(),
///     "METHOD                        KIND   INTERCEPTOR  SETTINGS\n\
///      /user.v1.UserService/GetUser  unary  rate_limit   per_second=5 burst=5 max_keys=65536\n",
/// );
/// ```
///
/// `Policy` tells the services of one type from each other; the compiler infers it where a type
/// implements one annotated service. For a type with several, name a type of yours in each
/// attribute, `#[intercept(plan = AdminPolicy, …)]`, and ask for
/// `<Users as Intercepted<AdminPolicy>>::PLAN`. A blanket implementation (`impl<T> Service for T`)
/// has no plan: the language does not let this trait be implemented for every `T`.
pub trait Intercepted<Policy> {
    /// The methods, each with its interceptors in order.
    const PLAN: Plan;
}

/// The effective policy of a service: for each method its path, kind, and interceptors in order.
///
/// [`Display`](fmt::Display) prints an aligned table and the [notes](Self::notes); `to_json` (feature `json`)
/// prints JSON. Expressions show without their literals and arguments, so that no secret appears in either.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    methods: &'static [&'static MethodPlan],
}

impl Plan {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(methods: &'static [&'static MethodPlan]) -> Self {
        Self { methods }
    }

    /// The methods, in the order of the implementation.
    #[must_use]
    pub const fn methods(&self) -> &'static [&'static MethodPlan] {
        self.methods
    }

    /// What works and is seldom meant, each with the method that it is about. The table shows it below its
    /// lines.
    pub fn notes(&self) -> impl Iterator<Item = (&'static MethodPlan, Note)> + use<> {
        let methods = self.methods.iter();
        methods.flat_map(|method| method.notes().map(move |note| (*method, note)))
    }

    /// For a test that is to fail as soon as somebody puts the interceptors in an order that is seldom meant.
    ///
    /// ```
    /// use interceptors::{Intercepted as _, intercept};
    ///
    /// #[intercept(logging, retry(max = 3), metadata("x-trace-id" = "a"))]
    /// struct Outbound;
    ///
    /// Outbound::PLAN.assert_no_notes();
    /// ```
    ///
    /// # Panics
    ///
    /// If there are [notes](Self::notes); the message is the table.
    #[track_caller]
    pub fn assert_no_notes(&self) {
        assert!(self.notes().next().is_none(), "the plan has notes:\n{self}");
    }

    /// The policy as JSON: an array with an object for each method.
    ///
    /// ```json
    /// [{ "path": "/user.v1.UserService/Login", "derived": false, "kind": "unary",
    ///    "interceptors": [{ "name": "logging", "settings": { "level": "INFO" } }],
    ///    "notes": [] }]
    /// ```
    #[cfg(feature = "json")]
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        self.methods.iter().map(|method| method.to_json()).collect()
    }
}

/// One line for each interceptor of each method, in aligned columns. A `*` marks paths of which a
/// part is [derived](MethodPlan::is_derived) from Rust's names.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["METHOD", "KIND", "INTERCEPTOR", "SETTINGS"].map(String::from)];
        for method in self.methods {
            let marker = if method.derived { " *" } else { "" };
            let first = [
                format!("{}{marker}", method.path),
                method.kind_shown().to_owned(),
            ];
            let mut first = Some(first);
            let mut row = |name: &str, settings: String| {
                let [path, kind] = first.take().unwrap_or_default();
                rows.push([path, kind, name.to_owned(), settings]);
            };
            for entry in method.interceptors() {
                let settings = match entry.own() {
                    Some(_) => String::new(),
                    None => entry.settings().to_string(),
                };
                row(&entry.label(), settings);
            }
            if method.interceptors().next().is_none() {
                row("-", String::new());
            }
        }
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        for [path, kind, name, settings] in &rows {
            let line = format!(
                "{path:0$}  {kind:1$}  {name:2$}  {settings}",
                widths[0], widths[1], widths[2]
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        if self.methods.iter().any(|method| method.derived) {
            writeln!(
                f,
                "* in part from Rust's names; to state it: `service = …`, `#[intercept(name = …)]`"
            )?;
        }
        let mut notes: Vec<(Note, Vec<&str>)> = Vec::new();
        for (method, note) in self.notes() {
            match notes.iter_mut().find(|(known, _)| *known == note) {
                Some((_, methods)) => methods.push(method.method),
                None => notes.push((note, vec![method.method])),
            }
        }
        for (note, methods) in notes {
            match methods.len() == self.methods.len() {
                true => writeln!(f, "note: {note}")?,
                false => writeln!(f, "note: {note} ({})", methods.join(", "))?,
            }
        }
        Ok(())
    }
}

/// Something about the order of two interceptors that works and is seldom meant.
///
/// [`Display`](fmt::Display) says what comes of it, and what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    outer: &'static str,
    inner: &'static str,
    effect: &'static str,
}

impl Note {
    /// The interceptor that comes first.
    #[must_use]
    pub const fn outer(&self) -> &'static str {
        self.outer
    }

    /// The one that comes after it, and usually comes first.
    #[must_use]
    pub const fn inner(&self) -> &'static str {
        self.inner
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            outer,
            inner,
            effect,
        } = self;
        write!(
            f,
            "`{outer}` is listed before `{inner}`, so {effect}; usually `{inner}` comes first"
        )
    }
}

const fn note(outer: &'static str, inner: &'static str, effect: &'static str) -> Note {
    Note {
        outer,
        inner,
        effect,
    }
}

const NOTES_OF_A_SERVICE: &[Note] = &[
    note("auth", "logging", "calls that it refuses are not logged"),
    note(
        "rate_limit",
        "logging",
        "calls that it refuses are not logged",
    ),
    note(
        "authorize",
        "logging",
        "calls that it refuses are not logged",
    ),
    note("retry", "logging", "each attempt is logged as a call"),
    note("retry", "auth", "each attempt verifies the token again"),
    note("retry", "rate_limit", "each attempt counts as a call"),
    note(
        "timeout",
        "logging",
        "calls that have no time left when they arrive are not logged",
    ),
    note(
        "auth",
        "timeout",
        "the time that it takes to verify a token is not bounded",
    ),
    note("auth", "catch_panic", "its panics are not caught"),
    note("with", "catch_panic", "its panics are not caught"),
    note(
        "concurrency",
        "logging",
        "calls that it refuses are not logged",
    ),
    note(
        "load_shed",
        "logging",
        "calls that it refuses are not logged",
    ),
    note("auth", "metrics", "calls that it refuses are not measured"),
    note(
        "rate_limit",
        "metrics",
        "calls that it refuses are not measured",
    ),
    note("retry", "metrics", "each attempt is measured as a call"),
    note("auth", "trace", "calls that it refuses have no span"),
    note("rate_limit", "trace", "calls that it refuses have no span"),
    note("retry", "trace", "each attempt has the span of a call"),
    note(
        "payload",
        "auth",
        "messages of unverified callers are logged",
    ),
    note(
        "payload",
        "request_id",
        "requests are logged without the ID",
    ),
    note(
        "retry",
        "payload",
        "the messages of each attempt are logged",
    ),
];

const NOTES_OF_A_CLIENT: &[Note] = &[
    note(
        "metadata",
        "retry",
        "each attempt repeats the values of the first",
    ),
    note(
        "metadata",
        "hedge",
        "each attempt repeats the values of the first",
    ),
    note(
        "auth",
        "retry",
        "each attempt repeats the token of the first",
    ),
    note(
        "auth",
        "hedge",
        "each attempt repeats the token of the first",
    ),
    note("retry", "logging", "each attempt is logged as a call"),
    note("hedge", "logging", "each attempt is logged as a call"),
    note(
        "circuit_breaker",
        "retry",
        "only what comes of all attempts together counts",
    ),
    note(
        "hedge",
        "circuit_breaker",
        "a further attempt that it refuses ends the call",
    ),
    note(
        "concurrency",
        "retry",
        "a call holds its place while it waits for another attempt",
    ),
    note(
        "load_shed",
        "retry",
        "a call holds its place while it waits for another attempt",
    ),
    note("retry", "trace", "each attempt has the span of a call"),
    note("hedge", "trace", "each attempt has the span of a call"),
    note(
        "payload",
        "request_id",
        "requests are logged without the ID",
    ),
    note(
        "retry",
        "payload",
        "the messages of each attempt are logged",
    ),
    note(
        "hedge",
        "payload",
        "the messages of each attempt are logged",
    ),
];

/// What the attribute knows about one method.
#[derive(Debug)]
pub struct MethodPlan {
    service: &'static str,
    method: &'static str,
    path: &'static str,
    derived: bool,
    kind: Kind,
    side: Side,
    of_channel: bool,
    timed: bool,
    interceptors: &'static [EntryPlan],
}

const fn is_timed(interceptors: &[EntryPlan]) -> bool {
    let mut i = 0;
    while i < interceptors.len() {
        if same(interceptors[i].name, "timeout") {
            return true;
        }
        i += 1;
    }
    false
}

impl MethodPlan {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        name: Name,
        kind: Kind,
        side: Side,
        interceptors: &'static [EntryPlan],
    ) -> Self {
        let Name {
            service,
            method,
            path,
            derived,
        } = name;
        Self {
            service,
            method,
            path,
            derived,
            kind,
            side,
            of_channel: false,
            timed: is_timed(interceptors),
            interceptors,
        }
    }

    /// Whether one of the interceptors keeps the caller's time.
    pub(crate) const fn is_timed(&self) -> bool {
        self.timed
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn of_channel(name: Name, interceptors: &'static [EntryPlan]) -> Self {
        let mut plan = Self::new(name, Kind::BidiStreaming, Side::Client, interceptors);
        plan.of_channel = true;
        plan
    }

    pub(crate) const fn is_of_channel(&self) -> bool {
        self.of_channel
    }

    /// The full path, such as `/user.v1.UserService/Login`; `*` for the methods of a channel that no list
    /// names.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The name of the service, such as `user.v1.UserService`.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// The name of the RPC, such as `Login`.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// Whether a part of the path was derived from Rust's names, and may differ from the true one
    /// (`get_url` could be `GetUrl` or `GetURL`). Calls know their true name at run time; to have
    /// it here, write `service = "…"` and `#[intercept(name = "GetURL")]`.
    #[must_use]
    pub const fn is_derived(&self) -> bool {
        self.derived
    }

    /// Which of the four kinds of RPC this is. Of a channel's methods the kind is not known, and this is the most
    /// general one, `BidiStreaming`.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// A channel carries calls of any kind.
    fn kind_shown(&self) -> &'static str {
        match self.of_channel {
            true => "any",
            false => self.kind.as_str(),
        }
    }

    /// Whether calls are received or made.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// The interceptors that a call goes through, outermost first.
    pub fn interceptors(&self) -> impl Iterator<Item = &'static EntryPlan> + use<> {
        let kind = self.kind;
        self.interceptors
            .iter()
            .filter(move |entry| entry.applies_to(kind))
    }

    /// What works and is seldom meant in the order of its interceptors.
    pub fn notes(&'static self) -> impl Iterator<Item = Note> + use<> {
        let notes = match self.side {
            Side::Server => NOTES_OF_A_SERVICE,
            Side::Client => NOTES_OF_A_CLIENT,
        };
        let place = |name: &str| self.interceptors().position(|entry| entry.name == name);
        let applies = move |note: &&Note| match (place(note.outer), place(note.inner)) {
            (Some(outer), Some(inner)) => outer < inner,
            _ => false,
        };
        notes.iter().filter(applies).copied()
    }

    #[cfg(feature = "json")]
    fn to_json(&'static self) -> serde_json::Value {
        let notes: serde_json::Value = self.notes().map(|note| note.to_string()).collect();
        let interceptors: serde_json::Value = self
            .interceptors()
            .map(|entry| {
                let settings: serde_json::Map<_, _> = entry
                    .settings()
                    .iter()
                    .map(|setting| (setting.name.to_owned(), setting.value.to_json()))
                    .collect();
                serde_json::json!({ "name": entry.name, "settings": settings })
            })
            .collect();
        serde_json::json!({
            "path": self.path,
            "derived": self.derived,
            "kind": self.kind_shown(),
            "interceptors": interceptors,
            "notes": notes,
        })
    }
}

/// The name of a method, as the attribute found it.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Name {
    pub service: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub derived: bool,
}

/// An interceptor of a method, with its effective settings.
#[derive(Debug, Clone, Copy)]
pub struct EntryPlan {
    name: &'static str,
    settings: &'static [Setting],
    expressions: &'static [Setting],
    /// Only for request messages, not for request streams.
    single_requests_only: bool,
}

impl EntryPlan {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        name: &'static str,
        settings: &'static [Setting],
        expressions: &'static [Setting],
    ) -> Self {
        Self {
            name,
            settings,
            expressions,
            single_requests_only: false,
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn single_requests_only(mut self) -> Self {
        self.single_requests_only = true;
        self
    }

    const fn applies_to(&self, kind: Kind) -> bool {
        !(self.single_requests_only && kind.request_is_stream())
    }

    /// The name of the entry, such as `logging`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The name, with the interceptor that it adds where that is one's own: `with(self.audit)`.
    #[must_use]
    pub fn label(&self) -> String {
        match self.own() {
            Some(own) => format!("{}({})", self.name, own.value),
            None => self.name.to_owned(),
        }
    }

    /// The interceptor that `with` adds.
    fn own(&self) -> Option<&Setting> {
        self.expressions
            .iter()
            .find(|setting| setting.name == "value")
    }

    /// The effective settings, defaults included.
    #[must_use]
    pub const fn settings(&self) -> Settings {
        Settings {
            values: self.settings,
            expressions: self.expressions,
        }
    }
}

/// The effective settings of an entry; displayed as `name=value`, separated by spaces.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    values: &'static [Setting],
    expressions: &'static [Setting],
}

impl Settings {
    /// Each setting with its value; what is not set is left out.
    pub fn iter(&self) -> impl Iterator<Item = &'static Setting> + use<> {
        let all = self.expressions.iter().chain(self.values);
        all.filter(|setting| !matches!(setting.value, Value::Unset))
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, setting) in self.iter().enumerate() {
            let space = if i == 0 { "" } else { " " };
            write!(f, "{space}{}={}", setting.name, setting.value)?;
        }
        Ok(())
    }
}

/// A setting of an interceptor, and its effective value.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    name: &'static str,
    value: Value,
}

impl Setting {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, value: Value) -> Self {
        Self { name, value }
    }

    /// The name of the setting, such as `max_delay`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its effective value.
    #[must_use]
    pub const fn value(&self) -> Value {
        self.value
    }
}

/// The value of a setting.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// The setting is not in force.
    Unset,
    /// A text, or an expression without its literals.
    Text(&'static str),
    /// A whole number.
    Integer(u64),
    /// A number.
    Float(f64),
    /// A span of time.
    Duration(Duration),
    /// A list of gRPC status codes.
    Codes(&'static [tonic::Code]),
    /// A list of texts.
    Texts(&'static [&'static str]),
}

impl Value {
    #[cfg(any(feature = "logging", feature = "payload"))]
    pub(crate) const fn of_level(level: tracing::Level) -> Self {
        Self::Text(match level {
            tracing::Level::ERROR => "ERROR",
            tracing::Level::WARN => "WARN",
            tracing::Level::INFO => "INFO",
            tracing::Level::DEBUG => "DEBUG",
            tracing::Level::TRACE => "TRACE",
        })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("-"),
            Self::Text("") => f.write_str("\"\""),
            Self::Text(text) => f.write_str(text),
            Self::Integer(n) => write!(f, "{n}"),
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Duration(duration) => write!(f, "{duration:?}"),
            Self::Codes(codes) => write!(f, "{codes:?}"),
            Self::Texts(texts) => write!(f, "[{}]", texts.join(", ")),
        }
    }
}

#[cfg(feature = "json")]
impl Value {
    fn to_json(self) -> serde_json::Value {
        match self {
            Self::Unset => serde_json::Value::Null,
            Self::Text(text) => text.into(),
            Self::Integer(n) => n.into(),
            Self::Float(x) => x.into(),
            Self::Duration(_) => self.to_string().into(),
            Self::Codes(codes) => codes.iter().map(|code| format!("{code:?}")).collect(),
            Self::Texts(texts) => texts.iter().copied().collect(),
        }
    }
}
