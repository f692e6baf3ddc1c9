use std::fmt;

use super::kind::{Kind, Side};

mod document;
mod entry;
mod rules;
mod value;

pub use entry::{Entry, EntryPlan, Sides};
pub use rules::{Note, Rule};
pub use value::{Setting, Settings, Value};

/// The effective policy of a type with `#[intercept(...)]`, as a constant. The attribute implements this trait.
///
/// Compare the policy with a snapshot in a test. Changes of the policy then show up in review:
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
/// If a type implements one annotated service, the compiler infers `Policy`. If it implements several, declare an empty struct for each policy and
/// name it in the attribute: `#[intercept(plan = AdminPolicy, …)]`. `<Users as Intercepted<AdminPolicy>>::PLAN` is then that policy. A blanket
/// implementation (`impl<T> Service for T`) has no plan, because Rust does not allow this trait to be implemented for every `T`.
pub trait Intercepted<Policy> {
    /// The policy: the methods, each with its interceptors in list order.
    const PLAN: Plan;
}

/// The effective policy of a service, a server or a client: for each method its path, its kind, and its interceptors in list order.
///
/// [`Display`](fmt::Display) prints an aligned table and the [notes](Self::notes). [`to_markdown`](Self::to_markdown) and
/// [`to_matrix`](Self::to_matrix) are for documents, and `to_json` (feature `json`) is for programs. Expressions are shown without their literals and
/// arguments, so none of these formats contains a secret.
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

    /// The methods, in the order of the `impl`.
    #[must_use]
    pub const fn methods(&self) -> &'static [&'static MethodPlan] {
        self.methods
    }

    /// Orders that compile but are usually mistakes, each with its method. The printed table shows them below its lines, followed by the remarks of
    /// interceptors about request streams.
    pub fn notes(&self) -> impl Iterator<Item = (&'static MethodPlan, Note)> + use<> {
        let methods = self.methods.iter();
        methods.flat_map(|method| method.notes().map(move |note| (*method, note)))
    }

    /// Fails if the interceptors are in an order that is usually a mistake. Call it in a test.
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
    /// If there are [notes](Self::notes). The message contains the printed plan.
    #[track_caller]
    pub fn assert_no_notes(&self) {
        assert!(self.notes().next().is_none(), "the plan has notes:\n{self}");
    }

    /// Paths that this plan's lists name, but that no method of `plans` has. A channel accepts calls of any service, so the attribute cannot detect a
    /// misspelt path. A test can.
    ///
    /// ```
    /// use interceptors::{Intercepted as _, intercept};
    /// # use interceptors_proto::guide;
    /// # use guide::user_service_server::UserService;
    /// # use tonic::{Request, Response, Status};
    ///
    /// #[intercept(logging(except = ["/demo.v1.UserService/Login"]), retry(only = ["/demo.v1.UserServis/GetUser"]))]
    /// struct Outbound;
    ///
    /// struct Users;
    ///
    /// #[intercept(service = "demo.v1.UserService")]
    /// #[tonic::async_trait]
    /// impl UserService for Users {
    ///     // ...
    /// #     async fn login(&self, _: Request<guide::LoginRequest>) -> Result<Response<guide::LoginReply>, Status> { todo!() }
    /// }
    ///
    /// let unknown: Vec<_> = Outbound::PLAN.unknown_paths(&[Users::PLAN]).collect();
    /// assert_eq!(unknown, ["/demo.v1.UserServis/GetUser"]);
    /// ```
    ///
    /// `plans` are the plans of services, or of generated clients, which have all methods: `UserServiceClient::<Channel>::PLAN`.
    pub fn unknown_paths<'a>(
        &self,
        known: &'a [Self],
    ) -> impl Iterator<Item = &'static str> + use<'a> {
        // Described methods were compared with the descriptors already.
        let named = self.methods.iter();
        let named = named.filter(|method| method.named_by_wire && !method.described);
        let named = named.filter(|method| method.path != "*");
        let unknown = named.filter(|named| {
            let mut methods = known.iter().flat_map(|plan| plan.methods);
            !methods.any(|method| !method.named_by_wire && named.is_for(method))
        });
        unknown.map(|named| named.path)
    }

    /// The policy as JSON: an array with an object for each method.
    ///
    /// ```json
    /// [{ "path": "/user.v1.UserService/Login", "derived": false, "kind": "unary",
    ///    "interceptors": [{ "name": "logging", "settings": { "level": "INFO" }, "blind": true }],
    ///    "notes": [] }]
    /// ```
    #[cfg(feature = "json")]
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        self.methods.iter().map(|method| method.to_json()).collect()
    }
}

