//! Reads the settings of an entry, as its row describes them.

use proc_macro2::{Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit, Token};

use super::access::{Access, Protected};
use super::entry::{Entry, Listed};
use super::keywords::SELECTORS;
use super::row::{Positional, Row, Setting, Start, Value};
use crate::codes;
use crate::ctxt::Ctxt;
use crate::item::methods::{Selector, methods};
use crate::item::mount::{Mount, Side};
use crate::text::args::parse_value;
use crate::text::config::Config;
use crate::text::literals::literal;
use crate::text::settings::{KnownSettings, Settings};
use crate::text::source::source;
use crate::text::span::at;
use crate::text::suggestions;
use crate::text::summary::summary;
use crate::text::tokens::{find_ident, find_suspension};
use crate::text::values::{Values, is_code};

/// An entry that is being read.
pub(crate) struct Reader<'a> {
    pub(crate) cx: &'a Ctxt,
    pub(crate) mount: Mount,
    pub(crate) on_method: bool,
    pub(crate) name: Ident,
    pub(crate) row: &'static Row,
}

/// The result of [`Reader::read`]. Settings that only the entry can read are still in `settings`.
pub(crate) struct Reading<'a> {
    reader: &'a Reader<'a>,
    pub(crate) settings: Settings<'a>,
    /// The names of all settings that were given.
    keys: Vec<Ident>,
    pub(crate) config: Option<Config>,
    pub(crate) given: Option<Expr>,
    pub(crate) access: Access,
    pub(crate) per: Per,
    pub(crate) shown: Vec<(String, String)>,
}

/// Which calls share the state of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Per {
    Method,
    Service,
}

