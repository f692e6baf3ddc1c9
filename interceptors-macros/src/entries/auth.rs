use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Expr;

use super::access::Access;
use super::entry::{Entry, Listed, Spot};
use super::reader::Reader;
use super::row::{
    DefaultValue, Fit, Needs, OneOf, Places, Positional, Row, Setting, Value, enabled_by,
};
use super::site::Place;
use crate::text::config::Config;
use crate::text::span::at;

/// On a service.
pub(crate) static ROW: Row = Row {
    name: "auth",
    also_called: ALSO_CALLED,
    feature: enabled_by!("auth"),
    places: Places::SERVERS,
    says: "verifies the token of each call; on a client, sends one",
    module: "auth",
    interceptor: "Auth",
    example: "auth(verifier = self.tokens)",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "verifier",
            value: Value::Given(Some("self")),
            default: DefaultValue::Is("self"),
            says: "who verifies: a [`Verifier`](auth::Verifier)",
            also_called: &["verify", "with", "token"],
            ..Setting::USUAL
        },
        Setting {
            says: "methods that need no token",
            ..PUBLIC
        },
        Setting {
            says: "methods that need one; see [below](#public-or-protected)",
            ..PROTECTED
        },
        Setting {
            says: "word before the token, in any case; `\"\"` for none",
            ..SCHEME
        },
        HEADER,
    ],
    fit: Fit::Asked,
    verifies: true,
    ..Row::USUAL
};

/// On a client, where it sends a token.
pub(crate) static CLIENT: Row = Row {
    name: "auth",
    also_called: ALSO_CALLED,
    feature: enabled_by!("auth"),
    places: Places::CLIENTS,
    says: "sends a token with each call",
    module: "auth",
    config_module: Some("auth::client"),
    interceptor: "Authenticate",
    example: "auth(token = self.tokens)",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "token",
            value: Value::Given(Some("self")),
            default: DefaultValue::Is("self"),
            says: "who gives the token: a [`TokenSource`](auth::TokenSource), such as a [`TokenCache`](auth::TokenCache)",
            also_called: &["tokens", "source", "with"],
            ..Setting::USUAL
        },
        Setting {
            says: "methods that are called without a token",
            ..PUBLIC
        },
        Setting {
            says: "methods that are called with one; not on a channel",
            ..PROTECTED
        },
        Setting {
            says: "word before the token; `\"\"` for none",
            ..SCHEME
        },
        HEADER,
        Setting {
            name: "allow_plaintext",
            value: Value::Boolean,
            default: DefaultValue::Is("false"),
            says: "whether to send the token over a connection that is known not to be encrypted",
            also_called: &["insecure", "plaintext", "allow_http"],
            ..Setting::USUAL
        },
    ],
    one_of: &[OneOf {
        names: &["token"],
        places: Places::CLIENT_MODULE,
        missing: "missing setting `token`; a generated client holds no token itself: add `token = &*crate::TOKENS`",
    }],
    fit: Fit::Asked,
    needs: Needs {
        scheme: true,
        ..Needs::NOTHING
    },
    runs_users_code: true,
    ..Row::USUAL
};

const ALSO_CALLED: &[&str] = &["authenticate", "authentication", "bearer", "jwt", "token"];

const PUBLIC: Setting = Setting {
    name: "public",
    value: Value::Access,
    default: DefaultValue::Words("`[]`"),
    not_with: &["only", "except"],
    also_called: &["skip", "open"],
    ..Setting::USUAL
};

const PROTECTED: Setting = Setting {
    name: "protected",
    value: Value::Access,
    default: DefaultValue::Words("all others"),
    not_with: &["only", "except"],
    ..Setting::USUAL
};

const SCHEME: Setting = Setting {
    name: "scheme",
    value: Value::Text,
    default: DefaultValue::Is("\"Bearer\""),
    also_called: &["prefix"],
    ..Setting::USUAL
};

const HEADER: Setting = Setting {
    name: "header",
    value: Value::Text,
    default: DefaultValue::Is("\"authorization\""),
    says: "metadata key of the token",
    also_called: &["key", "metadata"],
    ..Setting::USUAL
};

struct Auth {
    row: &'static Row,
    config: Config,
    /// Who verifies the token, or who gives it.
    given: Option<Expr>,
    access: Access,
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let mut reading = reader.read(tokens)?;
    let entry = Auth {
        row: reader.row,
        config: reading.config.take()?,
        given: reading.given.take(),
        access: std::mem::take(&mut reading.access),
    };
    Some(reading.listed(entry))
}

impl Entry for Auth {
    fn config(&self) -> Option<&Config> {
        Some(&self.config)
    }

    fn given(&self) -> Option<&Expr> {
        self.given.as_ref()
    }

    fn asks_self(&self) -> bool {
        self.given.is_none()
    }

    fn access(&self) -> Option<&Access> {
        Some(&self.access)
    }

    fn secret(&self, place: &Place<'_>) -> Option<TokenStream> {
        let config = place.item("CONFIG");
        Some(quote!(#config.own_header()))
    }

    fn value(&self, spot: &Spot<'_>) -> TokenStream {
        let place = &spot.place;
        let interceptor = place.interceptor(self.row.module, self.row.interceptor);
        let config = place.item("CONFIG");
        let given = match &self.given {
            Some(given) => spot.lent(given),
            None => spot.site.itself(at(place.name.span())),
        };
        let and = spot.and();
        quote_spanned!(at(place.span)=> #and #interceptor::new(#config, #given))
    }
}