/// One line for each interceptor of each method, in aligned columns. A `*` marks paths of which a
/// part is [derived](MethodPlan::is_derived) from Rust's names. In the plan of a generated server, `(decoding)` comes
/// before the interceptors that run after the request is decoded.
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
            let mut is_before_decoding = method.in_module;
            for entry in method.with_parts() {
                if is_before_decoding && !entry.before_decoding {
                    is_before_decoding = false;
                    row(DECODING, String::new());
                }
                let settings = match entry.listed_value() {
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
        self.write_all_notes(f)
    }
}

/// The row between the interceptors that run before the request is decoded and those that run after.
const DECODING: &str = "(decoding)";

impl Plan {
    /// All notes of the plan, one per line.
    fn write_all_notes(&self, f: &mut impl fmt::Write) -> fmt::Result {
        if self.methods.iter().any(|method| method.derived) {
            writeln!(
                f,
                "* in part from Rust's names; to state it: `service = …`, `#[intercept(name = …)]`"
            )?;
        }
        self.write_notes(f, self.notes())?;
        let methods = self.methods.iter().copied();
        let of_streams = methods.flat_map(|method| {
            method
                .request_stream_notes()
                .map(move |note| (method, note))
        });
        self.write_notes(f, of_streams)
    }

    /// Each note once, with its methods.
    fn write_notes<N: PartialEq + fmt::Display>(
        &self,
        f: &mut impl fmt::Write,
        of_methods: impl Iterator<Item = (&'static MethodPlan, N)>,
    ) -> fmt::Result {
        let mut notes: Vec<(N, Vec<&str>)> = Vec::new();
        for (method, note) in of_methods {
            match notes.iter_mut().find(|(known, _)| *known == note) {
                Some((_, methods)) if methods.last() == Some(&method.method) => {}
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

/// The policy of one method.
///
/// `Debug` and `Plan::to_json` show for each interceptor whether it is in the [blind part](crate::compile_time) of the policy.
pub struct MethodPlan {
    service: &'static str,
    method: &'static str,
    path: &'static str,
    derived: bool,
    exact: bool,
    kind: Kind,
    side: Side,
    /// Its calls are named by the request's path.
    named_by_wire: bool,
    /// Only for a channel: a descriptor set has the method.
    described: bool,
    /// Stands for all methods that are in no descriptor set, if there are such sets.
    undescribed: bool,
    keeps_time: bool,
    /// The method's place in its policy, if a generated server can find it.
    place: Option<Place>,
    /// Its first interceptors run before decoding.
    in_module: bool,
    /// All interceptors run before decoding and the request is a single message, so only the method's own body comes
    /// after decoding.
    ends_before_decoding: bool,
    interceptors: &'static [EntryPlan],
    /// Which interceptors apply to the method. An index beyond the end means yes.
    covered: &'static [bool],
}

/// The place of a method in its policy.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    policy: &'static PolicyId,
    /// The method's name in Rust.
    pub(crate) name: &'static str,
    /// The index of its list.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) list: usize,
}

/// Distinguishes the policies of a process: each is a `static` with an address of its own.
#[doc(hidden)]
#[derive(Debug)]
pub struct PolicyId(#[allow(dead_code, reason = "what has no size may have any address")] u8);

impl PolicyId {
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(0)
    }
}

const fn keep_time(interceptors: &[EntryPlan], covered: &[bool]) -> bool {
    let mut i = 0;
    while i < interceptors.len() {
        if interceptors[i].keeps_time && (i >= covered.len() || covered[i]) {
            return true;
        }
        i += 1;
    }
    false
}

/// Whether all of these can run before a request is decoded.
const fn end_before(interceptors: &[EntryPlan]) -> bool {
    let mut i = 0;
    while i < interceptors.len() {
        if !interceptors[i].blind || interceptors[i].is_behind_decoding {
            return false;
        }
        i += 1;
    }
    true
}

impl MethodPlan {
    /// Initial value for arrays.
    pub(crate) const BLANK: Self = Self::new(
        Name {
            service: "",
            method: "",
            path: "",
            derived: false,
            exact: true,
        },
        Kind::Unary,
        Side::Client,
        &[],
    );

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
            exact,
        } = name;
        Self {
            service,
            method,
            path,
            derived,
            exact,
            kind,
            side,
            named_by_wire: false,
            described: false,
            undescribed: false,
            keeps_time: keep_time(interceptors, &[]),
            place: None,
            in_module: false,
            ends_before_decoding: false,
            interceptors,
            covered: &[],
        }
    }

    /// The plan of a method in a policy that a generated server can find.
    #[doc(hidden)]
    #[must_use]
    pub const fn found(
        name: Name,
        kind: Kind,
        policy: &'static PolicyId,
        method: &'static str,
        list: usize,
        interceptors: &'static [EntryPlan],
    ) -> Self {
        let mut plan = Self::new(name, kind, Side::Server, interceptors);
        plan.place = Some(Place {
            policy,
            name: method,
            list,
        });
        plan
    }

    /// The plan of the same method in its generated server.
    #[doc(hidden)]
    #[must_use]
    pub const fn in_module(&self, name: Name, kind: Kind) -> Self {
        let mut plan = Self::new(name, kind, Side::Server, self.interceptors);
        plan.place = self.place;
        plan.in_module = true;
        // Only code after decoding notices that a request stream is cut off.
        plan.ends_before_decoding = !kind.request_is_stream() && end_before(self.interceptors);
        plan
    }

    /// Whether all interceptors run before decoding, in a generated server.
    pub(crate) const fn ends_before_decoding(&self) -> bool {
        self.ends_before_decoding
    }

    /// For a method that the generated server knows and the policy does not.
    #[doc(hidden)]
    #[must_use]
    pub const fn as_of_module(mut self) -> Self {
        self.in_module = true;
        self
    }

    /// The plan in a generated server for methods that it does not know.
    #[doc(hidden)]
    #[must_use]
    pub const fn unknown(service: &'static str, interceptors: &'static [EntryPlan]) -> Self {
        let name = Name {
            service,
            method: "*",
            path: "*",
            derived: false,
            exact: true,
        };
        let mut plan = Self::of_server(name, interceptors);
        plan.in_module = true;
        plan
    }

    /// The place in a policy that a generated server can find.
    #[cfg(feature = "server")]
    pub(crate) const fn place(&self) -> Option<Place> {
        self.place
    }

    /// Whether both plans are for the same method of the same policy.
    pub(crate) fn is_of_same_method(&self, other: &Self) -> bool {
        match (self.place, other.place) {
            (Some(a), Some(b)) => std::ptr::eq(a.policy, b.policy) && a.name == b.name,
            _ => false,
        }
    }

    /// The leading interceptors that run before the request is decoded, if the generated server has the attribute. Call it on the plan of the
    /// generated server, `UserServiceServer::<Users>::PLAN`. The first interceptor that looks at messages, needs a copy of one, or accepts only some
    /// message types ends this part.
    pub fn before_decoding(&self) -> impl Iterator<Item = &'static str> {
        let before = self.with_parts().take_while(|entry| entry.before_decoding);
        before.map(|entry| entry.name)
    }

    /// The plan of a method to which only some of the interceptors apply.
    #[doc(hidden)]
    #[must_use]
    pub const fn covered(mut self, covered: &'static [bool]) -> Self {
        self.covered = covered;
        self.keeps_time = keep_time(self.interceptors, covered);
        self
    }

    /// The plan of a method in a descriptor set. `self` is the plan for methods that are in no set.
    pub(crate) const fn described(&self, name: Name, kind: Kind, covered: &'static [bool]) -> Self {
        let mut plan = Self::new(name, kind, self.side, self.interceptors).covered(covered);
        plan.named_by_wire = self.named_by_wire;
        plan.described = true;
        plan
    }

    /// The plan for methods that are in no descriptor set, in a struct with `descriptors`.
    #[doc(hidden)]
    #[must_use]
    pub const fn undescribed(mut self) -> Self {
        self.undescribed = true;
        self
    }

    /// Whether the struct has descriptor sets and the method is in none. Then a client may have made up the name.
    pub(crate) const fn is_undescribed(&self) -> bool {
        self.undescribed
    }

    /// Whether this interceptor of the list applies to the method.
    #[doc(hidden)]
    #[must_use]
    pub const fn covers(&self, entry: usize) -> bool {
        entry >= self.covered.len() || self.covered[entry]
    }

    /// Whether this row is for the method, or for all methods of its service.
    fn is_for(&self, method: &Self) -> bool {
        self.path == method.path || self.method == "*" && self.service == method.service
    }

    /// Whether an interceptor enforces the caller's timeout; see [`Entry::KEEPS_TIME`].
    pub(crate) const fn keeps_time(&self) -> bool {
        self.keeps_time
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn of_channel(name: Name, interceptors: &'static [EntryPlan]) -> Self {
        let mut plan = Self::new(name, Kind::BidiStreaming, Side::Client, interceptors);
        plan.named_by_wire = true;
        plan
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn of_server(name: Name, interceptors: &'static [EntryPlan]) -> Self {
        let mut plan = Self::new(name, Kind::BidiStreaming, Side::Server, interceptors);
        plan.named_by_wire = true;
        plan
    }

    /// Whether calls get their names from the request's path. True for channels, for a server's struct, and for unknown methods of a service.
    #[doc(hidden)]
    #[must_use]
    pub const fn is_named_by_wire(&self) -> bool {
        self.named_by_wire
    }

    /// Whether [`kind`](Self::kind) is the method's actual kind. A channel knows it only from a descriptor set.
    #[doc(hidden)]
    #[must_use]
    pub const fn knows_kind(&self) -> bool {
        !self.named_by_wire || self.described
    }

    /// Whether it may have a stream. True if the kind is unknown.
    #[doc(hidden)]
    #[must_use]
    pub const fn may_stream(&self) -> bool {
        !self.knows_kind() || !matches!(self.kind, Kind::Unary)
    }

    /// Whether the response is polled after the chain has returned. True for streams, and for every body of a channel.
    #[doc(hidden)]
    #[must_use]
    pub const fn response_is_polled(&self) -> bool {
        self.named_by_wire || self.kind.response_is_stream()
    }

    /// The full path, such as `/user.v1.UserService/Login`. On a channel or a server's struct, `*` stands for the methods that no list names.
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

    /// Whether a part of the path was derived from Rust names, and may differ from the true path (`get_url` could be `GetUrl` or `GetURL`). At run
    /// time, calls know their true path. To get the true path here, write `service = "…"` and `#[intercept(name = "GetURL")]`.
    #[must_use]
    pub const fn is_derived(&self) -> bool {
        self.derived
    }

    /// Whether the method's name equals the RPC's name letter by letter.
    pub(crate) const fn is_exact(&self) -> bool {
        self.exact
    }

    /// Which of the four kinds of RPC this is. A channel knows the kinds only of the methods in its `descriptors`. For other methods this is the most
    /// general kind, `BidiStreaming`.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// A channel carries calls of any kind.
    fn kind_shown(&self) -> &'static str {
        match self.knows_kind() {
            true => self.kind.as_str(),
            false => "any",
        }
    }

    /// Whether calls are received by a service or made by a client.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// The interceptors that a call passes, outermost first.
    pub fn interceptors(&self) -> impl Iterator<Item = &'static EntryPlan> + use<> {
        let (kind, covered) = (self.kind, self.covered);
        let listed = self.interceptors.iter().enumerate();
        let covering = listed.filter(move |(i, _)| covered.get(*i).copied().unwrap_or(true));
        let entries = covering.map(|(_, entry)| entry);
        entries.filter(move |entry| entry.applies_to(kind))
    }

    /// The interceptors, each with whether it is in the blind part. That part ends before the first one that looks at
    /// messages.
    fn with_parts(&self) -> impl Iterator<Item = EntryPlan> {
        let mut in_blind_part = true;
        let mut before_decoding = self.in_module;
        // A method without a place has nothing that runs after decoding.
        let has_border = self.place.is_some();
        self.interceptors().map(move |entry| {
            in_blind_part &= entry.blind;
            before_decoding &= entry.blind && !(has_border && entry.is_behind_decoding);
            let mut entry = entry.blind(in_blind_part);
            entry.before_decoding = before_decoding;
            entry
        })
    }

    /// The leading interceptors that do not look at messages. They are compiled once for all methods with the same list; see
    /// [what it costs to compile](crate::compile_time).
    ///
    /// ```
    /// use interceptors::{Intercepted as _, intercept};
    ///
    /// #[intercept(logging, retry(max = 3))]
    /// struct Outbound;
    ///
    /// let blind: Vec<_> = Outbound::PLAN.methods()[0].blind_part().collect();
    /// assert_eq!(blind, ["logging", "retry"]);
    /// ```
    pub fn blind_part(&self) -> impl Iterator<Item = &'static str> {
        let blind = self.with_parts().take_while(|entry| entry.blind);
        blind.map(|entry| entry.name)
    }

