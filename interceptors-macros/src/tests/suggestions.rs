//! The code that messages suggest has no errors of its own.

use proc_macro2::TokenStream;
use quote::quote;

use super::block;
use crate::check;
use crate::entries::TABLE;
use crate::entries::keywords::SELECTORS;
use crate::entries::parse;
use crate::entries::row::{Row, Value};
use crate::item::mount::Mount;

/// Values to try in every setting.
const VALUES: &[&str] = &[
    "3",
    "50",
    "0.5",
    "100.0",
    "0",
    "-1",
    "true",
    "\"2s\"",
    "\"10\"",
    "\"1h30\"",
    "\"100/s\"",
    "\"debug\"",
    "\"admin\"",
    "\"x-id\"",
    "[Unavailable]",
    "[login]",
    "Unavailable",
    "LIMIT",
    "self.own",
];

/// Names to try, besides those in the rows.
const NAMES: &[&str] = &[
    "exclude", "include", "enabled", "required", "limit", "max", "timeout", "time", "secs", "ms",
    "name", "codes", "on", "key", "header", "window", "per_hour", "size", "delay", "value",
];

/// The messages. It skips the expansion, to save time.
fn errors(args: TokenStream, item: TokenStream) -> Vec<String> {
    let checked = parse::parse(args, item).and_then(check::check);
    let errors = checked.err().into_iter().flatten();
    errors.map(|error| error.to_string()).collect()
}

fn items() -> [(Mount, TokenStream, TokenStream); 4] {
    let hand_written = quote! {
        impl Users {
            async fn login(&self, request: Request<Login>) -> Result<Response<Token>, Status> { todo!() }
        }
    };
    let outbound = quote!(
        struct Outbound;
    );
    [
        (Mount::Service, quote!(), block()),
        (
            Mount::HandWritten,
            quote!(service = "user.v1.UserService",),
            hand_written,
        ),
        (Mount::Channel, quote!(), outbound.clone()),
        (Mount::Server, quote!(server,), outbound),
    ]
}

#[test]
fn suggested_code_has_no_errors() {
    let (mut tried, mut wrong_again) = (0, Vec::new());
    for (mount, before, item) in &items() {
        for row in TABLE.iter().map(|known| known.row) {
            if !row.places.has(*mount) {
                continue;
            }
            for wrong in wrong_settings(row) {
                let args: TokenStream = wrong.parse().unwrap();
                for message in errors(with_auth(row, before, &args), item.clone()) {
                    let Some(written) = written(row, &message) else {
                        continue;
                    };
                    tried += 1;
                    let args: TokenStream = written.parse().unwrap_or_else(|error| {
                        panic!("`{wrong}` leads to `{written}`, which cannot be read: {error}")
                    });
                    let errors = errors(with_auth(row, before, &args), item.clone());
                    // Another setting may be missing, which is another mistake.
                    let is_of_it = |error: &String| {
                        let others = ["missing setting", "belongs to `", "does not say"];
                        !others.iter().any(|other| error.contains(other))
                    };
                    let errors: Vec<String> = errors.into_iter().filter(is_of_it).collect();
                    if !errors.is_empty() {
                        wrong_again.push(format!(
                            "{mount:?}: `{wrong}` leads to `{written}`: {errors:?}"
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong_again.is_empty(), "{wrong_again:#?}");
    assert!(tried > 300, "only {tried} suggestions");
}

#[test]
fn suggested_names_exist() {
    for (mount, before, item) in &items() {
        for row in TABLE.iter().map(|known| known.row) {
            if !row.places.has(*mount) {
                continue;
            }
            let own = row.settings.iter();
            let here: Vec<&str> = own
                .filter(|setting| setting.places.has(*mount))
                .map(|setting| setting.name)
                .chain(SELECTORS.iter().map(|setting| setting.name))
                .collect();
            for wrong in wrong_settings(row) {
                let args: TokenStream = wrong.parse().unwrap();
                for message in errors(with_auth(row, before, &args), item.clone()) {
                    let meant = message
                        .strip_prefix("unknown setting `")
                        .and_then(|rest| rest.split("did you mean `").nth(1))
                        .and_then(|rest| rest.split('`').next());
                    if let Some(meant) = meant {
                        assert!(here.contains(&meant), "{mount:?}: {wrong}: {message}");
                    }
                }
            }
        }
    }
}

/// `retry(3)`, `retry(attempts = "2s")`, `retry(max = self.own)` and so on.
fn wrong_settings(row: &Row) -> Vec<String> {
    let name = row.name;
    let is_expression = |setting: &&crate::entries::row::Setting| {
        !matches!(setting.value, Value::Own(_) | Value::Parts(..))
    };
    let own = row.settings.iter().filter(is_expression);
    let own = own.flat_map(|setting| {
        [setting.name]
            .into_iter()
            .chain(setting.aliases.iter().copied())
    });
    let names: Vec<&str> = own.chain(NAMES.iter().copied()).collect();
    let mut all = Vec::new();
    for value in VALUES {
        all.push(format!("{name}({value})"));
    }
    for value in [
        "3",
        "0",
        "0.5",
        "\"2s\"",
        "\"10\"",
        "\"100/s\"",
        "[login]",
        "Unavailable",
    ] {
        all.extend(names.iter().map(|it| format!("{name}({it} = {value})")));
    }
    all.extend(names.iter().map(|it| format!("{name}({it})")));
    all
}

/// Adds `auth` before entries that need it.
fn with_auth(row: &Row, before: &TokenStream, args: &TokenStream) -> TokenStream {
    match row.name {
        "authorize" => quote!(#before auth, #args),
        _ => quote!(#before #args),
    }
}

/// The entry that a message suggests, if the suggestion is complete.
fn written(row: &Row, message: &str) -> Option<String> {
    let (_, rest) = message.rsplit_once("write `")?;
    let (written, _) = rest.split_once('`')?;
    if written.contains('…') {
        return None;
    }
    let name = row.name;
    Some(match written.starts_with(&format!("{name}(")) {
        true => written.to_owned(),
        false => format!("{name}({written})"),
    })
}
