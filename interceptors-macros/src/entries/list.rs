//! Reads the list of entries of an item or of a method.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, ExprArray, ExprTuple, Ident, Lit, LitStr, Path, Type, parse_quote};

use super::elsewhere;
use super::entry::Listed;
use super::keywords;
use super::path_entry;
use super::reader::Reader;
use super::row::Times;
use super::{KnownEntry, TABLE};
use crate::codes;
use crate::ctxt::Ctxt;
use crate::item::methods::{is_identifier, is_service_name};
use crate::item::mount::{Mount, Side};
use crate::text::args::{Arg, ArgValue, parse_args};
use crate::text::literals::literal;
use crate::text::source::source;
use crate::text::words::{nearest, unknown};

/// The arguments of the attribute on an item.
pub(crate) struct BlockArgs {
    pub(crate) krate: Path,
    pub(crate) service: Option<Expr>,
    pub(crate) plan: Option<Type>,
    /// Constants that contain the bytes of a descriptor set.
    pub(crate) descriptors: Option<Vec<Expr>>,
    pub(crate) entries: Vec<Listed>,
}

/// The arguments of the attribute on a method.
#[derive(Default)]
pub(crate) struct MethodArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) skip: Vec<Skipped>,
    pub(crate) entries: Vec<Listed>,
}

/// An entry of the block that a method skips.
pub(crate) struct Skipped {
    pub(crate) name: Ident,
    pub(crate) key: String,
}

pub(crate) fn parse_block_args(cx: &Ctxt, mount: Mount, tokens: TokenStream) -> BlockArgs {
    let args = parse_args(cx, tokens, |value| Some(unnamed_entry_message(value)));
    let mut block = BlockArgs {
        krate: parse_quote!(::interceptors),
        service: None,
        plan: None,
        descriptors: None,
        entries: Vec::new(),
    };
    let list = List {
        cx,
        mount,
        on_method: false,
    };
    let mut seen: Vec<Ident> = Vec::new();
    let is_first = args.first().is_some_and(|first| first.name == "server");
    for (i, arg) in args.into_iter().enumerate() {
        if arg.path.is_none() && arg.name == "server" {
            if mount != Mount::Server || i > 0 {
                let message = match mount {
                    Mount::Server if is_first => "`server` is there already; take one out",
                    Mount::Server | Mount::Channel => {
                        "`server` comes first: `#[intercept(server, …)]`"
                    }
                    _ => SERVER,
                };
                cx.error_on(codes::MISPLACED_SERVER, &arg.name, message);
            }
            continue;
        }
        let is_setting = arg.path.is_none() && keywords::is_of_block(&arg.name.to_string());
        if !is_setting {
            list.entry(arg, &mut block.entries);
            continue;
        }
        if seen.contains(&arg.name) {
            let message = format!("duplicate setting `{}`; take one out", arg.name);
            cx.error_on(codes::DUPLICATE_SETTING, &arg.name, message);
            continue;
        }
        seen.push(arg.name.clone());
        block.setting(cx, mount, arg);
    }
    block
}

