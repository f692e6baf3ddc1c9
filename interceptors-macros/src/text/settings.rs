use std::cell::Cell;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, Ident};

use super::args::{Arg, ArgValue, UnnamedMessage, parse_args};
use super::words::unknown;
use crate::codes::{self, Code};
use crate::ctxt::Ctxt;

/// The settings of one entry. Each can be taken once, under its one name.
pub(crate) struct Settings<'c> {
    cx: &'c Ctxt,
    given: Vec<Arg>,
    /// Whether all of them could be read. Otherwise one that is missing may be among those that could not.
    pub(crate) is_complete: bool,
}

/// What is said of a name with this value.
pub(crate) type MessageForUnknown<'a> = &'a dyn Fn(&str, Option<&Expr>) -> Option<(Code, String)>;

/// Several settings that together say what one setting of ours says.
pub(crate) struct CombinedSettings {
    /// Their places in the list. What is wrong is said at the first.
    pub(crate) places: Vec<usize>,
    pub(crate) message: String,
}

/// The name and the value of a setting, as it was written.
pub(crate) struct WrittenSetting<'a> {
    pub(crate) name: String,
    pub(crate) value: Option<&'a Expr>,
    /// Whether it is a name alone.
    pub(crate) is_word: bool,
}

/// What is said of all settings of an entry.
pub(crate) type MessageForSeveral<'a> =
    &'a dyn Fn(&[WrittenSetting<'_>]) -> Option<CombinedSettings>;

/// What an entry can be told.
pub(crate) struct KnownSettings<'a> {
    pub(crate) names: Vec<&'a str>,
    /// The message for a value without a name.
    pub(crate) unnamed: UnnamedMessage<'a>,
    /// What is said of a name that is not among them, where something better can be said than which is near.
    pub(crate) for_unknown: MessageForUnknown<'a>,
    /// What is said of several settings at once, where that is one mistake.
    pub(crate) for_several: MessageForSeveral<'a>,
}

impl<'c> Settings<'c> {
    /// Reports unknown and repeated settings; what remains is known and there once.
    pub(crate) fn new(cx: &'c Ctxt, tokens: TokenStream, known: &KnownSettings<'_>) -> Self {
        Self::read(cx, tokens, known.unnamed, known.for_several, |arg| {
            let name = arg.name.to_string();
            if known.names.contains(&name.as_str()) {
                return None;
            }
            // `retry(MAX)` is a value and not a name.
            let looks_like_a_value =
                name.starts_with(char::is_uppercase) || name == "true" || name == "false";
            let is_value = matches!(arg.value, ArgValue::None) && looks_like_a_value;
            let wrong = match is_value {
                true => (codes::NO_NAME, (known.unnamed)(&arg.name.to_token_stream())),
                false => (known.for_unknown)(&name, arg.value.expr()).unwrap_or_else(|| {
                    let message = unknown("setting", &name, &known.names);
                    (codes::UNKNOWN_SETTING, message)
                }),
            };
            Some(wrong)
        })
    }

    /// The parts of one setting: `throttle(tokens = 10, ratio = 0.1)`.
    pub(crate) fn parts(cx: &'c Ctxt, tokens: TokenStream, key: &Ident, names: &[&str]) -> Self {
        let shape: Vec<String> = names.iter().map(|name| format!("{name} = …")).collect();
        let shape = format!(
            "`{key}` takes its settings by name: `{key}({})`",
            shape.join(", ")
        );
        let known = KnownSettings {
            names: names.to_vec(),
            unnamed: &|_| shape.clone(),
            for_unknown: &|_, _| None,
            for_several: &|_| None,
        };
        Self::new(cx, tokens, &known)
    }

    /// Settings that only the compiler knows.
    pub(crate) fn with_any_names(
        cx: &'c Ctxt,
        tokens: TokenStream,
        unnamed: UnnamedMessage<'_>,
    ) -> Self {
        Self::read(cx, tokens, unnamed, &|_| None, |_| None)
    }

