//! `payload`: which fields of messages are logged.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use quote::quote;
use syn::Ident;
use syn::ext::IdentExt;

use super::args::{Entry, EntryKind, EntryParser, set};
use crate::item::mount::Mount;
use crate::text::config::Config;

/// `redact = […]` or `show = […]`
pub(crate) struct Fields {
    pub(crate) are_shown: bool,
    pub(crate) paths: Vec<FieldPath>,
}

/// `request.card?.number`, `response.items[].name`
pub(crate) struct FieldPath {
    pub(crate) message: Ident,
    pub(crate) steps: Vec<Step>,
    /// As it was written.
    pub(crate) text: String,
}

impl FieldPath {
    pub(crate) fn is_of_request(&self) -> bool {
        self.message == "request"
    }
}

pub(crate) enum Step {
    /// `.name`
    Field(Ident),
    /// `?`
    Optional(Span),
    /// `[]`
    Repeated(Span),
}

/// The two lists, each with where it stands.
const LISTS: [&str; 2] = ["redact", "show"];

impl EntryParser<'_> {
    /// `payload(redact = [request.password, response.token], max_bytes = 1024, level = "debug")`
    pub(super) fn payload(&self, name: Ident, tokens: TokenStream) -> Option<Entry> {
        if self.mount == Mount::Channel {
            self.cx.error_on(
                &name,
                "a channel sees encoded messages, which have no fields; put `payload` on the generated client",
            );
            return None;
        }
        let values = self.values();
        let errors = self.cx.errors();
        let (lists, rest) = take_lists(tokens);
        let mut settings = self.settings(rest, &["redact", "show", "max_bytes", "level"]);
        for list in LISTS {
            if let Some((key, expr)) = settings.expr(list) {
                self.cx.error_on(
                    &expr,
                    format!("`{key}` must be a list of fields: `{key} = [request.password]`"),
                );
            }
        }
        let mut config = Config::new(quote!(new()), name.span());
        if let Some((key, expr)) = settings.expr("max_bytes") {
            let value = values.integer(&key, &expr, 1..=MOST_BYTES);
            set(&mut config, &key, &expr, value);
        }
        if let Some((key, expr)) = settings.expr("level") {
            set(&mut config, &key, &expr, values.level(&key, &expr));
        }
        let mut fields = None;
        for (key, list) in lists {
            match &fields {
                None => fields = Some((key.clone(), self.field_paths(&key, &list))),
                Some((earlier, _)) if *earlier == key => {
                    let message = format!("duplicate setting `{key}`; take one out");
                    self.cx.error_on(&key, message);
                }
                Some((earlier, _)) => self.cx.error_on(
                    &key,
                    format!("`{key}` cannot be given together with `{earlier}`; keep one of them"),
                ),
            }
        }
        if fields.is_none() && self.cx.errors() == errors {
            self.cx.error_on(
                &name,
                "`payload` does not say what is secret; add `show = [request.id]` for the fields that are logged, or `redact = [request.password]` for those that are not",
            );
        }
        let methods = self.selector(&mut settings);
        let (key, paths) = fields?;
        let texts: Vec<&str> = paths.iter().map(|path| path.text.as_str()).collect();
        let are_shown = key == "show";
        let setting = if are_shown { "show" } else { "redact" };
        Some(Entry {
            name,
            methods,
            expressions: vec![(setting, format!("[{}]", texts.join(", ")))],
            kind: EntryKind::Payload {
                config,
                fields: Fields { are_shown, paths },
            },
        })
    }

    fn field_paths(&self, key: &Ident, list: &Group) -> Vec<FieldPath> {
        let trees: Vec<TokenTree> = list.stream().into_iter().collect();
        let mut paths: Vec<FieldPath> = Vec::new();
        if trees.is_empty() && key == "show" {
            self.cx.error_at(
                list.span(),
                "`show` names no field, so nothing would be logged; name one, or take `payload` out",
            );
        }
        let mut elements: Vec<&[TokenTree]> = trees.split(|tree| is_punct(tree, ',')).collect();
        // What stands behind the last comma, or in an empty list.
        if elements.last().is_some_and(|last| last.is_empty()) {
            elements.pop();
        }
        for element in elements {
            let Some(path) = self.cx.ok(field_path(element, list.span())) else {
                continue;
            };
            if paths.iter().any(|earlier| earlier.text == path.text) {
                self.cx.error_on(
                    &path.message,
                    format!("duplicate field `{}`; take one out", path.text),
                );
            }
            paths.push(path);
        }
        paths
    }
}