impl BlockArgs {
    /// `crate`, `service`, `plan` or `descriptors`
    fn setting(&mut self, cx: &Ctxt, mount: Mount, arg: Arg) {
        match (arg.name.to_string().as_str(), arg.value) {
            ("crate", ArgValue::Expr(expr)) => {
                if let Some(path) = as_path(cx, &expr) {
                    self.krate = path;
                }
            }
            ("crate", _) => cx.error_on(
                codes::NO_VALUE,
                &arg.name,
                "`crate` needs a path: `crate = path::to::interceptors`",
            ),
            ("service", _) if mount.is_struct() || mount.is_module() => cx.error_on(
                codes::WRONG_ITEM_FOR_SETTING,
                &arg.name,
                match mount {
                    Mount::Channel => "the struct is for calls to any service; take `service` out",
                    Mount::Server => "the struct is for all services of a server; take `service` out",
                    Mount::ServerModule => {
                        "a generated server knows its service; take `service` out"
                    }
                    _ => "a generated client knows its service; take `service` out",
                },
            ),
            ("service", ArgValue::Expr(expr)) => match literal(&expr) {
                Some(Lit::Str(text)) if !is_service_name(&text.value()) => cx.error_on(
                    codes::NOT_A_NAME,
                    text,
                    "not the full name of a service; write it as the proto has it, such as `\"user.v1.UserService\"`",
                ),
                None if is_name_of_type(&expr) => cx.error_on(
                    codes::NOT_A_NAME,
                    &expr,
                    SERVICE,
                ),
                None | Some(Lit::Str(_)) => self.service = Some(*expr),
                Some(_) => cx.error_on(
                    codes::NOT_A_NAME,
                    &expr,
                    SERVICE,
                ),
            },
            ("service", _) => cx.error_on(
                codes::NO_VALUE,
                &arg.name,
                "`service` needs a value: `service = \"user.v1.UserService\"`",
            ),
            ("descriptors", _) if !mount.is_struct() => cx.error_on(codes::WRONG_ITEM_FOR_SETTING, &arg.name, DESCRIPTORS),
            ("descriptors", ArgValue::Expr(expr)) => {
                self.descriptors = Some(descriptors(cx, *expr));
            }
            ("descriptors", _) => cx.error_on(
                codes::NO_VALUE,
                &arg.name,
                "`descriptors` needs a constant: `descriptors = crate::FILE_DESCRIPTOR_SET`",
            ),
            (_, ArgValue::Expr(expr)) if literal(&expr).is_some() => cx.error_on(codes::NO_VALUE, &expr, PLAN),
            (_, ArgValue::Expr(expr)) => {
                self.plan = cx.ok(syn::parse2(expr.into_token_stream()));
            }
            _ => cx.error_on(codes::NO_VALUE, &arg.name, PLAN),
        }
    }
}

pub(crate) fn parse_method_args(cx: &Ctxt, mount: Mount, tokens: TokenStream) -> MethodArgs {
    let list = List {
        cx,
        mount,
        on_method: true,
    };
    let mut method = MethodArgs::default();
    for arg in parse_args(cx, tokens, |value| Some(unnamed_entry_message(value))) {
        match arg.name.to_string().as_str() {
            _ if arg.path.is_some() => list.entry(arg, &mut method.entries),
            "name" => method.name(cx, arg),
            "skip" => method.skip(cx, arg),
            "descriptors" => cx.error_on(codes::BLOCK_OR_METHOD_SETTING, &arg.name, DESCRIPTORS),
            "server" => cx.error_on(codes::MISPLACED_SERVER, &arg.name, SERVER),
            "crate" | "service" | "plan" => {
                let name = &arg.name;
                let message =
                    format!("`{name}` belongs in the attribute on the block, not on a method");
                cx.error_on(codes::BLOCK_OR_METHOD_SETTING, name, message);
            }
            _ => list.entry(arg, &mut method.entries),
        }
    }
    method
}

impl MethodArgs {
    /// `name = "GetURL"`
    fn name(&mut self, cx: &Ctxt, Arg { name, value, .. }: Arg) {
        let ArgValue::Expr(expr) = value else {
            cx.error_on(
                codes::NO_VALUE,
                &name,
                "`name` needs a value: `name = \"GetURL\"`",
            );
            return;
        };
        match literal(&expr) {
            Some(Lit::Str(text)) if is_identifier(&text.value()) => {
                if self.name.replace(text.clone()).is_some() {
                    cx.error_on(
                        codes::DUPLICATE_SETTING,
                        &name,
                        "duplicate setting `name`; take one out",
                    );
                }
            }
            _ => cx.error_on(
                codes::NOT_A_NAME,
                &expr,
                "`name` must be the name of the RPC, such as `\"GetURL\"`",
            ),
        }
    }

    /// `skip(retry, my_crate::audit)`
    fn skip(&mut self, cx: &Ctxt, Arg { name, value, .. }: Arg) {
        let errors = cx.errors();
        let skipped = match value {
            ArgValue::List(tokens) => {
                parse_args(cx, tokens, |value| Some(unnamed_entry_message(value)))
            }
            _ => Vec::new(),
        };
        if skipped.is_empty() && cx.errors() == errors {
            cx.error_on(
                codes::NO_VALUE,
                &name,
                "`skip` needs the name of an interceptor: `skip(retry)`",
            );
        }
        self.skip.extend(skipped.into_iter().map(|arg| Skipped {
            key: key(&arg),
            name: arg.name,
        }));
    }
}

/// The key of an entry: its name or its path.
fn key(arg: &Arg) -> String {
    match &arg.path {
        Some(path) => path.to_token_stream().to_string().replace(' ', ""),
        None => arg.name.to_string(),
    }
}