    /// `wrong` says what is wrong with a name.
    fn read(
        cx: &'c Ctxt,
        tokens: TokenStream,
        unnamed: UnnamedMessage<'_>,
        for_several: MessageForSeveral<'_>,
        wrong: impl Fn(&Arg) -> Option<(Code, String)>,
    ) -> Self {
        let errors = cx.errors();
        let mut given: Vec<Arg> = Vec::new();
        // Of several values without names the first is an error, and the others are the same mistake.
        let is_reported = Cell::new(false);
        let unnamed = |value: &TokenStream| (!is_reported.replace(true)).then(|| unnamed(value));
        let args = parse_args(cx, tokens, unnamed);
        let values = args.iter().map(|arg| WrittenSetting {
            name: arg.name.to_string(),
            value: arg.value.expr(),
            is_word: matches!(arg.value, ArgValue::None) && arg.path.is_none(),
        });
        let values: Vec<WrittenSetting<'_>> = values.collect();
        let together = for_several(&values);
        for (i, arg) in args.into_iter().enumerate() {
            let name = &arg.name;
            if let Some(together) = &together
                && together.places.contains(&i)
            {
                if together.places.first() == Some(&i) {
                    cx.error_on(codes::UNKNOWN_SETTING, name, &together.message);
                }
            } else if arg.path.is_some() {
                cx.error_on(
                    codes::UNKNOWN_SETTING,
                    &arg.path,
                    "a setting has a name of one word",
                );
            } else if let Some((code, wrong)) = wrong(&arg) {
                cx.error_on(code, name, wrong);
            } else if given.iter().any(|earlier| earlier.name == *name) {
                cx.error_on(
                    codes::DUPLICATE_SETTING,
                    name,
                    format!("duplicate setting `{name}`; take one out"),
                );
            } else {
                given.push(arg);
            }
        }
        let is_complete = cx.errors() == errors;
        Self {
            cx,
            given,
            is_complete,
        }
    }

    /// `name = expr`
    pub(crate) fn expr(&mut self, name: &str) -> Option<(Ident, Expr)> {
        let Arg { name, value, .. } = self.take(name)?;
        match value {
            ArgValue::Expr(expr) => Some((name, *expr)),
            _ => {
                self.cx.error_on(
                    codes::NO_VALUE,
                    &name,
                    format!("`{name}` needs a value: `{name} = …`"),
                );
                None
            }
        }
    }

    /// `name(…)`, which is written as `shape`.
    pub(crate) fn list(&mut self, name: &str, shape: &str) -> Option<(Ident, TokenStream)> {
        let Arg { name, value, .. } = self.take(name)?;
        match value {
            ArgValue::List(tokens) => Some((name, tokens)),
            _ => {
                self.cx.error_on(
                    codes::NO_VALUE,
                    &name,
                    format!("`{name}` needs a list: `{shape}`"),
                );
                None
            }
        }
    }

    /// The later of two settings that exclude each other, if both are given.
    pub(crate) fn conflict(&self, a: &str, b: &str) {
        let at = |name| self.given.iter().position(|arg| arg.name == name);
        if let (Some(i), Some(j)) = (at(a), at(b)) {
            let (earlier, later) = (&self.given[i.min(j)].name, &self.given[i.max(j)].name);
            self.cx.error_on(
                codes::CONFLICTING_SETTINGS,
                later,
                format!("`{later}` cannot be given together with `{earlier}`; keep one of them"),
            );
        }
    }

    /// The name of a setting as it was written, if it was given and not taken yet.
    pub(crate) fn key(&self, name: &str) -> Option<&Ident> {
        let given = self.given.iter().find(|arg| arg.name == name);
        given.map(|arg| &arg.name)
    }

    /// All that is left, as it was written.
    pub(crate) fn rest(&mut self) -> Vec<Arg> {
        std::mem::take(&mut self.given)
    }

    fn take(&mut self, name: &str) -> Option<Arg> {
        let index = self.given.iter().position(|arg| arg.name == name)?;
        Some(self.given.remove(index))
    }
}
