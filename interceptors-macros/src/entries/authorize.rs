use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Expr, Ident};

use super::entry::{Entry, Listed, ValueContext};
use super::keywords::SELECTORS;
use super::reader::Reader;
use super::row::{OneOf, Places, Positional, Row, Setting, Start, Times, Value, enabled_by};
use super::view::{View, as_list};
use crate::codes;
use crate::ctxt::Ctxt;
use crate::item::methods::Selector;
use crate::text::config::Config;
use crate::text::settings::{CombinedSettings, WrittenSetting};
use crate::text::span::at;

pub(crate) static ROW: Row = Row {
    name: "authorize",
    aliases: &[
        "rbac",
        "role",
        "roles",
        "permissions",
        "authorization",
        "authz",
        "acl",
        "has_role",
        "permission",
        "pre_authorize",
        "preauthorize",
        "require_role",
        "roles_allowed",
    ],
    feature: enabled_by!("authorize"),
    places: Places::SERVERS,
    times: Times::Any,
    doc: "rejects callers that may not make the call; needs `auth` before it",
    module: "authorize",
    interceptor: "Authorize",
    config_type: Some("Roles"),
    start: Start::IfSet,
    example: "authorize(role = \"admin\")",
    ends_with: "PERMISSION_DENIED",
    positional: Positional::No,
    suggest_for_several: roles,
    settings: &[
        Setting {
            name: "role",
            value: Value::SomeText("`role` is empty; name a role"),
            doc: "callers with this role, by [`HasRole`](authorize::HasRole) of the identity",
            conflicts_with: &["roles", "with"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "roles",
            value: Value::Texts,
            doc: "callers with any of these",
            conflicts_with: &["with"],
            aliases: &["any_of", "any"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "with",
            value: Value::Given(None),
            doc: "a closure or function of the identity, or a [`Policy`](authorize::Policy), which sees the names of the call too",
            aliases: &["policy", "by", "check"],
            ..Setting::DEFAULT
        },
    ],
    one_of: &[OneOf {
        names: &["role", "roles", "with"],
        places: Places::ALL,
        missing: "`authorize` does not say who may call; add `role = \"admin\"`, or `roles` or `with`",
    }],
    ..Row::DEFAULT
};

/// For `authorize(admin)`, suggests `authorize(role = "admin")`.
fn roles(given: &[WrittenSetting<'_>]) -> Option<CombinedSettings> {
    let is_name = |word: &str| {
        let settings = ROW.settings.iter().chain(&SELECTORS);
        let mut names =
            settings.flat_map(|it| [it.name].into_iter().chain(it.aliases.iter().copied()));
        names.any(|name| name == word)
    };
    let is_role = |written: &WrittenSetting<'_>| {
        let is_boolean = matches!(written.name.as_str(), "true" | "false");
        written.is_word && !is_boolean && !is_name(&written.name)
    };
    let places = (0..given.len()).filter(|&i| is_role(&given[i]));
    let places: Vec<usize> = places.collect();
    let roles = places.iter().map(|&i| match &given[i].name {
        constant if *constant == constant.to_uppercase() => constant.clone(),
        role => format!("\"{role}\""),
    });
    let roles: Vec<String> = roles.collect();
    let message = match &roles[..] {
        [] => return None,
        [role] => {
            let function = role.trim_matches('"');
            format!(
                "a role is a text here; write `authorize(role = {role})`, or `authorize(with = {function})` for a function"
            )
        }
        roles => {
            let roles = roles.join(", ");
            format!("a role is a text here; write `authorize(roles = [{roles}])`")
        }
    };
    Some(CombinedSettings { places, message })
}

struct Authorize {
    config: Option<Config>,
    policy: Option<Expr>,
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let mut reading = reader.read(tokens)?;
    let entry = Authorize {
        config: reading.config.take(),
        policy: reading.given.take(),
    };
    Some(reading.listed(entry))
}

impl Entry for Authorize {
    fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    fn given(&self) -> Option<&Expr> {
        self.policy.as_ref()
    }

    fn keeps_given(&self) -> bool {
        !self.policy.as_ref().is_some_and(is_closure)
    }

    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        let span = at(context.place.span);
        let auth = context.verifier(span);
        let authorize = context.place.interceptor(ROW.module, ROW.interceptor);
        match &self.policy {
            // The type of a closure's argument is inferred at the call, so the closure has to be written there.
            Some(policy) if is_closure(policy) => {
                let policy = context.scope.with_self(policy);
                quote_spanned!(span=> &#authorize::by_fn(&#auth, #policy))
            }
            Some(policy) => {
                let (policy, ampersand) = (context.borrowed(policy), context.ampersand());
                quote_spanned!(span=> #ampersand #authorize::by_policy(&#auth, #policy))
            }
            None => {
                let config = context.place.item("CONFIG");
                quote_spanned!(span=> &#authorize::by_role(&#auth, #config))
            }
        }
    }

    fn needs_caller(&self, name: &Ident) -> Option<Span> {
        Some(name.span())
    }

    /// Reports methods in which `auth` does not run before this entry, so that there is no identity to authorize.
    fn check(&self, cx: &Ctxt, view: &View<'_>) {
        let name = view.name;
        let (mut public, mut unverified) = (Vec::new(), Vec::new());
        for method in view.covered.iter().filter(|method| !method.is_verified) {
            let list = match method.is_public {
                true => &mut public,
                false => &mut unverified,
            };
            if !list.contains(&method.name) {
                list.push(method.name);
            }
        }
        if !public.is_empty() {
            let (are, them) = match public.len() {
                1 => ("is", "it"),
                _ => ("are", "each"),
            };
            let fix = match view.methods {
                _ if view.is_of_method => "take one of the two out".to_owned(),
                Selector::Only(_) => format!("take {them} out of `only`"),
                Selector::Except(_) => format!("add {them} to `except`"),
                Selector::All => {
                    format!("leave {them} out with `except = [{}]`", as_list(&public))
                }
            };
            let public = public.join("`, `");
            let message =
                format!("`{public}` {are} public, so there is no caller to authorize; {fix}");
            cx.error_on(codes::PUBLIC_HAS_NO_IDENTITY, name, message);
        } else if unverified.len() == view.covered.len() && !view.covered.is_empty() {
            cx.error_on(
                codes::NO_VERIFIED_CALLER,
                name,
                "`authorize` needs the caller that `auth` verifies; list `auth` before `authorize`",
            );
        } else if !unverified.is_empty() {
            let unverified = unverified.join("`, `");
            let message = format!(
                "`auth` does not cover `{unverified}`, so no caller is verified there; let `auth` cover what `authorize` does"
            );
            cx.error_on(codes::NO_VERIFIED_CALLER, name, message);
        }
    }
}

fn is_closure(expr: &Expr) -> bool {
    match expr {
        Expr::Closure(_) => true,
        Expr::Group(group) => is_closure(&group.expr),
        Expr::Paren(paren) => is_closure(&paren.expr),
        _ => false,
    }
}