impl<'a> Reader<'a> {
    fn values(&self) -> Values<'a> {
        Values { cx: self.cx }
    }

    /// Reads all settings that the row describes.
    pub(crate) fn read(&'a self, tokens: TokenStream) -> Option<Reading<'a>> {
        let (config, rest, has_value) = self.start(tokens)?;
        let settings = self.settings(rest);
        let keys = self.here().filter_map(|setting| settings.key(setting.name));
        let mut reading = Reading {
            reader: self,
            keys: keys.cloned().collect(),
            settings,
            config,
            given: None,
            access: Access::default(),
            per: Per::Method,
            shown: Vec::new(),
        };
        for setting in self.here() {
            for other in setting.conflicts_with {
                reading.settings.conflict(setting.name, other);
            }
        }
        let mut checked_span = None;
        for setting in self.here() {
            let value_span = reading.take(setting)?;
            if self.row.checked.contains(&setting.name) {
                checked_span = value_span.or(checked_span);
            }
        }
        reading.finish(checked_span, has_value);
        Some(reading)
    }

    /// The settings that exist on this mount.
    fn here(&self) -> impl Iterator<Item = &'static Setting> + use<'_> {
        let all = self.row.settings.iter();
        all.filter(|setting| setting.places.has(self.mount))
    }

    /// The start of the configuration, the tokens after a value without a name, and whether there was such a value.
    fn start(&self, tokens: TokenStream) -> Option<(Option<Config>, TokenStream, bool)> {
        let begin = |start| Some(Config::new(start, self.name.span()));
        if let Positional::Time {
            is_needed, missing, ..
        } = self.row.positional
        {
            let has_value = is_needed || !tokens.is_empty() && !begins_with_setting(tokens.clone());
            if let (false, Start::Value(Some(without))) = (has_value, self.row.start) {
                let without = Ident::new(without, self.name.span());
                return Some((begin(quote!(#without())), tokens, false));
            }
            let (expr, rest) = self.value_and_rest(tokens, missing)?;
            if let Expr::Assign(assign) = &expr {
                let time = suggestions::time_named(&source(&assign.left), &assign.right);
                self.cx.error_on(
                    codes::UNEXPECTED_NAME,
                    &expr,
                    self.unnamed_time_message(time),
                );
                return None;
            }
            let value = self.values().unnamed_duration(&self.name, &expr);
            // A placeholder after an error. `MAX` passes every check that compares it with other settings.
            let value = value.unwrap_or_else(|| quote!(::core::time::Duration::MAX));
            let new = Ident::new("new", at(expr.span()));
            let start = quote_spanned!(at(expr.span())=> #new(#value));
            return Some((Some(Config::new(start, expr.span())), rest, true));
        }
        let config = match (self.row.start, self.mount.side()) {
            (Start::New | Start::UnlessGiven | Start::OfSide, Side::Server)
            | (Start::New | Start::UnlessGiven, Side::Client) => begin(quote!(new())),
            (Start::OfSide, Side::Client) => begin(quote!(client())),
            _ => None,
        };
        Some((config, tokens, false))
    }

    /// The message for a time with a name.
    fn unnamed_time_message(&self, time: Option<String>) -> String {
        let (entry, time) = (&self.name, time.unwrap_or_else(|| "2s".to_owned()));
        format!("`{entry}` takes the time without a name: `{entry}(\"{time}\")`")
    }

    fn settings(&self, tokens: TokenStream) -> Settings<'a> {
        let all = self.row.settings;
        let mut names: Vec<&str> = self.here().map(|setting| setting.name).collect();
        names.extend(SELECTORS.iter().map(|list| list.name));
        let unnamed = |value: &TokenStream| self.row.unnamed(value, self.mount);
        let for_unknown = |name: &str, value: Option<&Expr>| {
            if let Some(meant) = (self.row.suggest)(Some(name), value) {
                return Some((codes::UNKNOWN_SETTING, meant));
            }
            if let Some(elsewhere) = all.iter().find(|setting| setting.name == name) {
                let places = elsewhere.places.in_words();
                let message = format!("`{name}` belongs on {places}; take it out here");
                return Some((codes::WRONG_ITEM_FOR_SETTING, message));
            }
            if let Positional::Time { aliases, .. } = self.row.positional
                && aliases.contains(&name)
            {
                let time = value.and_then(|value| suggestions::time_named(name, value));
                return Some((codes::UNEXPECTED_NAME, self.unnamed_time_message(time)));
            }
            let mut here = self.here();
            let meant = here.find(|setting| setting.aliases.contains(&name));
            // An unknown name with a list of status codes means the setting for codes, and not a list of methods.
            let codes =
                |setting: &&Setting| matches!(setting.value, Value::Codes | Value::CodesOrEmpty);
            let of_codes = value.is_some_and(is_list_of_codes);
            let meant = meant.or_else(|| self.here().filter(|_| of_codes).find(codes));
            let meant = meant.map(|setting| setting.name);
            let list = SELECTORS.iter().find(|list| list.aliases.contains(&name));
            let meant = meant.or(list.map(|list| list.name))?;
            let message = format!("unknown setting `{name}`; did you mean `{meant}`?");
            Some((codes::UNKNOWN_SETTING, message))
        };
        let known = KnownSettings {
            names,
            unnamed: &unnamed,
            for_unknown: &for_unknown,
            for_several: &self.row.suggest_for_several,
        };
        Settings::new(self.cx, tokens, &known)
    }

    /// Reads a value by the type of its setting.
    pub(crate) fn value(&self, setting: &Setting, key: &Ident, expr: &Expr) -> Option<TokenStream> {
        let values = self.values();
        if matches!(setting.value, Value::Integer(..))
            && let Some(meant) = (self.row.suggest)(Some(setting.name), Some(expr))
        {
            return values.report(codes::WRONG_TYPE, expr, meant);
        }
        match setting.value {
            Value::Integer(least, most) => values.integer(key, expr, least, most),
            Value::Float(wrong) => values.float(key, expr, wrong),
            Value::Boolean => values.boolean(key, expr),
            Value::SomeText(empty) if matches!(literal(expr), Some(Lit::Str(it)) if it.value().is_empty()) => {
                values.report(codes::EMPTY, expr, empty)
            }
            Value::Text | Value::SomeText(_) => values.text(key, expr),
            Value::Texts => values.texts(key, expr),
            Value::OneOf(all) => values.one_of(key, expr, all),
            Value::TextKey => values.text_key(key, expr),
            Value::Duration => values.duration(key, expr),
            Value::Delay => values.delay(key, expr),
            Value::Level => values.level(key, expr),
            Value::Codes => values.codes(key, expr),
            Value::CodesOrEmpty => values.codes_or_empty(key, expr),
            Value::Given(_) | Value::Access | Value::Per | Value::Parts(..) | Value::Own(_) => None,
        }
    }

    /// Reports a value that awaits or returns early, and returns whether it does.
    fn awaits_or_returns(&self, key: &str, expr: &Expr) -> bool {
        let Some(span) = find_suspension(expr.to_token_stream()) else {
            return false;
        };
        let message = format!(
            "the value of `{key}` can neither await nor return; compute it before, and keep it in `self` or in a `static`"
        );
        self.cx.error_at(codes::AWAITS_OR_RETURNS, span, message);
        true
    }

    /// Reports `&mut` values, which concurrent calls cannot share, and fields of `Self` instead of `self`.
    fn check_given(&self, key: &str, expr: &Expr) {
        let wrong = match expr {
            Expr::Reference(reference) if reference.mutability.is_some() => {
                let value = source(&reference.expr);
                format!("many calls borrow the value of `{key}` at once; write `{key} = {value}`")
            }
            Expr::Field(field) if matches!(&*field.base, Expr::Path(base) if base.path.is_ident("Self")) =>
            {
                let member = source(&field.member);
                format!("`Self` is a type; write `{key} = self.{member}`")
            }
            _ => return,
        };
        self.cx.error_on(codes::WRONG_TYPE, expr, wrong);
    }

    /// Reports `self` in a value that has to be constant, and returns whether it was there.
    fn names_self(&self, key: &Ident, expr: &Expr) -> bool {
        let Some(this) = find_ident(expr.to_token_stream(), "self") else {
            return false;
        };
        let given = self.here().find(|it| matches!(it.value, Value::Given(_)));
        let instead = match given {
            Some(Setting { name, .. }) => {
                format!("only `{name}` may name a value in `self`: `{name} = self.{name}`")
            }
            None => "name a constant".to_owned(),
        };
        let message = format!("`{key}` is a constant, so there is no `self` here; {instead}");
        self.cx.error_on(codes::SELF_IN_CONSTANT, &this, message);
        true
    }

    /// An expression without a name, and the tokens after it.
    pub(crate) fn value_and_rest(
        &self,
        tokens: TokenStream,
        missing: &str,
    ) -> Option<(Expr, TokenStream)> {
        let parser = |input: ParseStream<'_>| {
            if input.is_empty() {
                return Err(codes::MISSING_SETTING.error(self.name.span(), missing));
            }
            let expr = parse_value(input, &self.name.to_string(), self.name.span())?;
            input.parse::<Option<Token![,]>>()?;
            Ok((expr, input.parse::<TokenStream>()?))
        };
        let value = self.cx.ok(parser.parse2(tokens))?;
        let name = self.name.to_string();
        (!self.awaits_or_returns(&name, &value.0)).then_some(value)
    }

    pub(crate) fn selector(&self, settings: &mut Settings<'_>) -> Selector {
        settings.conflict("only", "except");
        let (only, except) = (settings.expr("only"), settings.expr("except"));
        if self.on_method
            && let Some((key, _)) = only.as_ref().or(except.as_ref())
        {
            let message =
                format!("`{key}` belongs in the attribute on the block: this is one method");
            self.cx
                .error_on(codes::BLOCK_OR_METHOD_SETTING, key, message);
        }
        let list = |(key, expr): (Ident, Expr)| methods(self.cx, self.mount, &key, &expr, false);
        match (only, except) {
            (Some(only), _) => Selector::Only(list(only)),
            (None, Some(except)) => Selector::Except(list(except)),
            (None, None) => Selector::All,
        }
    }
}

impl Reading<'_> {
    /// Reads one setting. Returns the span of its value if it was given, or `None` if the entry cannot be used without it.
    fn take(&mut self, setting: &Setting) -> Option<Option<Span>> {
        match setting.value {
            Value::Own(_) => return Some(None),
            _ if setting.read_by_entry => return Some(None),
            Value::Given(absent) => {
                let given = self.settings.expr(setting.name).map(|(_, expr)| expr);
                if let Some(expr) = &given
                    && !self.reader.awaits_or_returns(setting.name, expr)
                {
                    self.reader.check_given(setting.name, expr);
                }
                let shown = given.as_ref().map(summary);
                let shown = shown.or(absent.map(str::to_owned));
                self.shown
                    .extend(shown.map(|shown| (setting.name.to_owned(), shown)));
                self.given = given.or(self.given.take());
                return Some(None);
            }
            Value::Parts(parts, missing) => {
                let names = parts.iter().map(|part| format!("{} = …", part.name));
                let names: Vec<String> = names.collect();
                let shape = format!("{}({})", setting.name, names.join(", "));
                let Some((key, tokens)) = self.settings.list(setting.name, &shape) else {
                    return Some(None);
                };
                let values = self.parts(&key, tokens, parts, missing)?;
                self.config = Some(config_starting_with(&key, key.span(), &values));
                return Some(Some(key.span()));
            }
            _ => {}
        }
        let Some((key, expr)) = self.settings.expr(setting.name) else {
            return Some(None);
        };
        match setting.value {
            Value::Access => self.read_access(key, &expr),
            Value::Per => self.read_per(&key, &expr),
            _ if self.reader.awaits_or_returns(setting.name, &expr) => {}
            _ if self.reader.names_self(&key, &expr) => {}
            _ => {
                let value = self.reader.value(setting, &key, &expr);
                self.set(setting, &key, &expr, value);
            }
        }
        Some(Some(expr.span()))
    }

    /// Adds the value to the configuration. It is `None` if it was wrong, which has been reported.
    fn set(&mut self, setting: &Setting, key: &Ident, expr: &Expr, value: Option<TokenStream>) {
        self.check_belonging(setting.requires, key);
        if setting.starts {
            // A placeholder after an error.
            let value = value.unwrap_or_else(|| quote!(1));
            self.config = Some(config_starting_with(key, expr.span(), &value));
            return;
        }
        if self.reader.row.start == Start::IfSet && self.config.is_none() {
            self.config = Some(Config::new(quote!(new()), self.reader.name.span()));
        }
        if let (Some(config), Some(value)) = (&mut self.config, value) {
            config.set(key, expr.span(), &value);
        }
    }

    /// The name token of a setting, if it was given.
    pub(crate) fn key_of(&self, name: &str) -> Option<&Ident> {
        self.keys.iter().find(|key| *key == name)
    }

    /// Reports a setting that needs another one which is missing.
    pub(crate) fn check_belonging(&self, other: Option<&str>, key: &Ident) {
        if let Some(other) = other
            && self.key_of(other).is_none()
            && self.settings.is_complete
        {
            let message = format!("`{key}` belongs to `{other}`; add that, or take it out");
            self.reader
                .cx
                .error_on(codes::REQUIRES_ANOTHER_SETTING, key, message);
        }
    }

    /// A setting that the entry reads itself: its name, the expression, and the value if the row knows its type.
    pub(crate) fn take_own(&mut self, name: &str) -> Option<(Ident, Expr, Option<TokenStream>)> {
        let setting = self.reader.here().find(|setting| setting.name == name)?;
        let (key, expr) = self.settings.expr(name)?;
        self.check_belonging(setting.requires, &key);
        let is_constant = !matches!(setting.value, Value::Own(_));
        let value = match is_constant && self.reader.names_self(&key, &expr) {
            true => None,
            false => self.reader.value(setting, &key, &expr),
        };
        Some((key, expr, value))
    }

    /// The values of `adaptive(min = 10, max = 200, target = "50ms")`, in the order of the row. All are needed.
    fn parts(
        &self,
        key: &Ident,
        tokens: TokenStream,
        parts: &[Setting],
        missing: &str,
    ) -> Option<TokenStream> {
        let names: Vec<&str> = parts.iter().map(|part| part.name).collect();
        let mut settings = Settings::parts(self.reader.cx, tokens, key, &names);
        let given: Vec<_> = parts.iter().map(|part| settings.expr(part.name)).collect();
        let given: Option<Vec<_>> = given.into_iter().collect();
        let Some(given) = given else {
            if settings.is_complete {
                self.reader
                    .cx
                    .error_on(codes::MISSING_SETTING, key, missing);
            }
            return None;
        };
        let values = parts.iter().zip(&given);
        let values: Vec<_> = values
            .map(|(part, (key, expr))| self.reader.value(part, key, expr))
            .collect();
        let values: Option<Vec<_>> = values.into_iter().collect();
        let values = values?;
        Some(quote!(#(#values),*))
    }

    /// `public = […]` or `protected = […]`
    fn read_access(&mut self, key: Ident, expr: &Expr) {
        let Reader { cx, mount, .. } = *self.reader;
        let is_public = key == "public";
        if self.reader.on_method {
            let hint = match is_public {
                true => "write `skip(auth)` instead",
                false => "take it out",
            };
            cx.error_on(
                codes::BLOCK_OR_METHOD_SETTING,
                &key,
                format!("`{key}` names methods of the block; {hint}"),
            );
        }
        let methods = methods(cx, mount, &key, expr, true);
        if is_public {
            self.access.public = methods;
            return;
        }
        if mount.is_struct() {
            let what = match mount {
                Mount::Server => "a server",
                _ => "a channel",
            };
            cx.error_on(
                codes::WRONG_ITEM_FOR_SETTING,
                &key,
                format!("{what} is not for one service, so its methods are not known; take `protected` out"),
            );
        }
        self.access.protected = Some(Protected { key, methods });
    }

    /// `per = method` or `per = service`
    fn read_per(&mut self, key: &Ident, expr: &Expr) {
        let cx = self.reader.cx;
        if self.reader.on_method {
            cx.error_on(
                codes::BLOCK_OR_METHOD_SETTING,
                key,
                "`per` belongs in the attribute on the block: this is one method",
            );
        }
        let is = |name: &str| matches!(expr, Expr::Path(path) if path.path.is_ident(name));
        if is("service") {
            self.shown.push(("per".to_owned(), "service".to_owned()));
            self.per = Per::Service;
        } else if !is("method") {
            cx.error_on(
                codes::NOT_A_CHOICE,
                expr,
                "`per` must be `method` or `service`",
            );
        }
    }

    /// Checks and sets what depends on several settings.
    fn finish(&mut self, checked_span: Option<Span>, has_value: bool) {
        let Reader { cx, mount, row, .. } = *self.reader;
        if let Some(config) = &mut self.config {
            let name = &self.reader.name;
            for (setting, value) in row.fixed {
                let value = Literal::u64_unsuffixed(*value);
                let setting = Ident::new(setting, name.span());
                config.set(&setting, name.span(), &quote!(#value));
            }
            if let Some(span) = checked_span {
                config.finish("checked", span);
            }
        }
        if row.start == Start::UnlessGiven && self.given.is_some() {
            self.config = None;
        }
        for one_of in row.one_of {
            let is_given = has_value || one_of.names.iter().any(|name| self.key_of(name).is_some());
            if one_of.places.has(mount) && !is_given && self.settings.is_complete {
                cx.error_on(codes::MISSING_SETTING, &self.reader.name, one_of.missing);
            }
        }
    }

    /// Finishes the entry: reads its lists of methods.
    pub(crate) fn listed(mut self, entry: impl Entry + 'static) -> Listed {
        let methods = self.reader.selector(&mut self.settings);
        let name = self.reader.name.clone();
        Listed {
            key: name.to_string(),
            name,
            row: self.reader.row,
            methods,
            shown: self.shown,
            entry: Box::new(entry),
        }
    }
}

/// A configuration that begins with `key(…)`. Errors point to the value.
fn config_starting_with(key: &Ident, place: Span, value: &TokenStream) -> Config {
    let span = at(place);
    let start = Ident::new(&key.to_string(), at(key.span()));
    Config::new(quote_spanned!(span=> #start(#value)), place)
}

/// `[Unavailable, Code::Aborted]`
fn is_list_of_codes(value: &Expr) -> bool {
    match value {
        Expr::Array(list) => !list.elems.is_empty() && list.elems.iter().all(is_code),
        _ => false,
    }
}

/// Whether the tokens begin with a setting, such as `idle = "30s"`, and not with a value.
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
