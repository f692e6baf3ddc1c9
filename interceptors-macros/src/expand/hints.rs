//! Code that lets an editor complete the words of the attribute, show their documentation and go to their definitions.
//!
//! Each word of the attribute is put where it names something: entries and settings name the documented items of
//! `interceptors::__ide`, methods in lists name the methods, and values are in a function that has `self`. The attribute may
//! be half typed, so this works on tokens and not on parsed entries.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, FnArg, Generics, ImplItem, Item, Path, ReturnType, Type, parse_quote};

use super::common::hidden_parameters;
use crate::ctxt::Ctxt;
use crate::entries::TABLE;
use crate::entries::keywords::{self, IDEMPOTENT, SELECTORS};
use crate::entries::row::{Positional, Row, Setting, Value};
use crate::item::client_module::{self, first_argument};
use crate::item::mount::{Mount, Side};
use crate::text::attributes::{conditional, crate_in, is_ours};
use crate::text::half_typed::{Arg, Rest, as_expression, inside, split, without_sigil};
use crate::text::tokens::mentions_self;
use crate::text::values::CODES;

/// Output, for `retry(max = 3, only = [get_user]), auth(verifier = self.keys, pub)` on `impl UserService for Users`:
///
/// ```text
/// const _: () = {
///     impl interceptors_hints::Values for Users {
///         async fn values(&self) {
///             let _ = <Self as UserService>::get_user;
///             let _ = (self.keys);
///         }
///     }
///     mod interceptors_hints {
///         mod methods { pub fn login() {} pub fn get_user() {} }
///         mod list_0 { use ::interceptors::__ide::server::{logging, auth, …}; use self::{retry as _, auth as _}; }
///         mod list_1 { use ::interceptors::__ide::server::retry::{max, …}; use self::{max as _, only as _}; }
///         mod list_2 { use super::methods::*; use self::{get_user as _}; }
///         mod list_3 { use ::interceptors::__ide::server::auth::{public, …}; use self::{verifier as _, pub as _}; }
///         pub trait Values { async fn values(&self); }
///     }
/// };
/// ```
///
/// In the braces of a `use`, an editor only completes the items of that module. A `mod` in a block cannot name the items of the
/// block, so all of these modules are in one. Values come first: while a name is typed among values, the tokens after it
/// may change from a value to a list.
pub(crate) fn hints(mount: Mount, args: &TokenStream, item: Option<&Item>) -> TokenStream {
    if mount == Mount::ServerModule {
        return TokenStream::new();
    }
    let krate = crate_in(args.clone()).unwrap_or_else(|| parse_quote!(::interceptors));
    let methods = item.map_or_else(Vec::new, methods);
    let mut hints = Hints {
        mount,
        krate: from_submodule(&krate),
        receiver: receiver(item),
        methods: &methods,
        lists: Vec::new(),
        paths: TokenStream::new(),
        values: TokenStream::new(),
    };
    let block = split(args);
    hints.entries(&block, &block, None);
    if let Some(Item::Impl(block_item)) = item {
        let attributes = block_item.items.iter().filter_map(|item| match item {
            ImplItem::Fn(method) => Some(&method.attrs),
            _ => None,
        });
        for (i, attributes) in attributes.enumerate() {
            for args in attributes.iter().filter_map(|it| ours(it, &krate)) {
                hints.entries(&split(&args), &block, Some(i));
            }
        }
    }
    hints.finish(item)
}

/// A method that lists may name.
struct Method {
    name: Ident,
    docs: Vec<Attribute>,
    request: Option<Type>,
    response: Option<Type>,
}

