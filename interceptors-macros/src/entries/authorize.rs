use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Expr;

use super::entry::{Entry, Listed, Spot};
use super::keywords::SELECTORS;
use super::reader::Reader;
use super::row::{OneOf, Places, Positional, Row, Setting, Start, Times, Value, enabled_by};
use super::view::{View, as_list};
use crate::codes;
use crate::ctxt::Ctxt;
use crate::item::methods::Selector;
use crate::text::config::Config;
use crate::text::settings::{Together, Written};
use crate::text::span::at;

pub(crate) static ROW: Row = Row {
    name: "authorize",
    also_called: &[
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
    says: "rejects callers that may not make the call; needs `auth` before it",
    module: "authorize",
    interceptor: "Authorize",
    config_type: Some("Roles"),
    start: Start::IfSet,
    example: "authorize(role = \"admin\")",
    ends_with: "PERMISSION_DENIED",
    positional: Positional::No,
    meant_by_several: roles,
    settings: &[
        Setting {
            name: "role",
            value: Value::SomeText("`role` is empty; name a role"),
            says: "callers with this role, by [`HasRole`](authorize::HasRole) of the identity",
            not_with: &["roles", "with"],
            ..Setting::USUAL
        },
        Setting {
            name: "roles",
            value: Value::Texts,
            says: "callers with any of these",
            not_with: &["with"],
            also_called: &["any_of", "any"],
            ..Setting::USUAL
        },
        Setting {
            name: "with",
            value: Value::Given(None),
            says: "a closure or function of the identity, or a [`Policy`](authorize::Policy), which sees the names of the call too",
            also_called: &["policy", "by", "check"],
            ..Setting::USUAL
        },
    ],
    one_of: &[OneOf {
        names: &["role", "roles", "with"],
        places: Places::ALL,
        missing: "`authorize` does not say who may call; add `role = \"admin\"`, or `roles` or `with`",
    }],
    ..Row::USUAL
};

/// What was meant by `authorize(admin)`.
fn roles(given: &[Written<'_>]) -> Option<Together> {
    let is_name = |word: &str| {
        let settings = ROW.settings.iter().chain(&SELECTORS);
        let mut names =
            settings.flat_map(|it| [it.name].into_iter().chain(it.also_called.iter().copied()));
        names.any(|name| name == word)
    };
    let is_role = |written: &Written<'_>| {
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
    Some(Together { places, message })
}

/// By roles, or by a policy.
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

    fn value(&self, spot: &Spot<'_>) -> TokenStream {
        let span = at(spot.place.span);
        let auth = spot.verifier(span);
        let authorize = spot.place.interceptor(ROW.module, ROW.interceptor);
        match &self.policy {
            // A closure learns the type of its argument from where it is handed over.
            Some(policy) if is_closure(policy) => {
                let policy = spot.site.with_self(policy);
                quote_spanned!(span=> &#authorize::by_fn(&#auth, #policy))
            }
            Some(policy) => {
                let (policy, and) = (spot.lent(policy), spot.and());
                quote_spanned!(span=> #and #authorize::by_policy(&#auth, #policy))
            }
            None => {
                let config = spot.place.item("CONFIG");
                quote_spanned!(span=> &#authorize::by_role(&#auth, #config))
            }
        }
    }

    /// There has to be somebody to authorize, in every method that the entry covers.
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
            let cure = match view.methods {
                _ if view.is_of_method => "take one of the two out".to_owned(),
                Selector::Only(_) => format!("take {them} out of `only`"),
                Selector::Except(_) => format!("add {them} to `except`"),
                Selector::All => {
                    format!("leave {them} out with `except = [{}]`", as_list(&public))
                }
            };
            let public = public.join("`, `");
            let message =
                format!("`{public}` {are} public, so there is nobody to authorize; {cure}");
            cx.error_on(codes::PUBLIC_HAS_NO_IDENTITY, name, message);
        } else if unverified.len() == view.covered.len() && !view.covered.is_empty() {
            cx.error_on(
                codes::NOBODY_VERIFIED,
                name,
                "`authorize` needs the caller that `auth` verifies; list `auth` before `authorize`",
            );
        } else if !unverified.is_empty() {
            let unverified = unverified.join("`, `");
            let message = format!(
                "`auth` does not cover `{unverified}`, so no caller is verified there; let `auth` cover what `authorize` does"
            );
            cx.error_on(codes::NOBODY_VERIFIED, name, message);
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
