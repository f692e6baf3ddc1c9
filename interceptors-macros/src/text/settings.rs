use std::cell::Cell;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, Ident};

use super::args::{Arg, ArgValue, UnnamedMessage, parse_args};
use super::words::unknown;
use crate::codes::{self, Code};
use crate::ctxt::Ctxt;

/// The settings of one entry. Each can be taken once, by its name.
pub(crate) struct Settings<'c> {
    cx: &'c Ctxt,
    given: Vec<Arg>,
    /// Whether all settings were read without errors. If not, a setting that seems to be missing may be one of the unreadable ones.
    pub(crate) is_complete: bool,
}

/// Returns a special error for an unknown name and its value.
pub(crate) type MessageForUnknown<'a> = &'a dyn Fn(&str, Option<&Expr>) -> Option<(Code, String)>;

/// Several settings of another library that one setting here replaces, such as `requests = 5, window = "1m"`.
pub(crate) struct CombinedSettings {
    /// Their places in the list. The error is reported at the first.
    pub(crate) places: Vec<usize>,
    pub(crate) message: String,
}

/// A setting as it was written.
pub(crate) struct WrittenSetting<'a> {
    pub(crate) name: String,
    pub(crate) value: Option<&'a Expr>,
    /// Whether it is only a name.
    pub(crate) is_word: bool,
}

/// Looks at all settings of an entry together, and returns a special error if some of them are one mistake.
pub(crate) type MessageForSeveral<'a> =
    &'a dyn Fn(&[WrittenSetting<'_>]) -> Option<CombinedSettings>;

/// The settings that an entry has, and its messages for others.
pub(crate) struct KnownSettings<'a> {
    pub(crate) names: Vec<&'a str>,
    /// Writes the message for a value without a name.
    pub(crate) unnamed: UnnamedMessage<'a>,
    /// Returns a better message for an unknown name than the nearest known name.
    pub(crate) for_unknown: MessageForUnknown<'a>,
    /// Returns one message for several settings that are one mistake.
    pub(crate) for_several: MessageForSeveral<'a>,
}

impl<'c> Settings<'c> {
    /// Reads settings, and reports the unknown and the repeated ones. What remains is known and occurs once.
    pub(crate) fn new(cx: &'c Ctxt, tokens: TokenStream, known: &KnownSettings<'_>) -> Self {
        Self::read(cx, tokens, known.unnamed, known.for_several, |arg| {
            let name = arg.name.to_string();
            if known.names.contains(&name.as_str()) {
                return None;
            }
            // In `retry(MAX)`, `MAX` is a value and not a name.
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

    /// Reads settings whose names only the compiler can check.
    pub(crate) fn with_any_names(
        cx: &'c Ctxt,
        tokens: TokenStream,
        unnamed: UnnamedMessage<'_>,
    ) -> Self {
        Self::read(cx, tokens, unnamed, &|_| None, |_| None)
    }

    /// `wrong` returns the error for a setting, if it has one.
    fn read(
        cx: &'c Ctxt,
        tokens: TokenStream,
        unnamed: UnnamedMessage<'_>,
        for_several: MessageForSeveral<'_>,
        wrong: impl Fn(&Arg) -> Option<(Code, String)>,
    ) -> Self {
        let errors = cx.errors();
        let mut given: Vec<Arg> = Vec::new();
        // Several values without names are one mistake: only the first is reported.
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

    /// Reports the later of two settings that exclude each other, if both are given.
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

    /// The token of a setting's name, if the setting was given and not taken yet.
    pub(crate) fn key(&self, name: &str) -> Option<&Ident> {
        let given = self.given.iter().find(|arg| arg.name == name);
        given.map(|arg| &arg.name)
    }

    /// Takes all settings that are left.
    pub(crate) fn rest(&mut self) -> Vec<Arg> {
        std::mem::take(&mut self.given)
    }

    fn take(&mut self, name: &str) -> Option<Arg> {
        let index = self.given.iter().position(|arg| arg.name == name)?;
        Some(self.given.remove(index))
    }
}
