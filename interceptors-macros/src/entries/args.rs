use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit, LitStr, Path, Type, parse_quote};

use super::limits::Per;
use super::payload::Fields as PayloadFields;
use crate::ctxt::Ctxt;
use crate::item::mount::{Mount, Side};
use crate::text::args::{Arg, ArgValue, parse_args, parse_value};
use crate::text::config::Config;
use crate::text::settings::Settings;
use crate::text::span::at;
use crate::text::values::{Values, literal, summary};
use crate::text::words::unknown;

/// The attribute on a block.
pub(crate) struct BlockArgs {
    pub(crate) krate: Path,
    pub(crate) service: Option<Expr>,
    pub(crate) plan: Option<Type>,
    pub(crate) entries: Vec<Entry>,
}

/// The attribute on a method of an annotated block.
#[derive(Default)]
pub(crate) struct MethodArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) entries: Vec<Entry>,
}

/// An interceptor, as it was written.
pub(crate) struct Entry {
    pub(crate) name: Ident,
    pub(crate) methods: Selector,
    pub(crate) kind: EntryKind,
    /// Settings that are expressions, as the plan shows them.
    pub(crate) expressions: Vec<(&'static str, String)>,
}

pub(crate) enum EntryKind {
    Logging {
        config: Config,
        fields: Vec<Field>,
    },
    Auth {
        config: Config,
        verifier: Option<Expr>,
        access: Access,
    },
    /// By roles, or by a policy.
    Authorize {
        config: Option<Config>,
        policy: Option<Expr>,
    },
    RateLimit {
        config: Option<Config>,
        limiter: Option<Expr>,
        key: RateLimitKey,
    },
    Retry {
        config: Config,
        throttle: Option<TokenStream>,
    },
    /// `auth` on a client.
    Token {
        config: Config,
        token: Option<Expr>,
        access: Access,
    },
    Hedge {
        config: Config,
    },
    Metadata(Vec<Pair>),
    Deadline {
        config: Config,
    },
    Validate,
    Timeout {
        config: Config,
    },
    CatchPanic {
        hook: Option<Expr>,
    },
    /// `concurrency` and `load_shed`
    Concurrency {
        config: Option<Config>,
        limiter: Option<Expr>,
        per: Per,
    },
    CircuitBreaker {
        config: Option<Config>,
        breaker: Option<Expr>,
        per: Per,
    },
    RequestId {
        config: Config,
    },
    Metrics {
        recorder: Option<Expr>,
    },
    Trace {
        config: Config,
    },
    Payload {
        config: Config,
        fields: PayloadFields,
    },
    With(Box<Expr>),
}

/// Which methods do without a token.
#[derive(Default)]
pub(crate) struct Access {
    pub(crate) public: Vec<MethodRef>,
    /// All others, where the policy says of every method what it is.
    pub(crate) protected: Option<Protected>,
}

/// `protected = […]`
pub(crate) struct Protected {
    pub(crate) key: Ident,
    pub(crate) methods: Vec<MethodRef>,
}

/// `"key" = expr`
pub(crate) struct Pair {
    pub(crate) key: LitStr,
    pub(crate) value: Expr,
}

impl Pair {
    pub(crate) fn is_binary(&self) -> bool {
        self.key.value().ends_with("-bin")
    }
}

/// `name = expr`, `name = %expr` or `name = ?expr`.
pub(crate) struct Field {
    pub(crate) name: TokenStream,
    pub(crate) sigil: Sigil,
    pub(crate) expr: Expr,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sigil {
    None,
    Display,
    Debug,
}

pub(crate) enum RateLimitKey {
    Everyone,
    Peer,
    Metadata(LitStr),
    Identity(Span),
}

pub(crate) enum Selector {
    All,
    Only(Vec<MethodRef>),
    Except(Vec<MethodRef>),
}

/// A method, as a list names it.
pub(crate) struct MethodRef {
    pub(crate) span: Span,
    pub(crate) spelled: Spelled,
}

pub(crate) enum Spelled {
    /// `login`
    Rust(String),
    /// `"Login"`
    Rpc(String),
    /// `"/user.v1.UserService/Login"`
    Path { service: String, method: String },
}

/// An entry, where it may stand, and the feature of the runtime crate that it needs.
struct Known {
    name: &'static str,
    sides: &'static [Side],
    feature: &'static str,
    enabled: bool,
}

const fn known(
    name: &'static str,
    sides: &'static [Side],
    feature: &'static str,
    enabled: bool,
) -> Known {
    Known {
        name,
        sides,
        feature,
        enabled,
    }
}

const BOTH: &[Side] = &[Side::Server, Side::Client];
const SERVER: &[Side] = &[Side::Server];
const CLIENT: &[Side] = &[Side::Client];

const ENTRIES: [Known; 19] = [
    known("logging", BOTH, "logging", cfg!(feature = "logging")),
    known("auth", BOTH, "auth", cfg!(feature = "auth")),
    known(
        "authorize",
        SERVER,
        "authorize",
        cfg!(feature = "authorize"),
    ),
    known(
        "rate_limit",
        SERVER,
        "rate-limit",
        cfg!(feature = "rate-limit"),
    ),
    known("retry", BOTH, "retry", cfg!(feature = "retry")),
    known("hedge", CLIENT, "hedge", cfg!(feature = "hedge")),
    known("metadata", CLIENT, "metadata", cfg!(feature = "metadata")),
    known("deadline", CLIENT, "deadline", cfg!(feature = "deadline")),
    known("validate", SERVER, "validate", cfg!(feature = "validate")),
    known("timeout", SERVER, "timeout", cfg!(feature = "timeout")),
    known(
        "catch_panic",
        SERVER,
        "catch-panic",
        cfg!(feature = "catch-panic"),
    ),
    known(
        "concurrency",
        BOTH,
        "concurrency",
        cfg!(feature = "concurrency"),
    ),
    known(
        "load_shed",
        BOTH,
        "concurrency",
        cfg!(feature = "concurrency"),
    ),
    known(
        "circuit_breaker",
        CLIENT,
        "circuit-breaker",
        cfg!(feature = "circuit-breaker"),
    ),
    known(
        "request_id",
        BOTH,
        "request-id",
        cfg!(feature = "request-id"),
    ),
    known("metrics", BOTH, "metrics", cfg!(feature = "metrics")),
    known("trace", BOTH, "trace", cfg!(feature = "trace")),
    known("payload", BOTH, "payload", cfg!(feature = "payload")),
    known("with", BOTH, "", true),
];

/// How a channel's lists name methods.
pub(crate) const FULL_PATH: &str = "a channel serves any service; write the method's full path, such as `\"/user.v1.UserService/Login\"`";

pub(crate) fn parse_block_args(cx: &Ctxt, mount: Mount, tokens: TokenStream) -> BlockArgs {
    let args = parse_args(cx, tokens);
    let mut parser = EntryParser {
        cx,
        krate: parse_quote!(::interceptors),
        mount,
        on_method: false,
    };
    // Wherever it stands, what the entries expand to is named by it.
    if let Some(arg) = args.iter().find(|arg| arg.name == "crate") {
        match &arg.value {
            ArgValue::Expr(expr) => parser.krate = parser.as_path(expr).unwrap_or(parser.krate),
            _ => cx.error_on(
                &arg.name,
                "`crate` needs a path: `crate = path::to::interceptors`",
            ),
        }
    }
    let mut block = BlockArgs {
        krate: parser.krate.clone(),
        service: None,
        plan: None,
        entries: Vec::new(),
    };
    let mut seen: Vec<Ident> = Vec::new();
    for arg in args {
        if !matches!(arg.name.to_string().as_str(), "crate" | "service" | "plan") {
            parser.entry(arg, &mut block.entries);
            continue;
        }
        if seen.contains(&arg.name) {
            cx.error_on(
                &arg.name,
                format!("duplicate setting `{}`; take one out", arg.name),
            );
            continue;
        }
        seen.push(arg.name.clone());
        match (arg.name.to_string().as_str(), arg.value) {
            ("crate", _) => {}
            ("service", _) if matches!(mount, Mount::Channel | Mount::ClientModule) => cx.error_on(
                &arg.name,
                match mount {
                    Mount::Channel => "a channel serves any service; take `service` out",
                    _ => "a generated client knows its service; take `service` out",
                },
            ),
            ("service", ArgValue::Expr(expr)) => match literal(&expr) {
                Some(Lit::Str(text)) if !is_service_name(&text.value()) => cx.error_on(
                    text,
                    "not the full name of a service; write it as the proto has it, such as `\"user.v1.UserService\"`",
                ),
                None | Some(Lit::Str(_)) => block.service = Some(*expr),
                Some(_) => cx.error_on(&expr, "`service` must be a string, such as `\"user.v1.UserService\"`"),
            },
            ("service", _) => cx.error_on(
                &arg.name,
                "`service` needs a value: `service = \"user.v1.UserService\"`",
            ),
            (_, ArgValue::Expr(expr)) => {
                block.plan = cx.ok(syn::parse2(expr.into_token_stream()));
            }
            _ => cx.error_on(&arg.name, "`plan` needs a type of yours: `plan = UsersPolicy`"),
        }
    }
    block
}

pub(crate) fn parse_method_args(
    cx: &Ctxt,
    krate: &Path,
    mount: Mount,
    tokens: TokenStream,
) -> MethodArgs {
    let parser = EntryParser {
        cx,
        krate: krate.clone(),
        mount,
        on_method: true,
    };
    let mut method = MethodArgs::default();
    for Arg { name, value } in parse_args(cx, tokens) {
        match (name.to_string().as_str(), value) {
            ("name", ArgValue::Expr(expr)) => match literal(&expr) {
                Some(Lit::Str(text)) if is_identifier(&text.value()) => {
                    if method.name.replace(text.clone()).is_some() {
                        cx.error_on(&name, "duplicate setting `name`; take one out");
                    }
                }
                _ => cx.error_on(
                    &expr,
                    "`name` must be the name of the RPC, such as `\"GetURL\"`",
                ),
            },
            ("name", _) => cx.error_on(&name, "`name` needs a value: `name = \"GetURL\"`"),
            ("skip", ArgValue::List(tokens)) => {
                let skipped = parse_args(cx, tokens);
                if skipped.is_empty() {
                    cx.error_on(
                        &name,
                        "`skip` needs the name of an interceptor: `skip(retry)`",
                    );
                }
                method.skip.extend(skipped.into_iter().map(|arg| arg.name));
            }
            ("skip", _) => {
                cx.error_on(
                    &name,
                    "`skip` needs the name of an interceptor: `skip(retry)`",
                );
            }
            ("crate" | "service" | "plan", _) => cx.error_on(
                &name,
                format!("`{name}` belongs in the attribute on the block, not on a method"),
            ),
            (_, value) => parser.entry(Arg { name, value }, &mut method.entries),
        }
    }
    method
}

pub(super) struct EntryParser<'a> {
    pub(super) cx: &'a Ctxt,
    krate: Path,
    pub(super) mount: Mount,
    pub(super) on_method: bool,
}

impl EntryParser<'_> {
    fn entry(&self, arg: Arg, entries: &mut Vec<Entry>) {
        let Arg { name, value } = arg;
        let text = name.to_string();
        if !may_repeat(&name)
            && !may_be_parted(&name)
            && entries.iter().any(|entry| entry.name == name)
        {
            self.cx.error_on(
                &name,
                format!("duplicate interceptor `{name}`; take one out"),
            );
            return;
        }
        let side = self.mount.side();
        let Some(known) = ENTRIES.iter().find(|known| known.name == text) else {
            let here = ENTRIES.iter().filter(|known| known.sides.contains(&side));
            let mut known: Vec<_> = here.map(|known| known.name).collect();
            known.extend(match (self.on_method, self.mount) {
                (true, _) => ["skip", "name"].as_slice(),
                (false, Mount::Service | Mount::Stub) => &["service", "plan"],
                (false, Mount::ClientModule | Mount::Channel) => &["plan"],
            });
            self.cx
                .error_on(&name, unknown("interceptor", &text, &known));
            return;
        };
        if !known.sides.contains(&side) {
            let message = match side {
                Side::Server => {
                    format!(
                        "`{name}` belongs on a client, and the `impl` of a trait is a service; take it out here"
                    )
                }
                Side::Client => {
                    format!("`{name}` belongs on a service; take it out of this client")
                }
            };
            self.cx.error_on(&name, message);
            return;
        }
        if !known.enabled {
            let feature = known.feature;
            self.cx.error_on(
                &name,
                format!("to use `{name}`, enable the feature `{feature}` of `interceptors`"),
            );
            return;
        }
        let tokens = match value {
            ArgValue::None => TokenStream::new(),
            ArgValue::List(tokens) => tokens,
            ArgValue::Expr(_) => {
                self.cx.error_on(
                    &name,
                    format!("`{name}` takes its settings in parentheses: `{name}(…)`"),
                );
                return;
            }
        };
        entries.extend(match text.as_str() {
            "logging" => self.logging(name, tokens),
            "auth" if side == Side::Client => self.token(name, tokens),
            "auth" => self.auth(name, tokens),
            "hedge" => self.hedge(name, tokens),
            "metadata" => self.metadata(name, tokens),
            "deadline" => self.deadline(name, tokens),
            "timeout" => self.timeout(name, tokens),
            "catch_panic" => self.catch_panic(name, tokens),
            "authorize" => self.authorize(name, tokens),
            "rate_limit" => self.rate_limit(name, tokens),
            "retry" => self.retry(name, tokens),
            "validate" => self.validate(name, tokens),
            "concurrency" | "load_shed" => self.concurrency(name, tokens),
            "circuit_breaker" => self.circuit_breaker(name, tokens),
            "metrics" => self.metrics(name, tokens),
            "trace" => self.trace(name, tokens),
            "payload" => self.payload(name, tokens),
            "request_id" => self.request_id(name, tokens),
            _ => self.with(name, tokens),
        });
    }