fn is_entry(name: &str) -> bool {
    TABLE.iter().any(|known| known.row.name == name)
}

/// The message for an element of the list that does not begin with a name.
fn unnamed_entry_message(element: &TokenStream) -> String {
    let expr = syn::parse2::<Expr>(element.clone());
    if let Ok(expr) = &expr
        && let Some(meant) = around_entries(expr)
    {
        return meant;
    }
    match expr {
        Ok(expr) if literal(&expr).is_none() => {
            let value = source(&expr);
            format!("list an interceptor of yours as `with({value})`")
        }
        Ok(Expr::Lit(text)) if matches!(&text.lit, Lit::Str(text) if is_entry(&text.value())) => {
            let name = source(&text).replace('"', "");
            format!("the name of an interceptor has no quotes; write `{name}`")
        }
        _ => "expected the name of an interceptor or of a setting, such as `logging` or `retry(max = 3)`".to_owned(),
    }
}

/// The message for `!logging`, `[logging, retry]`, `(logging, retry)` and `logging.level("debug")`.
fn around_entries(expr: &Expr) -> Option<String> {
    let name = |expr: &Expr| {
        let name = match expr {
            Expr::Path(path) => path.path.get_ident()?.to_string(),
            Expr::Call(call) => source(&call.func),
            _ => return None,
        };
        is_entry(&name).then_some(name)
    };
    match expr {
        Expr::Unary(not) => {
            let name = name(&not.expr)?;
            Some(format!(
                "listed interceptors run; take `{name}` out, or leave methods out: `{name}(except = […])`"
            ))
        }
        Expr::Array(ExprArray { elems, .. }) | Expr::Tuple(ExprTuple { elems, .. }) => {
            name(elems.first()?)?;
            let list = source(elems);
            Some(format!(
                "the list has no brackets of its own; write `{list}`"
            ))
        }
        Expr::MethodCall(call) => {
            let name = name(&call.receiver)?;
            let (setting, args) = (&call.method, source(&call.args));
            Some(format!(
                "settings go in parentheses: `{name}({setting} = {args})`"
            ))
        }
        _ => None,
    }
}

struct List<'a> {
    cx: &'a Ctxt,
    mount: Mount,
    on_method: bool,
}