    /// Orders of its interceptors that compile but are usually mistakes.
    pub fn notes(&'static self) -> impl Iterator<Item = Note> + use<> {
        let side = self.side;
        let place = |name: &str| self.interceptors().position(|entry| entry.name == name);
        // An entry may be listed several times. The first one counts.
        let listed = self.interceptors().enumerate();
        let first = listed.filter(move |(i, entry)| place(entry.name) == Some(*i));
        let rules =
            first.flat_map(|(i, entry)| entry.rules.iter().map(move |rule| (i, entry, rule)));
        let notes = rules.filter_map(move |(i, entry, rule)| rule.note(side, entry.name, i, place));
        let notes = notes.chain(self.verified_late());
        let mut notes: Vec<_> = notes.collect();
        notes.sort_by_key(|note| note.rank);
        notes.into_iter()
    }

    /// The caller is verified after decoding, although the attribute on the server could verify it before.
    fn verified_late(&self) -> Option<Note> {
        let mut behind = self.with_parts().skip_while(|entry| entry.before_decoding);
        let first = behind.next().filter(|_| self.in_module)?;
        let late = behind.find(|entry| entry.verifies)?;
        Some(Note::new(
            first.name,
            late.name,
            "the request is decoded before it is known who calls",
        ))
    }

    /// The notes of its interceptors on request streams of a service.
    fn request_stream_notes(&'static self) -> impl Iterator<Item = &'static str> {
        // A server's own mount notices that a stream is cut off, and so does a generated server with the attribute.
        let is_noticed = self.named_by_wire || self.in_module;
        let is_received = self.side == Side::Server && self.kind.request_is_stream() && !is_noticed;
        let entries = self.interceptors().filter(move |_| is_received);
        entries.filter_map(|entry| entry.request_stream_note)
    }

    #[cfg(feature = "json")]
    fn to_json(&'static self) -> serde_json::Value {
        let notes: serde_json::Value = self.notes().map(|note| note.to_string()).collect();
        let interceptors: serde_json::Value = self
            .with_parts()
            .map(|entry| {
                let settings: serde_json::Map<_, _> = entry
                    .settings()
                    .iter()
                    .map(|setting| (setting.name().to_owned(), setting.value().to_json()))
                    .collect();
                let mut shown = serde_json::json!({ "name": entry.name, "settings": settings, "blind": entry.blind });
                if entry.before_decoding {
                    shown["before_decoding"] = true.into();
                }
                shown
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

impl fmt::Debug for MethodPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let interceptors: Vec<EntryPlan> = self.with_parts().collect();
        f.debug_struct("MethodPlan")
            .field("path", &self.path)
            .field("derived", &self.derived)
            .field("exact", &self.exact)
            .field("kind", &self.kind_shown())
            .field("side", &self.side)
            .field("interceptors", &interceptors)
            .finish_non_exhaustive()
    }
}

/// The name of a method, as the attribute derived it.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Name {
    pub service: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub derived: bool,
    /// The name is exact, letter by letter.
    pub exact: bool,
}