/// As `payload::Config` has it.
const MOST_BYTES: u64 = 256 * 1024;

/// Takes `redact = […]` and `show = […]` out: `[]` behind a field is no expression, which the values of other
/// settings are.
fn take_lists(tokens: TokenStream) -> (Vec<(Ident, Group)>, TokenStream) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut lists = Vec::new();
    let mut rest: Vec<TokenTree> = Vec::new();
    for setting in trees.split_inclusive(|tree| is_punct(tree, ',')) {
        match setting {
            [TokenTree::Ident(name), eq, TokenTree::Group(list), end @ ..]
                if LISTS.iter().any(|known| name == known)
                    && is_punct(eq, '=')
                    && list.delimiter() == Delimiter::Bracket
                    && end.iter().all(|tree| is_punct(tree, ',')) =>
            {
                lists.push((name.clone(), list.clone()));
            }
            _ => rest.extend_from_slice(setting),
        }
    }
    (lists, rest.into_iter().collect())
}

fn field_path(trees: &[TokenTree], list: Span) -> syn::Result<FieldPath> {
    let Some((first, rest)) = trees.split_first() else {
        return Err(syn::Error::new(
            list,
            "a field is missing between two commas",
        ));
    };
    let message = match first {
        TokenTree::Ident(name) if name == "request" || name == "response" => name.clone(),
        other => {
            return Err(syn::Error::new(
                other.span(),
                "a path begins with `request` or `response`: `request.password`",
            ));
        }
    };
    let mut text = message.to_string();
    let mut steps = Vec::new();
    let mut last = first;
    let mut rest = rest.iter();
    while let Some(tree) = rest.next() {
        last = tree;
        let step = match tree {
            TokenTree::Punct(dot) if dot.as_char() == '.' => match rest.next() {
                Some(name @ TokenTree::Ident(_)) => {
                    last = name;
                    let name = syn::parse2::<Ident>(name.to_token_stream())?;
                    text.extend([".", &name.unraw().to_string()]);
                    Step::Field(name)
                }
                other => {
                    return Err(syn::Error::new(
                        other.map_or(dot.span(), TokenTree::span),
                        format!("the name of a field follows: `{text}.name`"),
                    ));
                }
            },
            TokenTree::Punct(mark) if mark.as_char() == '?' => {
                text.push('?');
                Step::Optional(mark.span())
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                if !group.stream().is_empty() {
                    return Err(syn::Error::new(
                        group.span(),
                        "`[]` goes through every element; take out what is in it",
                    ));
                }
                text.push_str("[]");
                Step::Repeated(group.span())
            }
            other => {
                return Err(syn::Error::new(
                    other.span(),
                    format!("expected a field (`{text}.name`), `?` or `[]`"),
                ));
            }
        };
        steps.push(step);
    }
    match steps.last() {
        Some(Step::Field(_)) => Ok(FieldPath {
            message,
            steps,
            text,
        }),
        Some(_) => Err(syn::Error::new(
            last.span(),
            "a path ends with a field; take this out, and the field counts as a whole",
        )),
        None => Err(syn::Error::new(
            last.span(),
            format!("the name of a field follows: `{text}.name`"),
        )),
    }
}

fn is_punct(tree: &TokenTree, c: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == c)
}