impl List<'_> {
    fn entry(&self, arg: Arg, entries: &mut Vec<Listed>) {
        let name = &arg.name;
        let key = key(&arg);
        let is_again = |entry: &&Listed| entry.key == key;
        let earlier = entries.iter().find(is_again);
        if earlier.is_some_and(|earlier| earlier.row.times == Times::Once) {
            let message = format!("duplicate interceptor `{key}`; take one out");
            self.cx.error_on(codes::DUPLICATE_ENTRY, name, message);
            return;
        }
        let known = match &arg.path {
            Some(path) if is_function_of_type(path) => {
                let path = source(path);
                let message = format!("list an interceptor of yours as `with({path}(…))`");
                self.cx
                    .error_on(codes::FUNCTION_INSTEAD_OF_TYPE, &arg.path, message);
                return;
            }
            Some(_) => None,
            None => match self.find(name) {
                Some(known) => Some(known),
                None => return,
            },
        };
        let tokens = match arg.value {
            ArgValue::None => TokenStream::new(),
            ArgValue::List(tokens) => tokens,
            ArgValue::Expr(value) => {
                if let (Some(known), Some(Lit::Bool(is_on))) = (known, literal(&value)) {
                    let needs_none = known.row.one_of.is_empty();
                    let message = match (is_on.value, needs_none) {
                        (false, _) => format!(
                            "interceptors that are not listed do not run; take `{name}` out"
                        ),
                        (true, true) => format!("listed interceptors run; write `{name}`"),
                        (true, false) => {
                            format!("listed interceptors run; write `{}`", known.row.example)
                        }
                    };
                    self.cx.error_on(codes::NO_PARENTHESES, name, message);
                    return;
                }
                let example = match known {
                    Some(known) => known.row.example.to_owned(),
                    None => format!("{name}(…)"),
                };
                let message = format!("`{name}` takes its settings in parentheses: `{example}`");
                self.cx.error_on(codes::NO_PARENTHESES, name, message);
                return;
            }
        };
        let reader = Reader {
            cx: self.cx,
            mount: self.mount,
            on_method: self.on_method,
            name: name.clone(),
            row: known.map_or(&path_entry::ROW, |known| known.row),
        };
        entries.extend(match (known, arg.path) {
            (Some(known), _) => (known.read)(&reader, tokens),
            (None, Some(path)) => path_entry::read(&reader, path, key, tokens),
            (None, None) => None,
        });
    }

    /// The entry with this name, if it is allowed here. Otherwise the error is reported.
    fn find(&self, name: &Ident) -> Option<&'static KnownEntry> {
        let side = self.mount.side();
        let known = || TABLE.iter().filter(|known| *name == known.row.name);
        let here = known().find(|known| known.row.places.has(self.mount));
        let row = match here.or(known().next()) {
            Some(known) => known.row,
            None => {
                let code = match name.to_string().as_str() {
                    "skip" | "name" if !self.on_method => codes::BLOCK_OR_METHOD_SETTING,
                    _ => codes::UNKNOWN_ENTRY,
                };
                self.cx
                    .error_on(code, name, self.unknown(&name.to_string()));
                return None;
            }
        };
        if !known().any(|known| known.row.places.has_side(side)) {
            let message = match (side, row.on_other_side) {
                (Side::Server, None) if self.mount == Mount::Server => {
                    format!("`{name}` belongs on a client, and this is a server; take it out here")
                }
                (Side::Server, Some(other)) if self.mount == Mount::Server => {
                    format!(
                        "`{name}` belongs on a client, and this is a server; write `{other}` here"
                    )
                }
                (Side::Server, None) => format!(
                    "`{name}` belongs on a client, and the `impl` of a trait is a service; take it out here"
                ),
                (Side::Server, Some(other)) => format!(
                    "`{name}` belongs on a client, and the `impl` of a trait is a service; write `{other}` here"
                ),
                (Side::Client, None) => {
                    format!("`{name}` belongs on a service; take it out of this client")
                }
                (Side::Client, Some(other)) => {
                    format!("`{name}` belongs on a service; a client has `{other}`")
                }
            };
            self.cx.error_on(codes::OTHER_SIDE, name, message);
            return None;
        }
        if !row.feature.is_enabled {
            let feature = row.feature.name;
            let message =
                format!("to use `{name}`, enable the feature `{feature}` of `interceptors`");
            self.cx.error_on(codes::MISSING_FEATURE, name, message);
            return None;
        }
        let Some(here) = here else {
            let message = match self.mount {
                Mount::Server if row.needs.resend => format!(
                    "`{name}` needs a copy of the message, and a server's own interceptors run before it is decoded; put `{name}` on the `impl` of the service"
                ),
                Mount::Server => format!(
                    "`{name}` looks at the message, and a server's own interceptors run before it is decoded; put `{name}` on the `impl` of the service"
                ),
                _ => row.elsewhere.to_owned(),
            };
            self.cx.error_on(codes::OTHER_MOUNT, name, message);
            return None;
        };
        Some(here)
    }

    /// The message for an unknown name.
    fn unknown(&self, name: &str) -> String {
        let side = self.mount.side();
        let rows = TABLE.iter().map(|known| known.row);
        let here = rows.filter(|row| row.places.has_side(side));
        if let Some(meant) = here.clone().find(|row| row.aliases.contains(&name)) {
            let meant = meant.name;
            return format!("unknown interceptor `{name}`; did you mean `{meant}`?");
        }
        if let Some(instead) = elsewhere::instead_of(name) {
            return format!("unknown interceptor `{name}`; {instead}");
        }
        let mut everywhere = TABLE.iter().map(|known| known.row);
        if let Some(meant) = everywhere.find(|row| row.aliases.contains(&name)) {
            let (meant, places) = (meant.name, meant.places.in_words());
            return format!("unknown interceptor `{name}`; `{meant}` does that, on {places}");
        }
        if matches!(name, "only" | "except") && !self.on_method {
            return format!(
                "`{name}` belongs to one interceptor; write it in parentheses: `logging({name} = […])`"
            );
        }
        let with_setting = here.clone().filter(|row| {
            let mut settings = row.settings.iter().filter(|it| it.places.has(self.mount));
            settings.any(|setting| setting.name == name)
        });
        let with_setting: Vec<&str> = with_setting.map(|row| row.name).collect();
        if let Some(entry) = with_setting.first() {
            let entries: Vec<String> = with_setting.iter().map(|it| format!("`{it}`")).collect();
            let entries = entries.join(", ");
            return format!(
                "`{name}` is a setting of {entries}; write it in parentheses: `{entry}({name} = …)`"
            );
        }
        let mut names: Vec<_> = here.clone().map(|row| row.name).collect();
        if name.starts_with(char::is_uppercase) {
            return format!(
                "unknown interceptor `{name}`; list one of yours as `with({name})`, or by its path"
            );
        }
        if !self.on_method && matches!(name, "skip" | "name") {
            return format!("`{name}` belongs in the attribute on a method, not on the block");
        }
        let without = ["no_", "skip_", "without_", "disable_"];
        let mut without = without
            .iter()
            .filter_map(|prefix| name.strip_prefix(prefix));
        match without.find(|entry| names.contains(entry)) {
            Some(entry) if self.on_method => {
                return format!("unknown interceptor `{name}`; write `skip({entry})`");
            }
            Some("auth") => {
                return format!(
                    "unknown interceptor `{name}`; list methods that need no token: `auth(public = […])`"
                );
            }
            Some(entry) => {
                return format!(
                    "unknown interceptor `{name}`; list methods that go without it: `{entry}(except = […])`"
                );
            }
            None => {}
        }
        // `server` changes what the struct is, so it is no suggestion for an interceptor.
        let words = keywords::here(self.mount, self.on_method).map(|word| word.name);
        let words: Vec<_> = words.filter(|word| *word != "server").collect();
        names.extend(&words);
        if nearest(name, &names).is_some() {
            return unknown("interceptor", name, &names);
        }
        // Only names that the next error does not reject.
        let here = here.filter(|row| row.places.has(self.mount));
        names = here.map(|row| row.name).chain(words).collect();
        let message = unknown("interceptor", name, &names);
        format!("{message}; an interceptor of another crate needs its path: `my_crate::{name}`")
    }
}

