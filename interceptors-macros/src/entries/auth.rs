use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Ident, ItemStruct, Member, Type, parse_quote};

use super::access::Access;
use super::by::{read_mount, shown_mount};
use super::entry::{Entry, Listed, ValueContext};
use super::reader::Reader;
use super::row::{
    DefaultValue, Fit, Needs, OneOf, Places, Positional, Row, Setting, Value, enabled_by,
};
use super::scope::Place;
use crate::item::mount::{Mount, Side};
use crate::text::config::Config;
use crate::text::span::at;
use crate::text::tokens::without_reference;

/// `auth` on a service or a server, where it verifies tokens.
pub(crate) static ROW: Row = Row {
    name: "auth",
    aliases: ALSO_CALLED,
    feature: enabled_by!("auth"),
    places: Places::SERVERS,
    doc: "verifies the token of each call; on a client, sends one",
    module: "auth",
    interceptor: "Verifying",
    config_type: Some("Credentials"),
    example: "auth(verifier = self.tokens)",
    ends_with: "UNAUTHENTICATED",
    positional: Positional::No,
    suggest: suggest_on_server,
    settings: &[
        Setting {
            name: "verifier",
            value: Value::Given(Some("self")),
            default: DefaultValue::Is("self"),
            doc: "verifies the token: a [`Verifier`](auth::Verifier)",
            aliases: &["verify", "with", "token"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "by",
            value: Value::Own("by"),
            places: Places::SERVICE,
            doc: "the [server's struct](#a-server) in front of the service, whose `auth` has verified the caller",
            conflicts_with: &["verifier", "scheme", "header", "outlive_token"],
            aliases: &["mount", "from", "server"],
            ..Setting::DEFAULT
        },
        Setting {
            doc: "methods that need no token",
            ..PUBLIC
        },
        Setting {
            doc: "methods that need a token; see [below](#public-or-protected)",
            ..PROTECTED
        },
        Setting {
            doc: "word before the token, in upper or lower case; `\"\"` for none",
            ..SCHEME
        },
        HEADER,
        OUTLIVE_TOKEN,
    ],
    fit: Fit::Checked,
    verifies: true,
    ..Row::DEFAULT
};

/// `auth` on a client, where it sends a token.
pub(crate) static CLIENT: Row = Row {
    name: "auth",
    aliases: ALSO_CALLED,
    feature: enabled_by!("auth"),
    places: Places::CLIENTS,
    doc: "sends a token with each call",
    module: "auth",
    config_module: Some("auth::client"),
    interceptor: "Sending",
    config_type: Some("Credentials"),
    example: "auth(token = self.tokens)",
    positional: Positional::No,
    suggest: suggest_on_client,
    settings: &[
        Setting {
            name: "token",
            value: Value::Given(Some("self")),
            default: DefaultValue::Is("self"),
            doc: "where tokens come from: a [`TokenSource`](auth::TokenSource), such as a [`TokenCache`](auth::TokenCache)",
            aliases: &["tokens", "source", "verifier", "with"],
            ..Setting::DEFAULT
        },
        Setting {
            doc: "methods that are called without a token",
            ..PUBLIC
        },
        Setting {
            doc: "methods that are called with a token; not on a channel",
            ..PROTECTED
        },
        Setting {
            doc: "word before the token; `\"\"` for none",
            ..SCHEME
        },
        HEADER,
        Setting {
            name: "allow_plaintext",
            value: Value::Boolean,
            default: DefaultValue::Is("false"),
            doc: "whether to send the token over a connection that is known not to be encrypted",
            aliases: &["insecure", "plaintext", "allow_http"],
            ..Setting::DEFAULT
        },
        OUTLIVE_TOKEN,
    ],
    one_of: &[OneOf {
        names: &["token"],
        places: Places::CLIENT_MODULE,
        missing: "missing setting `token`; a generated client holds no token itself: add `token = &*crate::TOKENS`",
    }],
    fit: Fit::Checked,
    needs: Needs {
        scheme: true,
        ..Needs::NOTHING
    },
    runs_user_code: true,
    ..Row::DEFAULT
};

const ALSO_CALLED: &[&str] = &[
    "authenticate",
    "authentication",
    "authn",
    "auth_required",
    "api_key",
    "jwt_auth",
    "jwt_authn",
    "login_required",
    "require_auth",
    "secured",
    "bearer",
    "jwt",
    "oauth",
    "oauth2",
    "token",
    "tokens",
    "verify",
];

fn suggest_on_server(name: Option<&str>, _: Option<&Expr>) -> Option<String> {
    match name? {
        name @ ("required" | "require" | "enabled" | "mandatory" | "always") => Some(format!(
            "`auth` verifies the token of every call; take `{name}` out, and list the methods that need no token: `auth(public = […])`"
        )),
        "optional" => Some(
            "`auth` lets no call pass without a token; list the methods that need none: `auth(public = […])`".to_owned(),
        ),
        name @ ("role" | "roles" | "permission" | "permissions" | "scope" | "scopes") => Some(format!(
            "`auth` verifies who calls, and `authorize` decides who may; take `{name}` out, and list `authorize(role = \"admin\")` after `auth`"
        )),
        name @ ("jwt" | "jwks" | "issuer" | "audience" | "secret") => Some(format!(
            "`{name}` belongs to the verifier; keep one in the service, and write `auth(verifier = self.tokens)`"
        )),
        name => suggest_scheme(name),
    }
}

fn suggest_on_client(name: Option<&str>, _: Option<&Expr>) -> Option<String> {
    match name? {
        name @ ("required" | "require" | "enabled" | "mandatory" | "always" | "optional") => {
            Some(format!(
                "`auth` sends a token with every call; take `{name}` out, and list the methods that need none: `auth(public = […])`"
            ))
        }
        name => suggest_scheme(name),
    }
}

/// For `basic`, suggests `scheme = "Basic"`.
fn suggest_scheme(name: &str) -> Option<String> {
    let scheme = match name {
        "basic" => "Basic",
        "bearer" => "Bearer",
        _ => return None,
    };
    Some(format!(
        "unknown setting `{name}`; write `scheme = \"{scheme}\"`"
    ))
}

const PUBLIC: Setting = Setting {
    name: "public",
    value: Value::Access,
    default: DefaultValue::Words("`[]`"),
    conflicts_with: &["only", "except"],
    aliases: &[
        "skip",
        "open",
        "allow",
        "allow_list",
        "allowlist",
        "allowed",
        "anonymous",
        "exclude",
        "excluded",
        "exempt",
        "ignore",
        "no_auth",
        "skip_auth",
        "skip_methods",
        "unauthenticated",
        "unprotected",
        "whitelist",
        "without",
    ],
    ..Setting::DEFAULT
};

const PROTECTED: Setting = Setting {
    name: "protected",
    value: Value::Access,
    default: DefaultValue::Words("all others"),
    conflicts_with: &["only", "except"],
    aliases: &["private", "secured", "authenticated"],
    ..Setting::DEFAULT
};

const SCHEME: Setting = Setting {
    name: "scheme",
    value: Value::Text,
    default: DefaultValue::Is("\"Bearer\""),
    aliases: &["prefix"],
    ..Setting::DEFAULT
};

const HEADER: Setting = Setting {
    name: "header",
    value: Value::Text,
    default: DefaultValue::Is("\"authorization\""),
    doc: "metadata key of the token",
    aliases: &["key", "metadata"],
    ..Setting::DEFAULT
};

/// Also listed for clients, so that the error there says where it belongs.
const OUTLIVE_TOKEN: Setting = Setting {
    name: "outlive_token",
    value: Value::Boolean,
    places: Places::SERVERS,
    default: DefaultValue::Is("false"),
    doc: "whether streams continue after the token that they began with has expired",
    aliases: &["ignore_expiry", "allow_expired"],
    ..Setting::DEFAULT
};

struct Auth {
    row: &'static Row,
    /// How the token is sent in metadata. `None` if a server's struct verifies the token: `auth(by = Inbound)`.
    config: Option<Config>,
    by: Option<Type>,
    /// The verifier, or the source of tokens.
    given: Option<Expr>,
    access: Access,
    /// The name token of `outlive_token`.
    outlive_token: Option<Ident>,
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let mut reading = reader.read(tokens)?;
    let by = match reader.row.places.has_side(Side::Server) {
        true => reading.settings.expr("by"),
        false => None,
    };
    let by = match by {
        Some((_, expr)) => Some(read_mount(reader.cx, &expr)?),
        None => None,
    };
    if let Some(by) = &by {
        reading.config = None;
        reading.shown.retain(|(name, _)| name != "verifier");
        reading.shown.push(("by".to_owned(), shown_mount(by)));
    }
    let entry = Auth {
        row: reader.row,
        config: reading.config.take(),
        by,
        given: reading.given.take(),
        access: std::mem::take(&mut reading.access),
        outlive_token: reading.key_of("outlive_token").cloned(),
    };
    Some(reading.listed(entry))
}

impl Auth {
    /// Whether the entry is on a server's struct. Services refer to it with `auth(by = …)`.
    fn is_of_mount(&self, place: &Place<'_>) -> bool {
        place.mount == Mount::Server
    }
}

impl Entry for Auth {
    fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    fn given(&self) -> Option<&Expr> {
        self.given.as_ref()
    }

    /// With `by`, the bounds of `by_mount` check the type.
    fn fit(&self, by_row: Fit) -> Fit {
        match self.by {
            Some(_) => Fit::Always,
            None => by_row,
        }
    }

    fn borrows_self(&self) -> bool {
        self.given.is_none() && self.by.is_none()
    }

    fn access(&self) -> Option<&Access> {
        Some(&self.access)
    }

    fn secret_header(&self, place: &Place<'_>) -> Option<TokenStream> {
        if self.config.is_none() {
            return Some(quote!(::core::option::Option::None));
        }
        let config = place.item("CONFIG");
        Some(quote!(#config.own_header()))
    }

    fn stream_setting(&self, place: &Place<'_>) -> Option<(&Ident, TokenStream)> {
        let key = self.outlive_token.as_ref()?;
        let config = place.item("CONFIG");
        self.config.as_ref()?;
        Some((key, quote!(#config.lets_streams_go_on())))
    }

    fn for_uncovered_calls(&self, place: &Place<'_>) -> Option<TokenStream> {
        self.is_of_mount(place)
            .then(|| quote!(__interceptors::auth::by::passes::<Self>(__call);))
    }

    /// Output, for a verifier in a field of this type:
    ///
    /// ```text
    /// impl Authenticates for Inbound
    /// where
    ///     Tokens: Verifier,
    /// {
    ///     type Identity = <Tokens as Verifier>::Identity;
    /// }
    /// ```
    fn struct_items(&self, item: &ItemStruct, has_error: bool) -> Option<TokenStream> {
        let verifier = match &self.given {
            None => quote!(Self),
            Some(given) => field(item, given)?.to_token_stream(),
        };
        // The compiler does not report a false bound with `for<'a>` at the `impl`. The attribute has an error already, or the
        // entry reports the verifier.
        let is_concrete = item.generics.params.is_empty();
        let whenever = (has_error || is_concrete).then(|| quote!(for<'__a>));
        let (ident, generics) = (&item.ident, &item.generics);
        let (impl_generics, type_generics, _) = generics.split_for_impl();
        let mut bounded = generics.clone();
        let predicates = &mut bounded.make_where_clause().predicates;
        predicates.push(parse_quote!(#whenever #verifier: __interceptors::auth::Verifier));
        predicates.push(
            parse_quote!(#whenever Self: ::core::marker::Send + ::core::marker::Sync + 'static),
        );
        let (_, _, where_clause) = bounded.split_for_impl();
        Some(quote! {
            impl #impl_generics __interceptors::auth::Authenticates for #ident #type_generics #where_clause {
                type Identity = <#verifier as __interceptors::auth::Verifier>::Identity;
            }
        })
    }

    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        let place = &context.place;
        if let Some(by) = &self.by {
            let by_mount = place.interceptor("auth::by", "by_mount");
            let span = at(by.span());
            return quote_spanned!(span=> #by_mount::<#by>());
        }
        let interceptor = place.interceptor(self.row.module, self.row.interceptor);
        let config = place.item("CONFIG");
        let given = match &self.given {
            Some(given) => context.borrowed(given),
            None => context.scope.self_reference(at(place.name.span())),
        };
        let ampersand = context.ampersand();
        match self.is_of_mount(place) {
            true => {
                quote_spanned!(at(place.span)=> #ampersand #interceptor::of::<Self>(#config, #given))
            }
            false => quote_spanned!(at(place.span)=> #ampersand #interceptor::new(#config, #given)),
        }
    }
}

/// The type of the field in `self.tokens` or `&self.tokens`.
fn field<'a>(item: &'a ItemStruct, expr: &Expr) -> Option<&'a Type> {
    let Expr::Field(access) = without_reference(expr) else {
        return None;
    };
    if !matches!(&*access.base, Expr::Path(base) if base.path.is_ident("self")) {
        return None;
    }
    let mut fields = item.fields.iter().enumerate();
    let found = fields.find(|(i, field)| match &access.member {
        Member::Named(name) => field.ident.as_ref() == Some(name),
        Member::Unnamed(index) => index.index as usize == *i,
    });
    found.map(|(_, field)| &field.ty)
}