    fn logging(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let values = self.values();
        let mut settings = self.settings(tokens, &["level", "slow", "fields"]);
        let start = match self.mount.side() {
            Side::Server => quote!(new()),
            Side::Client => quote!(client()),
        };
        let mut config = Config::new(start, name.span());
        if let Some((key, expr)) = settings.expr("level") {
            set(&mut config, &key, &expr, values.level(&key, &expr));
        }
        if let Some((key, expr)) = settings.expr("slow") {
            set(&mut config, &key, &expr, values.duration(&key, &expr));
        }
        let mut expressions = Vec::new();
        let mut fields = Vec::new();
        if let Some((key, tokens)) = settings.list("fields") {
            fields = self
                .cx
                .ok(syn::parse::Parser::parse2(parse_fields, tokens))?;
            if self.mount == Mount::Channel {
                self.cx.error_on(
                    &key,
                    "a channel sees encoded messages, which have no fields; take `fields` out, or put it on a generated client",
                );
            }
            if fields.is_empty() {
                self.cx.error_on(
                    &key,
                    "`fields` needs a field: `fields(user = request.user_id)`",
                );
            }
            let names: Vec<_> = fields.iter().map(|field| field.name.to_string()).collect();
            expressions.push(("fields", names.join(",").replace(' ', "")));
        }
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            expressions,
            kind: EntryKind::Logging { config, fields },
        })
    }

    fn auth(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let known = ["verifier", "public", "protected", "scheme", "header"];
        let mut settings = self.settings(tokens, &known);
        let (config, access) = self.credentials(&name, &mut settings);
        let verifier = settings.expr("verifier").map(|(_, expr)| expr);
        let shown = verifier.as_ref().map_or_else(|| "self".to_owned(), summary);
        let methods = self.selector(&mut settings);
        let kind = EntryKind::Auth {
            config,
            verifier,
            access,
        };
        Some(Entry {
            name,
            methods,
            kind,
            expressions: vec![("verifier", shown)],
        })
    }

    /// What `auth` has on both sides: where the token stands, and which methods do without.
    fn credentials(&self, name: &Ident, settings: &mut Settings<'_>) -> (Config, Access) {
        let values = self.values();
        let mut config = Config::new(quote!(new()), name.span());
        for setting in ["scheme", "header"] {
            if let Some((key, expr)) = settings.expr(setting) {
                set(&mut config, &key, &expr, values.text(&key, &expr));
            }
        }
        for list in ["public", "protected"] {
            settings.conflict(list, "only");
            settings.conflict(list, "except");
        }
        let list = |(key, expr): (Ident, Expr)| {
            if self.on_method {
                let hint = match key == "public" {
                    true => "write `skip(auth)` instead",
                    false => "take it out",
                };
                self.cx
                    .error_on(&key, format!("`{key}` names methods of the block; {hint}"));
            }
            let methods = self.methods(&key, &expr, true);
            (key, methods)
        };
        let public = settings.expr("public").map(list);
        let protected = settings.expr("protected").map(list);
        if let (Some((key, _)), Mount::Channel) = (&protected, self.mount) {
            self.cx.error_on(
                key,
                "a channel serves any service, so there is no list of all methods; take `protected` out",
            );
        }
        let access = Access {
            public: public.map(|(_, methods)| methods).unwrap_or_default(),
            protected: protected.map(|(key, methods)| Protected { key, methods }),
        };
        (config, access)
    }

    /// `authorize(role = "admin")`
    fn authorize(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let values = self.values();
        let mut settings = self.settings(tokens, &["role", "roles", "with"]);
        settings.conflict("role", "roles");
        settings.conflict("role", "with");
        settings.conflict("roles", "with");
        let mut config = None;
        for setting in ["role", "roles"] {
            if let Some((key, expr)) = settings.expr(setting) {
                let value = match setting {
                    "role" if matches!(literal(&expr), Some(Lit::Str(it)) if it.value().is_empty()) => {
                        values.wrong(&expr, "`role` is empty; name a role")
                    }
                    "role" => values.text(&key, &expr),
                    _ => values.texts(&key, &expr),
                };
                let config = config.get_or_insert_with(|| Config::new(quote!(new()), name.span()));
                set(config, &key, &expr, value);
            }
        }
        let policy = settings.expr("with").map(|(_, expr)| expr);
        if config.is_none() && policy.is_none() && settings.is_complete {
            self.cx.error_on(
                &name,
                "`authorize` does not say who may call; add `role = \"admin\"`, or `roles` or `with`",
            );
        }
        let shown = policy.as_ref().map(|policy| ("with", summary(policy)));
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            expressions: shown.into_iter().collect(),
            kind: EntryKind::Authorize { config, policy },
        })
    }

    fn rate_limit(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let values = self.values();
        let known = [
            "per_second",
            "per_minute",
            "burst",
            "max_keys",
            "key",
            "limiter",
        ];
        let mut settings = self.settings(tokens, &known);
        settings.conflict("per_second", "per_minute");
        for setting in ["per_second", "per_minute", "burst", "max_keys"] {
            settings.conflict("limiter", setting);
        }
        let mut config = None;
        for setting in ["per_second", "per_minute"] {
            if let Some((key, expr)) = settings.expr(setting) {
                let value = values
                    .integer(&key, &expr, 1..)
                    .unwrap_or_else(|| quote!(1));
                let key = Ident::new(setting, at(key.span()));
                config = Some(Config::new(
                    quote_spanned!(at(expr.span())=> #key(#value)),
                    expr.span(),
                ));
            }
        }
        for setting in ["burst", "max_keys"] {
            if let Some((key, expr)) = settings.expr(setting) {
                let value = values.integer(&key, &expr, 1..);
                if let Some(config) = &mut config {
                    set(config, &key, &expr, value);
                }
            }
        }
        let mut expressions = Vec::new();
        let limiter = settings.expr("limiter").map(|(_, expr)| expr);
        if let Some(limiter) = &limiter {
            expressions.push(("limiter", summary(limiter)));
        } else if config.is_none() && settings.is_complete {
            self.cx.error_on(
                &name,
                "missing setting `per_second`; add `per_second = 100`, or `per_minute` or `limiter`",
            );
        }
        let key = match settings.expr("key") {
            Some((_, expr)) => self.rate_limit_key(&expr)?,
            None => RateLimitKey::Everyone,
        };
        match &key {
            RateLimitKey::Everyone => {}
            RateLimitKey::Peer => expressions.push(("key", "peer".to_owned())),
            RateLimitKey::Identity(_) => expressions.push(("key", "identity".to_owned())),
            RateLimitKey::Metadata(name) => {
                expressions.push(("key", format!("metadata({:?})", name.value())));
            }
        }
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            expressions,
            kind: EntryKind::RateLimit {
                config,
                limiter,
                key,
            },
        })
    }

    /// `peer`, `identity` or `metadata("x-api-key")`.
    fn rate_limit_key(&self, expr: &Expr) -> Option<RateLimitKey> {
        match expr {
            Expr::Path(path) if path.path.is_ident("peer") => return Some(RateLimitKey::Peer),
            Expr::Path(path) if path.path.is_ident("identity") => {
                return Some(RateLimitKey::Identity(expr.span()));
            }
            Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if path.path.is_ident("metadata")) => {
                if let (1, Some(Lit::Str(name))) =
                    (call.args.len(), call.args.first().and_then(literal))
                {
                    if name.value() == "authorization" {
                        self.cx.error_on(
                            name,
                            "one token can be written in many ways, each with a limit of its own; use `key = identity`",
                        );
                        return None;
                    }
                    return Some(RateLimitKey::Metadata(name.clone()));
                }
            }
            _ => {}
        }
        self.cx.error_on(
            expr,
            "`key` must be `peer`, `identity` or `metadata(\"x-api-key\")`",
        );
        None
    }

    fn retry(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let values = self.values();
        let known = [
            "max",
            "max_attempts",
            "base_delay",
            "max_delay",
            "multiplier",
            "jitter",
            "codes",
            "attempt_timeout",
            "throttle",
            "buffer_size",
        ];
        // What a service received is in memory anyway, and a stub's streams are not sent again.
        let known = match self.mount {
            Mount::ClientModule | Mount::Channel => &known[..],
            Mount::Service | Mount::Stub => &known[..known.len() - 1],
        };
        let mut settings = self.settings(tokens, known);
        settings.conflict("max", "max_attempts");
        let mut config = Config::new(quote!(new()), name.span());
        for (setting, min) in [("max", 1), ("max_attempts", 2)] {
            if let Some((key, expr)) = settings.expr(setting) {
                set(&mut config, &key, &expr, values.integer(&key, &expr, min..));
            }
        }
        let mut delay_at = None;
        for setting in ["base_delay", "max_delay", "attempt_timeout"] {
            if let Some((key, expr)) = settings.expr(setting) {
                set(&mut config, &key, &expr, values.duration(&key, &expr));
                if setting != "attempt_timeout" {
                    delay_at = Some(expr.span());
                }
            }
        }
        let wrong_multiplier =
            |x: f64| (x <= 0.0 || x.is_infinite()).then_some("must be a finite number above zero");
        let wrong_jitter =
            |x: f64| (!(0.0..=1.0).contains(&x)).then_some("must be from 0.0 to 1.0");
        let wrong: [(_, fn(f64) -> _); 2] =
            [("multiplier", wrong_multiplier), ("jitter", wrong_jitter)];
        for (setting, wrong) in wrong {
            if let Some((key, expr)) = settings.expr(setting) {
                set(&mut config, &key, &expr, values.float(&key, &expr, wrong));
            }
        }
        if let Some((key, expr)) = settings.expr("codes") {
            set(&mut config, &key, &expr, values.codes(&key, &expr));
        }
        if let Some((key, expr)) = settings.expr("buffer_size") {
            let value = values.integer(&key, &expr, 0..);
            set(&mut config, &key, &expr, value);
        }
        if let Some(span) = delay_at {
            config.finish("checked", span);
        }
        let mut expressions = Vec::new();
        let mut throttle = None;
        if let Some((key, tokens)) = settings.list("throttle") {
            let mut parts = Settings::new(self.cx, tokens, &["tokens", "ratio"]);
            let (tokens, ratio) = (parts.expr("tokens"), parts.expr("ratio"));
            let (Some((tokens_key, tokens)), Some((ratio_key, ratio))) = (tokens, ratio) else {
                if parts.is_complete {
                    let message = "`throttle` needs both: `throttle(tokens = 10, ratio = 0.1)`";
                    self.cx.error_on(&key, message);
                }
                return None;
            };
            let wrong = |x: f64| (x < 0.001).then_some("must be at least 0.001");
            let tokens_value = values.integer(&tokens_key, &tokens, 1..=1000);
            let ratio_value = values.float(&ratio_key, &ratio, wrong);
            let (tokens_value, ratio_value) = (tokens_value?, ratio_value?);
            let shown = |expr: &Expr| match literal(expr) {
                Some(_) => expr.to_token_stream().to_string().replace(' ', ""),
                None => summary(expr),
            };
            expressions.push(("throttle", format!("{}/{}", shown(&tokens), shown(&ratio))));
            let legal = |name: &str, at_value: &Expr, value| {
                let span = at(at_value.span());
                let legal = Ident::new(&format!("legal_{name}"), span);
                quote_spanned!(span=> __interceptors::retry::Throttle::#legal(#value))
            };
            let tokens = legal("tokens", &tokens, tokens_value);
            let ratio = legal("ratio", &ratio, ratio_value);
            throttle = Some(quote_spanned! {at(key.span())=>
                __interceptors::retry::Throttle::new(#tokens, #ratio)
            });
        }
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            expressions,
            kind: EntryKind::Retry { config, throttle },
        })
    }

    /// `auth(token = self.tokens)`
    fn token(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let known = [
            "token",
            "public",
            "protected",
            "scheme",
            "header",
            "allow_plaintext",
        ];
        let mut settings = self.settings(tokens, &known);
        let (mut config, access) = self.credentials(&name, &mut settings);
        if let Some((key, expr)) = settings.expr("allow_plaintext") {
            let value = self.values().boolean(&key, &expr);
            set(&mut config, &key, &expr, value);
        }
        let token = settings.expr("token").map(|(_, expr)| expr);
        if token.is_none() && settings.is_complete && self.mount == Mount::ClientModule {
            self.cx.error_on(
                &name,
                "missing setting `token`; a generated client holds no token itself: add `token = &*crate::TOKENS`",
            );
        }
        let shown = token.as_ref().map_or_else(|| "self".to_owned(), summary);
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            kind: EntryKind::Token {
                config,
                token,
                access,
            },
            expressions: vec![("token", shown)],
        })
    }

    fn hedge(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let values = self.values();
        let known = ["max_attempts", "delay", "non_fatal_codes"];
        let mut settings = self.settings(tokens, &known);
        let mut config = Config::new(quote!(new()), name.span());
        if let Some((key, expr)) = settings.expr("max_attempts") {
            let value = values.integer(&key, &expr, 2..);
            set(&mut config, &key, &expr, value);
        }
        if let Some((key, expr)) = settings.expr("delay") {
            set(&mut config, &key, &expr, values.delay(&key, &expr));
        }
        if let Some((key, expr)) = settings.expr("non_fatal_codes") {
            let value = values.codes_or_none(&key, &expr);
            set(&mut config, &key, &expr, value);
        }
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            kind: EntryKind::Hedge { config },
            expressions: Vec::new(),
        })
    }

    /// `request_id(header = "x-request-id")`
    fn request_id(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let values = self.values();
        // What a client sends is its own.
        let known = match self.mount.side() {
            Side::Server => &["header", "accept", "max_length"][..],
            Side::Client => &["header"],
        };
        let mut settings = self.settings(tokens, known);
        let mut config = Config::new(quote!(new()), name.span());
        if let Some((key, expr)) = settings.expr("header") {
            set(&mut config, &key, &expr, values.text_key(&key, &expr));
        }
        if let Some((key, expr)) = settings.expr("accept") {
            set(&mut config, &key, &expr, values.boolean(&key, &expr));
        }
        if let Some((key, expr)) = settings.expr("max_length") {
            let value = values.integer(&key, &expr, 1..=1024);
            set(&mut config, &key, &expr, value);
        }
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            kind: EntryKind::RequestId { config },
            expressions: Vec::new(),
        })
    }

    /// `metrics(recorder = self.recorder)`
    fn metrics(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let mut settings = self.settings(tokens, &["recorder"]);
        let recorder = settings.expr("recorder").map(|(_, expr)| expr);
        let shown = recorder
            .as_ref()
            .map_or_else(|| "global".to_owned(), summary);
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            kind: EntryKind::Metrics { recorder },
            expressions: vec![("recorder", shown)],
        })
    }

    /// `trace(public_endpoint = true)`
    fn trace(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let values = self.values();
        // Nobody calls a client.
        let known = match self.mount.side() {
            Side::Server => &["public_endpoint"][..],
            Side::Client => &[],
        };
        let mut settings = self.settings(tokens, known);
        let mut config = Config::new(quote!(new()), name.span());
        if let Some((key, expr)) = settings.expr("public_endpoint") {
            set(&mut config, &key, &expr, values.boolean(&key, &expr));
        }
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            kind: EntryKind::Trace { config },
            expressions: Vec::new(),
        })
    }

    /// `deadline("2s")`
    fn validate(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let mut settings = self.settings(tokens, &[]);
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            kind: EntryKind::Validate,
            expressions: Vec::new(),
        })
    }

    fn deadline(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let missing = "`deadline` needs a time: `deadline(\"2s\")`";
        let (expr, rest) = self.value_and_rest(&name, tokens, missing)?;
        if let Expr::Assign(_) = expr {
            let message = "`deadline` takes the time alone: `deadline(\"2s\")`";
            self.cx.error_on(&expr, message);
            return None;
        }
        let value = self.values().duration(&name, &expr);
        let value = value.unwrap_or_else(|| quote!(::core::time::Duration::MAX));
        let new = Ident::new("new", at(expr.span()));
        let config = Config::new(quote_spanned!(at(expr.span())=> #new(#value)), expr.span());
        let mut settings = self.settings(rest, &[]);
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            kind: EntryKind::Deadline { config },
            expressions: Vec::new(),
        })
    }

    /// `timeout("2s")`, `timeout("2s", idle = "500ms")`, `timeout(idle = "30s")`
    fn timeout(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let missing = "`timeout` needs a time: `timeout(\"2s\")`, or `timeout(idle = \"30s\")`";
        if tokens.is_empty() {
            self.cx.error_on(&name, missing);
            return None;
        }
        let values = self.values();
        let has_time = !begins_with_setting(tokens.clone());
        let (mut config, rest) = if has_time {
            let (expr, rest) = self.value_and_rest(&name, tokens, missing)?;
            let value = values.duration(&name, &expr);
            // It stands in for what was wrong, and is longer than any `idle`.
            let value = value.unwrap_or_else(|| quote!(::core::time::Duration::MAX));
            let new = Ident::new("new", at(expr.span()));
            let start = quote_spanned!(at(expr.span())=> #new(#value));
            (Config::new(start, expr.span()), rest)
        } else {
            (Config::new(quote!(of_the_caller()), name.span()), tokens)
        };
        let mut settings = self.settings(rest, &["idle"]);
        match settings.expr("idle") {
            Some((key, expr)) => set(&mut config, &key, &expr, values.duration(&key, &expr)),
            None if !has_time && settings.is_complete => self.cx.error_on(&name, missing),
            None => {}
        }
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            kind: EntryKind::Timeout { config },
            expressions: Vec::new(),
        })
    }

    /// `catch_panic`, `catch_panic(hook = on_panic)`
    fn catch_panic(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let mut settings = self.settings(tokens, &["hook"]);
        let hook = settings.expr("hook").map(|(_, expr)| expr);
        let methods = self.selector(&mut settings);
        let expressions = hook.iter().map(|hook| ("hook", summary(hook))).collect();
        Some(Entry {
            name,
            methods,
            kind: EntryKind::CatchPanic { hook },
            expressions,
        })
    }

    /// `metadata("key" = expr, …)`
    fn metadata(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let (pairs, rest) = self.cx.ok(parse_pairs(tokens))?;
        if let Some(key) = unquoted_key(rest.clone()) {
            let message = format!(
                "keys are strings: `\"{}\" = …`",
                key.to_string().replace('_', "-")
            );
            self.cx.error_on(&key, message);
            return None;
        }
        let nothing_else = rest.is_empty();
        let mut settings = self.settings(rest, &[]);
        let methods = self.selector(&mut settings);
        if pairs.is_empty() && nothing_else {
            self.cx.error_on(
                &name,
                "`metadata` needs a key and its value: `metadata(\"x-trace-id\" = trace_id())`",
            );
        }
        let mut seen: Vec<String> = Vec::new();
        for pair in &pairs {
            let key = pair.key.value();
            if let Some(wrong) = crate::text::values::wrong_metadata_key(&key) {
                self.cx.error_on(&pair.key, wrong);
            } else if seen.contains(&key) {
                self.cx.error_on(
                    &pair.key,
                    format!("duplicate metadata key `{key}`; take one out"),
                );
            } else if let Some(wrong) =
                crate::text::values::wrong_metadata_value(pair.is_binary(), &pair.value)
            {
                self.cx.error_on(&pair.value, wrong);
            }
            seen.push(key);
        }
        Some(Entry {
            name,
            methods,
            expressions: vec![("keys", seen.join(","))],
            kind: EntryKind::Metadata(pairs),
        })
    }

    /// An expression without a name, and what follows it.
    fn value_and_rest(
        &self,
        name: &Ident,
        tokens: TokenStream,
        missing: &str,
    ) -> Option<(Expr, TokenStream)> {
        let parser = |input: syn::parse::ParseStream<'_>| {
            if input.is_empty() {
                return Err(syn::Error::new(name.span(), missing));
            }
            let expr = parse_value(input, &name.to_string(), name.span())?;
            input.parse::<Option<syn::Token![,]>>()?;
            Ok((expr, input.parse::<TokenStream>()?))
        };
        self.cx.ok(syn::parse::Parser::parse2(parser, tokens))
    }

    /// `with(expr)`, `with(expr, only = […])`.
    fn with(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let missing = "`with` needs an interceptor: `with(self.audit)`";
        let (expr, rest) = self.value_and_rest(&name, tokens, missing)?;
        let mut settings = self.settings(rest, &[]);
        let methods = self.selector(&mut settings);
        let expressions = vec![("value", summary(&expr))];
        Some(Entry {
            name,
            methods,
            kind: EntryKind::With(Box::new(expr)),
            expressions,
        })
    }

    pub(super) fn settings(&self, tokens: TokenStream, known: &[&str]) -> Settings<'_> {
        Settings::new(self.cx, tokens, &[known, &["only", "except"]].concat())
    }

    pub(super) fn selector(&self, settings: &mut Settings<'_>) -> Selector {
        settings.conflict("only", "except");
        let (only, except) = (settings.expr("only"), settings.expr("except"));
        if self.on_method
            && let Some((key, _)) = only.as_ref().or(except.as_ref())
        {
            let message =
                format!("`{key}` belongs in the attribute on the block: this is one method");
            self.cx.error_on(key, message);
        }
        match (only, except) {
            (Some((key, expr)), _) => Selector::Only(self.methods(&key, &expr, false)),
            (None, Some((key, expr))) => Selector::Except(self.methods(&key, &expr, false)),
            (None, None) => Selector::All,
        }
    }

    /// `[login, "Login", "/user.v1.UserService/Login"]`
    fn methods(&self, key: &Ident, expr: &Expr, may_be_empty: bool) -> Vec<MethodRef> {
        let Expr::Array(list) = expr else {
            self.cx.error_on(
                expr,
                format!("`{key}` must be a list of methods: `{key} = [login]`"),
            );
            return Vec::new();
        };
        if list.elems.is_empty() && !may_be_empty {
            self.cx.error_on(
                expr,
                format!("`{key}` names no method; name one, or take it out"),
            );
        }
        list.elems
            .iter()
            .filter_map(|element| self.method(element))
            .collect()
    }

    fn method(&self, expr: &Expr) -> Option<MethodRef> {
        let spelled = match expr {
            Expr::Path(path) => path
                .path
                .get_ident()
                .map(|name| Spelled::Rust(name.unraw().to_string())),
            _ => match literal(expr) {
                Some(Lit::Str(text)) => match text.value().strip_prefix('/') {
                    None => Some(Spelled::Rpc(text.value())),
                    Some(path) => path.split_once('/').map(|(service, method)| Spelled::Path {
                        service: service.to_owned(),
                        method: method.to_owned(),
                    }),
                },
                _ => None,
            },
        };
        let Some(spelled) = spelled else {
            self.cx.error_on(
                expr,
                match self.mount {
                    Mount::Channel => FULL_PATH,
                    _ => "expected a method: `login`, `\"Login\"` or `\"/user.v1.UserService/Login\"`",
                },
            );
            return None;
        };
        Some(MethodRef {
            span: expr.span(),
            spelled,
        })
    }

    fn as_path(&self, expr: &Expr) -> Option<Path> {
        match expr {
            // It comes to stand in a `use`.
            Expr::Path(path)
                if path.qself.is_none()
                    && path
                        .path
                        .segments
                        .iter()
                        .all(|segment| segment.arguments.is_none() && segment.ident != "Self") =>
            {
                Some(path.path.clone())
            }
            Expr::Group(group) => self.as_path(&group.expr),
            _ => {
                self.cx.error_on(
                    expr,
                    "`crate` must be a path, such as `crate = my_interceptors`",
                );
                None
            }
        }
    }

    pub(super) fn values(&self) -> Values<'_> {
        Values { cx: self.cx }
    }
}

