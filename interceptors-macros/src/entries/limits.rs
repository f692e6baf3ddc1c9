//! `concurrency`, `load_shed` and `circuit_breaker`: entries that keep a state for each method or service.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Ident};

use super::args::{Entry, EntryKind, EntryParser, set};
use crate::item::mount::Mount;
use crate::text::config::Config;
use crate::text::settings::Settings;
use crate::text::span::at;
use crate::text::values::summary;

/// Which calls share the state of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Per {
    Method,
    Service,
}

impl EntryParser<'_> {
    /// `concurrency(max = 100)`, `load_shed(max = 100)`
    pub(super) fn concurrency(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let values = self.values();
        let known = [
            "max",
            "adaptive",
            "per",
            "retry_after",
            "limiter",
            "queue",
            "wait",
        ];
        let waits = name == "concurrency";
        let known = if waits { &known[..] } else { &known[..5] };
        let mut settings = self.settings(tokens, known);
        settings.conflict("max", "adaptive");
        for setting in ["max", "adaptive", "queue", "wait", "retry_after", "per"] {
            settings.conflict("limiter", setting);
        }
        let errors = self.cx.errors();
        let mut config = None;
        if let Some((key, expr)) = settings.expr("max") {
            let value = values.integer(&key, &expr, 1..);
            let value = value.unwrap_or_else(|| quote!(1));
            config = Some(starting(&key, expr.span(), &value));
        }
        if let Some((key, tokens)) = settings.list("adaptive") {
            config = Some(self.adaptive(&key, tokens)?);
        }
        let is_missing = config.is_none() && self.cx.errors() == errors;
        if let Some((key, expr)) = settings.expr("queue") {
            let value = values.integer(&key, &expr, 0..);
            if let Some(config) = &mut config {
                set(config, &key, &expr, value);
            }
        }
        for setting in ["wait", "retry_after"] {
            if let Some((key, expr)) = settings.expr(setting) {
                let value = values.duration(&key, &expr);
                if let Some(config) = &mut config {
                    set(config, &key, &expr, value);
                }
            }
        }
        if let (Some(config), false) = (&mut config, waits) {
            let queue = Ident::new("queue", name.span());
            config.set(&queue, name.span(), &quote!(0));
        }
        let mut expressions = Vec::new();
        let limiter = settings.expr("limiter").map(|(_, expr)| expr);
        if let Some(limiter) = &limiter {
            expressions.push(("limiter", summary(limiter)));
        } else if is_missing && settings.is_complete {
            self.cx.error_on(
                &name,
                "missing setting `max`; add `max = 100`, or `adaptive(…)` or `limiter`",
            );
        }
        let per = self.per(&mut settings, &mut expressions);
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            expressions,
            kind: EntryKind::Concurrency {
                config,
                limiter,
                per,
            },
        })
    }

    /// `adaptive(min = 10, max = 200, target = "50ms")`
    fn adaptive(&self, key: &Ident, tokens: TokenStream) -> Option<Config> {
        let values = self.values();
        let mut parts = Settings::new(self.cx, tokens, &["min", "max", "target"]);
        let mut given = ["min", "max", "target"].map(|name| parts.expr(name));
        let [Some(min), Some(max), Some(target)] = given.each_mut().map(Option::take) else {
            if parts.is_complete {
                let message = "`adaptive` needs all three: `adaptive(min = 10, max = 200, target = \"50ms\")`";
                self.cx.error_on(key, message);
            }
            return None;
        };
        let target = values.duration(&target.0, &target.1);
        let [min, max] = [min, max].map(|(key, expr)| values.integer(&key, &expr, 1..));
        let (min, max, target) = (min?, max?, target?);
        Some(starting(key, key.span(), &quote!(#min, #max, #target)))
    }

    /// `circuit_breaker(failures = 5)`
    pub(super) fn circuit_breaker(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        let values = self.values();
        let known = [
            "failures",
            "failure_ratio",
            "window",
            "min_calls",
            "open_for",
            "probes",
            "codes",
            "per",
            "breaker",
        ];
        let mut settings = self.settings(tokens, &known);
        for setting in &known[..known.len() - 1] {
            settings.conflict("breaker", setting);
        }
        for setting in ["failure_ratio", "window", "min_calls"] {
            settings.conflict("failures", setting);
        }
        let mut config = Config::new(quote!(new()), name.span());
        for setting in ["failures", "probes"] {
            if let Some((key, expr)) = settings.expr(setting) {
                set(&mut config, &key, &expr, values.integer(&key, &expr, 1..));
            }
        }
        let ratio = settings.expr("failure_ratio");
        if let Some((key, expr)) = &ratio {
            let wrong =
                |x: f64| (x <= 0.0 || x > 1.0).then_some("must be above `0.0`, up to `1.0`");
            set(&mut config, key, expr, values.float(key, expr, wrong));
        }
        let window = settings.expr("window");
        let min_calls = settings.expr("min_calls");
        for (key, _) in [&window, &min_calls].into_iter().flatten() {
            if ratio.is_none() && settings.is_complete {
                let message =
                    format!("`{key}` belongs to `failure_ratio`; add that, or take it out");
                self.cx.error_on(key, message);
            }
        }
        if let Some((key, expr)) = window {
            set(&mut config, &key, &expr, values.duration(&key, &expr));
        }
        if let Some((key, expr)) = min_calls {
            set(&mut config, &key, &expr, values.integer(&key, &expr, 1..));
        }
        if let Some((key, expr)) = settings.expr("open_for") {
            set(&mut config, &key, &expr, values.duration(&key, &expr));
        }
        if let Some((key, expr)) = settings.expr("codes") {
            set(&mut config, &key, &expr, values.codes(&key, &expr));
        }
        let mut expressions = Vec::new();
        let breaker = settings.expr("breaker").map(|(_, expr)| expr);
        if let Some(breaker) = &breaker {
            expressions.push(("breaker", summary(breaker)));
        }
        let per = self.per(&mut settings, &mut expressions);
        let methods = self.selector(&mut settings);
        Some(Entry {
            name,
            methods,
            expressions,
            kind: EntryKind::CircuitBreaker {
                config: breaker.is_none().then_some(config),
                breaker,
                per,
            },
        })
    }

    /// `per = method` or `per = service`
    fn per(
        &self,
        settings: &mut Settings<'_>,
        expressions: &mut Vec<(&'static str, String)>,
    ) -> Per {
        let Some((key, expr)) = settings.expr("per") else {
            return Per::Method;
        };
        if self.on_method {
            let message = "`per` belongs in the attribute on the block: this is one method";
            self.cx.error_on(&key, message);
        }
        let is = |name: &str| matches!(&expr, Expr::Path(path) if path.path.is_ident(name));
        if is("service") {
            expressions.push(("per", "service".to_owned()));
            return Per::Service;
        }
        if !is("method") {
            self.cx
                .error_on(&expr, "`per` must be `method` or `service`");
        }
        Per::Method
    }
}

/// A configuration that begins with `key(…)`, and what is wrong with that stands at the value.
fn starting(key: &Ident, place: Span, value: &TokenStream) -> Config {
    let span = at(place);
    let start = Ident::new(&key.to_string(), at(key.span()));
    Config::new(quote_spanned!(span=> #start(#value)), place)
}

/// The state of one of these entries: its names in generated code.
pub(crate) struct Kept<'a> {
    pub(crate) what: &'static str,
    pub(crate) module: &'static str,
    /// One of them, and one for each method or service that calls name.
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
    pub(crate) per: Per,
    /// The user's own.
    pub(crate) given: Option<&'a Expr>,
}

/// What an entry keeps for each method or service.
pub(crate) fn kept(entry: &Entry) -> Option<Kept<'_>> {
    match &entry.kind {
        EntryKind::Concurrency { limiter, per, .. } => Some(Kept {
            what: "LIMITER",
            module: "concurrency",
            one: "Limiter",
            many: "Limiters",
            per: *per,
            given: limiter.as_ref(),
        }),
        EntryKind::CircuitBreaker { breaker, per, .. } => Some(Kept {
            what: "BREAKER",
            module: "circuit_breaker",
            one: "CircuitBreaker",
            many: "CircuitBreakers",
            per: *per,
            given: breaker.as_ref(),
        }),
        _ => None,
    }
}

impl Kept<'_> {
    /// Whether the macro makes one for each channel.
    pub(crate) fn is_of_channel(&self, mount: Mount) -> bool {
        self.given.is_none() && mount == Mount::Channel
    }
}