fn methods(item: &Item) -> Vec<Method> {
    match item {
        Item::Impl(block) => {
            let methods = block.items.iter().filter_map(|item| match item {
                ImplItem::Fn(method) => Some(method),
                _ => None,
            });
            methods
                .map(|method| {
                    let request = match method.sig.inputs.iter().nth(1) {
                        Some(FnArg::Typed(argument)) => first_argument(&argument.ty),
                        _ => None,
                    };
                    let response = match &method.sig.output {
                        ReturnType::Type(_, output) if method.sig.asyncness.is_some() => {
                            first_argument(output).and_then(first_argument)
                        }
                        _ => None,
                    };
                    Method {
                        name: method.sig.ident.clone(),
                        docs: docs(&method.attrs),
                        request: request.map(message),
                        response: response.filter(|ty| !mentions_self(ty)).map(message),
                    }
                })
                .collect()
        }
        Item::Mod(module) => {
            let ignored = Ctxt::new();
            let client = client_module::parse(&ignored, module.clone());
            let _ = ignored.check();
            let methods = client.into_iter().flat_map(|client| client.methods);
            methods
                .map(|method| Method {
                    name: method.sig.ident,
                    docs: docs(&method.attrs),
                    request: None,
                    response: None,
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

fn docs(attributes: &[Attribute]) -> Vec<Attribute> {
    let docs = attributes.iter().filter(|it| it.path().is_ident("doc"));
    docs.cloned().collect()
}

/// `M`, also of `Streaming<M>`.
fn message(ty: &Type) -> Type {
    let is_stream = match ty {
        Type::Path(path) => {
            let last = path.path.segments.last();
            last.is_some_and(|last| last.ident == "Streaming")
        }
        _ => false,
    };
    let inside = first_argument(ty).filter(|_| is_stream);
    inside.unwrap_or(ty).clone()
}

/// The arguments of our attribute, also under a `cfg_attr`.
fn ours(attribute: &Attribute, krate: &Path) -> Option<TokenStream> {
    let of = |attribute: &Attribute| {
        let list = attribute.meta.require_list().ok()?;
        is_ours(attribute, krate).then(|| list.tokens.clone())
    };
    match conditional(attribute) {
        Some((_, metas)) => metas.iter().find_map(|meta| of(&parse_quote!(#[#meta]))),
        None => of(attribute),
    }
}

/// The type before `::login`.
fn receiver(item: Option<&Item>) -> TokenStream {
    match item {
        Some(Item::Impl(block)) => match &block.trait_ {
            Some((path, _)) => quote!(<Self as #path>),
            None => quote!(Self),
        },
        Some(Item::Mod(module)) => {
            let name = &module.ident;
            let items = module.content.iter().flat_map(|(_, items)| items);
            let client = items.filter_map(client_module::client_of).next();
            quote!(<#name::#client<_>>)
        }
        _ => quote!(Self),
    }
}

/// Adapts a user's path to code that is two modules deeper.
fn from_submodule(path: &Path) -> TokenStream {
    let segments = path.segments.iter();
    match path.segments.first().map(|first| first.ident.to_string()) {
        Some(first) if path.leading_colon.is_none() && first == "self" => {
            let rest = segments.skip(1);
            quote!(super::super #(::#rest)*)
        }
        Some(first) if path.leading_colon.is_none() && first == "super" => {
            quote!(super::super::#path)
        }
        _ => quote!(#path),
    }
}

struct Hints<'a> {
    mount: Mount,
    /// The path of the runtime crate, for code that is two modules deeper.
    krate: TokenStream,
    receiver: TokenStream,
    methods: &'a [Method],
    /// A module for each list of names.
    lists: Vec<TokenStream>,
    paths: TokenStream,
    values: TokenStream,
}

impl Hints<'_> {
    /// The list of entries of a block, or of the method with this index.
    fn entries(&mut self, args: &[Arg], of_block: &[Arg], method: Option<usize>) {
        let rows = TABLE.iter().map(|known| known.row);
        let rows = rows.filter(|row| row.places.has(self.mount) && row.feature.is_enabled);
        let words = keywords::here(self.mount, method.is_some()).map(|word| word.name);
        let (entries, words) = (
            self.items(None, rows.map(|row| row.name)),
            self.words(words),
        );
        self.list(&quote!(#entries #words), args.iter().filter_map(Arg::name));
        for arg in args {
            self.entry(arg, of_block, method);
        }
    }

    fn entry(&mut self, arg: &Arg, of_block: &[Arg], method: Option<usize>) {
        let Some(name) = arg.name() else {
            self.path_entry(arg);
            return;
        };
        match (name.to_string().as_str(), &arg.rest) {
            ("crate", Rest::Value(path)) => self.path(path),
            ("plan", Rest::Value(ty)) => self.ty(ty),
            ("service" | "descriptors", Rest::Value(value)) => self.value(value),
            ("skip", Rest::List(list)) => {
                let names = of_block.iter().filter_map(Arg::name);
                let names: Vec<String> = names.map(Ident::to_string).collect();
                let mut rows: Vec<&str> = TABLE.iter().map(|known| known.row.name).collect();
                // An entry may have a row for each side.
                rows.dedup();
                let entries = self.items(
                    None,
                    rows.into_iter()
                        .filter(|row| names.iter().any(|it| it == row)),
                );
                self.list(&entries, split(list).iter().filter_map(Arg::name));
            }
            (name, Rest::List(list)) => {
                let rows = TABLE.iter().map(|known| known.row);
                let mut rows = rows.filter(|row| row.name == name);
                let here = rows.clone().find(|row| row.places.has(self.mount));
                if let Some(row) = here.or(rows.next()) {
                    self.settings(row, &split(list), method);
                }
            }
            _ => {}
        }
    }

    /// `my_crate::audit(level = 3)`
    fn path_entry(&mut self, arg: &Arg) {
        let head = arg.head.iter();
        let path = quote!(#(#head)*);
        if path.is_empty() {
            return;
        }
        self.path(&path);
        let Rest::List(list) = &arg.rest else { return };
        for setting in split(list) {
            match (setting.name(), &setting.rest) {
                (Some(name), Rest::Value(list)) if SELECTORS.iter().any(|it| name == it.name) => {
                    self.methods(list);
                }
                (Some(name), rest) => {
                    self.values.extend(quote!(let _ = <#path>::#name;));
                    match rest {
                        Rest::Value(value) => self.value(value),
                        Rest::List(list) => {
                            let values = split(list);
                            values
                                .iter()
                                .for_each(|value| self.value(&value.as_value()));
                        }
                        Rest::Nothing | Rest::Other(_) => {}
                    }
                }
                (None, _) => {}
            }
        }
    }

    /// The settings of an entry.
    fn settings(&mut self, row: &Row, args: &[Arg], method: Option<usize>) {
        let on_method = method.is_some();
        let settings = row.settings.iter().filter(|setting| {
            let is_of_block = matches!(setting.value, Value::Access | Value::Per);
            let names_all = setting.name == "protected" && self.mount.is_struct();
            setting.places.has(self.mount) && !(on_method && is_of_block) && !names_all
        });
        let selectors = SELECTORS.iter().filter(|_| !on_method);
        let settings = self.items(Some(row.name), settings.map(|it| it.name));
        let selectors = self.words(selectors.map(|it| it.name));
        let offers = quote!(#settings #selectors);
        let mut named = args;
        // The first value may have no name. Then a half-typed name may be that value, and not a setting.
        if !matches!(row.positional, Positional::No) {
            let first = args.first().filter(|it| !it.is_setting());
            let value = first.map(Arg::as_value);
            self.values.extend(quote!({ #offers let _ = (#value); }));
            named = args.get(usize::from(first.is_some())..).unwrap_or_default();
        }
        self.list(&offers, named.iter().filter_map(Arg::name));
        let of = self.method_of(named, method);
        for arg in named {
            let all = row.settings.iter().chain(&SELECTORS);
            let setting = arg
                .name()
                .and_then(|name| all.into_iter().find(|it| name == it.name));
            match (setting, &arg.rest) {
                (Some(setting), rest) => self.setting(row, setting, rest, of),
                (None, Rest::Value(value)) => self.value(value),
                (None, _) => {}
            }
        }
    }

    /// The method whose messages the values of an entry name.
    fn method_of(&self, args: &[Arg], method: Option<usize>) -> Option<usize> {
        let only = args.iter().find_map(|arg| match (arg.name(), &arg.rest) {
            (Some(name), Rest::Value(list)) if name == "only" => inside(list),
            _ => None,
        });
        let only = only.and_then(|list| {
            let args = split(&list);
            let mut names = args.iter().filter_map(Arg::name);
            names.find_map(|name| self.methods.iter().position(|it| it.name == *name))
        });
        method.or(only).or((!self.methods.is_empty()).then_some(0))
    }

    fn setting(&mut self, row: &Row, setting: &Setting, rest: &Rest, of: Option<usize>) {
        let value = match rest {
            Rest::Value(value) => value,
            Rest::List(list) if !setting.parts().is_empty() => {
                let parts = setting.parts();
                let krate = &self.krate;
                let (side, name) = (self.side(), ident(setting.name));
                let row = ident(row.name);
                let names = parts.iter().map(|part| ident(part.name));
                let offers = quote!(use #krate::__ide::#side::#row::#name::{#(#names),*};);
                let args = split(list);
                self.list(&offers, args.iter().filter_map(Arg::name));
                for arg in &args {
                    if let Rest::Value(value) = &arg.rest {
                        self.value(value);
                    }
                }
                return;
            }
            Rest::List(list) if matches!(setting.value, Value::Own(_)) => {
                for field in split(list) {
                    if let Rest::Value(value) = field.rest {
                        self.message_expression(of, &without_sigil(value));
                    }
                }
                return;
            }
            _ => return,
        };
        let choices = setting.choices();
        match setting.value {
            Value::Access => self.methods(value),
            Value::Codes | Value::CodesOrEmpty if inside(value).is_some() => {
                let krate = &self.krate;
                let codes = CODES.map(ident);
                let offers = quote!(use #krate::__private::tonic::Code::{#(#codes),*};);
                let list = inside(value).unwrap_or_default();
                self.list(&offers, split(&list).iter().filter_map(Arg::name));
            }
            _ if !choices.is_empty() => {
                let krate = &self.krate;
                let (side, row, name) = (self.side(), ident(row.name), ident(setting.name));
                let choices = choices.iter().map(|choice| ident(choice.name));
                let offers = quote!(use #krate::__ide::#side::#row::#name::{#(#choices),*};);
                self.list(&offers, split(value).iter().filter_map(Arg::name));
            }
            Value::Own("by") => self.ty(value),
            Value::Own(written) if written == setting.name => self.value(value),
            Value::Own(_) => {
                let list = inside(value).unwrap_or_default();
                let paths = split(&list)
                    .into_iter()
                    .map(|path| as_expression(path.as_value()));
                self.message_expression(of, &quote!(#(#paths,)*));
            }
            _ => self.value(value),
        }
    }

    /// `[login, "Login"]`. The name of a method links to the method. Any other name may be half typed, so methods are completed for it.
    fn methods(&mut self, list: &TokenStream) {
        let list = inside(list).unwrap_or_default();
        let args = split(&list);
        let names = args.iter().filter_map(Arg::name);
        if self.mount.is_struct() {
            let offers = self.words([IDEMPOTENT.name].into_iter());
            self.list(&offers, names);
            return;
        }
        let receiver = &self.receiver;
        let mut shown = Vec::new();
        for name in names {
            match self.methods.iter().any(|method| method.name == *name) {
                true => {
                    // rustc cannot infer the type of the generated method's `impl Trait` argument, so only rust-analyzer sees this.
                    let condition =
                        (self.mount == Mount::ClientModule).then(|| quote!(#[cfg(rust_analyzer)]));
                    self.paths
                        .extend(quote!(#condition let _ = #receiver::#name;));
                    // The list gets a copy of the name without its span, so that the user's name only links to the method.
                    shown.push(without_user_span(name));
                }
                false => shown.push(name.clone()),
            }
        }
        self.list(
            &quote!(
                use super::methods::*;
            ),
            shown.iter(),
        );
    }

    /// A list of names. An editor completes `offers` for them.
    fn list<'n>(&mut self, offers: &TokenStream, names: impl Iterator<Item = &'n Ident>) {
        let list = format_ident!("list_{}", self.lists.len());
        let names = names.filter(|name| {
            !["crate", "self", "super", "Self"]
                .iter()
                .any(|it| name == it)
        });
        self.lists
            .push(quote!(mod #list { #offers use self::{ #(#names as _,)* }; }));
    }

    /// `use ::interceptors::__ide::server::retry::{max, …};`
    fn items<'n>(&self, row: Option<&str>, names: impl Iterator<Item = &'n str>) -> TokenStream {
        let (krate, side) = (&self.krate, self.side());
        let row = row.map(ident).into_iter();
        let names = names.map(ident);
        quote!(use #krate::__ide::#side #(::#row)*::{#(#names),*};)
    }

    fn words<'n>(&self, names: impl Iterator<Item = &'n str>) -> TokenStream {
        let krate = &self.krate;
        let names = names.map(ident);
        quote!(use #krate::__ide::words::{#(#names),*};)
    }

    fn side(&self) -> Ident {
        ident(match self.mount.side() {
            Side::Server => "server",
            Side::Client => "client",
        })
    }

    /// An expression, which may be half typed. `let _ = (place);` does not move out of the place.
    fn value(&mut self, value: &TokenStream) {
        self.values.extend(quote!(let _ = (#value);));
    }

    fn ty(&mut self, ty: &TokenStream) {
        self.values.extend(quote!(let _: (#ty);));
    }

    fn path(&mut self, path: &TokenStream) {
        // A macro may have put an invisible group around the path.
        let mut last = path.clone().into_iter().last();
        while let Some(TokenTree::Group(group)) = &last
            && group.delimiter() == Delimiter::None
        {
            last = group.stream().into_iter().last();
        }
        self.values.extend(match last {
            Some(TokenTree::Ident(_)) => quote!(use #path as _;),
            // The last name has not been typed yet.
            _ => quote!(use #path {};),
        });
    }

    /// An expression that may name `request` and `response`.
    fn message_expression(&mut self, of: Option<usize>, value: &TokenStream) {
        let Some(method) = of.map(|of| &self.methods[of]) else {
            return;
        };
        let request = method.request.iter();
        let response = method.response.iter();
        self.values.extend(quote! {
            let _ = |#(request: #request,)* #(response: #response,)*| {
                let _ = (#value);
                ::core::option::Option::Some(())
            };
        });
    }

    fn finish(self, item: Option<&Item>) -> TokenStream {
        let Self {
            methods,
            lists,
            paths,
            values,
            ..
        } = self;
        let mut copies: Vec<TokenStream> = Vec::new();
        for (i, method) in methods.iter().enumerate() {
            if methods[..i].iter().all(|other| other.name != method.name) {
                let (docs, name) = (&method.docs, without_user_span(&method.name));
                copies.push(quote!(#(#docs)* pub fn #name() {}));
            }
        }
        let values = quote!(#paths #values ::core::result::Result::Ok(()));
        let (of_self, values) = match item {
            Some(Item::Impl(block)) => values_function(&block.generics, &block.self_ty, &values),
            Some(Item::Struct(item)) => {
                let (name, (_, parameters, _)) = (&item.ident, item.generics.split_for_impl());
                values_function(&item.generics, &quote!(#name #parameters), &values)
            }
            _ => {
                let result = result_of_values();
                (None, quote!(async fn values() -> #result { #values }))
            }
        };
        quote! {
            #[allow(warnings, clippy::all, clippy::pedantic)]
            const _: () = {
                #values
                mod interceptors_hints {
                    mod methods { #(#copies)* }
                    #(#lists)*
                    #of_self
                }
            };
        }
    }
}

/// A trait and its `impl` for the user's type, with a function that contains the values. The trait is not in scope of the user's code.
fn values_function(
    generics: &Generics,
    self_ty: &impl ToTokens,
    values: &TokenStream,
) -> (Option<TokenStream>, TokenStream) {
    let parameters = hidden_parameters(generics);
    let (impl_generics, arguments, where_clause) = generics.split_for_impl();
    let result = result_of_values();
    let of_self = quote! {
        pub trait Values<#(#parameters),*> {
            async fn values(&self) -> #result;
        }
    };
    let values = quote! {
        impl #impl_generics interceptors_hints::Values #arguments for #self_ty #where_clause {
            async fn values(&self) -> #result { #values }
        }
    };
    (Some(of_self), values)
}

/// The return type of the function with the values. A value may contain `?`.
fn result_of_values() -> TokenStream {
    quote!(::core::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>>)
}

/// The same name, without the user's span.
fn without_user_span(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(Span::call_site());
    name
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