/// Whether a block may have several entries of this name, each for other methods: what it says of one kind of message
/// means nothing to another.
fn may_be_parted(name: &Ident) -> bool {
    name == "payload"
}

/// Whether there may be several entries of this name for one method.
pub(crate) fn may_repeat(name: &Ident) -> bool {
    name == "with" || name == "authorize"
}

/// Sets a value; not where it was wrong, which has been reported.
pub(super) fn set(config: &mut Config, key: &Ident, expr: &Expr, value: Option<TokenStream>) {
    if let Some(value) = value {
        config.set(key, expr.span(), &value);
    }
}

/// `user = request.user_id, tenant.id = %request.tenant`
fn parse_fields(input: syn::parse::ParseStream<'_>) -> syn::Result<Vec<Field>> {
    let mut fields = Vec::new();
    while !input.is_empty() {
        let first = input.call(Ident::parse_any)?;
        let mut name = quote!(#first);
        while input.peek(syn::Token![.]) {
            let dot: syn::Token![.] = input.parse()?;
            let part = input.call(Ident::parse_any)?;
            name.extend(quote!(#dot #part));
        }
        if !input.peek(syn::Token![=]) {
            let message = format!("`{first}` needs a value: `{first} = request.{first}`");
            return Err(syn::Error::new(first.span(), message));
        }
        input.parse::<syn::Token![=]>()?;
        let sigil = if input.parse::<Option<syn::Token![%]>>()?.is_some() {
            Sigil::Display
        } else if input.parse::<Option<syn::Token![?]>>()?.is_some() {
            Sigil::Debug
        } else {
            Sigil::None
        };
        fields.push(Field {
            name,
            sigil,
            expr: parse_value(input, &first.to_string(), first.span())?,
        });
        if !input.is_empty() {
            input.parse::<syn::Token![,]>()?;
        }
    }
    Ok(fields)
}

/// `idle = "30s"`, or what may become that.
fn begins_with_setting(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter();
    match (tokens.next(), tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(_)), Some(TokenTree::Punct(eq)), after) => {
            let is_comparison =
                matches!(after, Some(TokenTree::Punct(after)) if after.as_char() == '=');
            eq.as_char() == '=' && !is_comparison
        }
        _ => false,
    }
}

/// `x_trace = "a"`, where a string should stand.
fn unquoted_key(rest: TokenStream) -> Option<Ident> {
    let mut rest = rest.into_iter();
    match (rest.next(), rest.next()) {
        (Some(TokenTree::Ident(key)), Some(TokenTree::Punct(eq)))
            if eq.as_char() == '=' && key != "only" && key != "except" =>
        {
            Some(key)
        }
        _ => None,
    }
}

/// Reads `"key" = expr, …`; what has no key comes back.
fn parse_pairs(tokens: TokenStream) -> syn::Result<(Vec<Pair>, TokenStream)> {
    let parser = |input: syn::parse::ParseStream<'_>| {
        let mut pairs = Vec::new();
        while input.peek(LitStr) {
            let key: LitStr = input.parse()?;
            if !input.peek(syn::Token![=]) {
                let message = format!("`{0}` needs a value: `{0} = …`", key.token());
                return Err(syn::Error::new(key.span(), message));
            }
            input.parse::<syn::Token![=]>()?;
            let value = parse_value(input, &key.token().to_string(), key.span())?;
            pairs.push(Pair { key, value });
            if !input.is_empty() {
                input.parse::<syn::Token![,]>()?;
            }
        }
        Ok((pairs, input.parse::<TokenStream>()?))
    };
    syn::parse::Parser::parse2(parser, tokens)
}

pub(crate) fn is_identifier(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(legal) && !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit())
}

pub(crate) fn is_service_name(text: &str) -> bool {
    text.split('.').all(is_identifier)
}