/// Whether a path looks like a type or a trait, such as `UserService`, and not like a constant.
fn is_name_of_type(expr: &Expr) -> bool {
    let Expr::Path(path) = expr else { return false };
    let last = path.path.segments.last().map(|last| last.ident.to_string());
    last.is_some_and(|name| {
        name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
    })
}

/// Whether a path looks like a constructor, such as `Audit::new`. It creates an interceptor, but is not one.
fn is_function_of_type(path: &Path) -> bool {
    let mut names = path.segments.iter().rev().map(|it| it.ident.to_string());
    let is_upper = |name: &String| name.starts_with(char::is_uppercase);
    match (names.next(), names.next()) {
        (Some(function), Some(ty)) => !is_upper(&function) && is_upper(&ty),
        _ => false,
    }
}

/// The message for a `service` that is not a string.
const SERVICE: &str = "`service` must be a string, such as `\"user.v1.UserService\"`";

/// The message for a `plan` that is not a type.
const PLAN: &str = "`plan` needs a type of yours: `plan = UsersPolicy`";

/// The message for `server` on anything but a struct.
const SERVER: &str = "`server` belongs on a struct: `#[intercept(server, …)] struct Inbound { … }`";

/// The message for `descriptors` on anything but a struct.
const DESCRIPTORS: &str = "`descriptors` belongs in the attribute on a struct, such as `#[intercept(…)] struct Outbound;`; take it out here";

/// `descriptors = A` or `descriptors = [A, B]`
fn descriptors(cx: &Ctxt, expr: Expr) -> Vec<Expr> {
    match expr {
        Expr::Array(list) if list.elems.is_empty() => {
            cx.error_on(
                codes::EMPTY,
                &list,
                "`descriptors` is empty; name a constant, or take it out",
            );
            Vec::new()
        }
        Expr::Array(list) => list.elems.into_iter().collect(),
        expr => vec![expr],
    }
}

/// The path in `crate = …`.
fn as_path(cx: &Ctxt, expr: &Expr) -> Option<Path> {
    match expr {
        // Generated code has it in a `use`, where neither `<T>` nor `Self` is allowed.
        Expr::Path(path)
            if path.qself.is_none()
                && path
                    .path
                    .segments
                    .iter()
                    .all(|segment| segment.arguments.is_none() && segment.ident != "Self") =>
        {
            Some(path.path.clone())
        }
        Expr::Group(group) => as_path(cx, &group.expr),
        _ => {
            cx.error_on(
                codes::NOT_A_NAME,
                expr,
                "`crate` must be a path, such as `crate = my_interceptors`",
            );
            None
        }
    }
}
