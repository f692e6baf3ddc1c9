use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Block, FnArg, GenericArgument, Generics, Ident, ImplItem, ImplItemFn, ImplItemType,
    Item, ItemImpl, Lifetime, Path, PathArguments, Receiver, ReceiverKind, ReturnType, Safety,
    Signature, Stmt, Token, Type, TypeParamBound, Visibility, parse_quote,
};

use super::mount::Mount;
use crate::codes::{self, Code};
use crate::ctxt::Ctxt;
use crate::text::attributes::{
    conditional, effective_path, is_cfg, is_lint_level, is_ours, plain_attrs,
};
use crate::text::tokens::{associated_type, find_ident, has_lifetimes, ungroup};
use crate::text::words::{normalized, pascal_case};

/// The `impl` of a service's trait, or the `impl` with the RPC methods of a hand-written client.
pub(crate) struct ServiceImpl {
    /// `#[cfg]` and lint levels, which apply to all generated code.
    pub(crate) scope_attrs: Vec<Attribute>,
    /// The other attributes, such as `#[async_trait]` and documentation. They stay on the user's block.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) generics: Generics,
    /// `None` for a hand-written client.
    pub(crate) trait_path: Option<Path>,
    pub(crate) self_ty: Type,
    pub(crate) types: Vec<AssocType>,
    pub(crate) consts: Vec<TokenStream>,
    pub(crate) methods: Vec<Method>,
}

pub(crate) struct AssocType {
    pub(crate) item: ImplItemType,
    /// Whether it is the response stream of a method.
    pub(crate) is_stream: bool,
}

pub(crate) struct Method {
    /// The arguments of the method's own `#[intercept(…)]`.
    pub(crate) args: Option<TokenStream>,
    pub(crate) cfgs: Vec<Attribute>,
    /// Documentation and other attributes for callers, such as `#[deprecated]`. They stay on the outer method.
    pub(crate) docs: Vec<Attribute>,
    /// All other attributes. They move to the hidden method with the body.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) block: Block,
    /// The name without `r#`.
    pub(crate) name: String,
    pub(crate) by_arc: bool,
    /// Whether the method takes `&mut self`. Only hand-written clients may.
    pub(crate) by_mut: bool,
    pub(crate) request: Type,
    pub(crate) result: Type,
    pub(crate) returns: Returns,
    /// The associated type of the response stream.
    pub(crate) stream: Option<Ident>,
}

/// How a method returns its future.
pub(crate) enum Returns {
    /// `async fn`
    Async,
    /// `-> impl Future<Output = …>`
    Opaque,
    /// `-> Pin<Box<dyn Future<Output = …> + Send + 'a>>`
    Boxed(Option<Lifetime>),
}

impl Method {
    pub(crate) fn ident(&self) -> &Ident {
        &self.sig.ident
    }

    pub(crate) fn receiver(&self) -> &Receiver {
        match self.sig.inputs.first() {
            Some(FnArg::Receiver(receiver)) => receiver,
            _ => unreachable!("parse_method() has seen the receiver"),
        }
    }
}

pub(super) fn parse_block(cx: &Ctxt, krate: &Path, block: ItemImpl) -> Option<ServiceImpl> {
    let errors = cx.errors();
    if let Err(error) = block.modifiers.require_empty() {
        cx.push(error);
    }
    if let Some(unsafety) = &block.unsafety {
        cx.error_on(
            codes::NOT_AN_RPC,
            unsafety,
            "a service's trait is not unsafe; take `unsafe` out",
        );
    }
    let mount = if block.trait_.is_some() {
        Mount::Service
    } else {
        Mount::HandWritten
    };
    let trait_path = block.trait_.map(|(path, _)| path);
    let (scope_attrs, attrs) = plain_attrs(block.attrs)
        .into_iter()
        .partition(is_scope_attr);
    let mut service = ServiceImpl {
        scope_attrs,
        attrs,
        generics: block.generics,
        trait_path,
        self_ty: *block.self_ty,
        types: Vec::new(),
        consts: Vec::new(),
        methods: Vec::new(),
    };
    let stream_names: Vec<Ident> = block
        .items
        .iter()
        .filter_map(|item| match item {
            ImplItem::Type(item) => Some(item.ident.clone()),
            _ => None,
        })
        .collect();
    for item in block.items {
        match item {
            ImplItem::Fn(method) => {
                let before = cx.errors();
                for method in split_by_condition(method, krate) {
                    // All copies of a method have the same errors, so only those of the first copy are reported.
                    let rest = Ctxt::new();
                    let cx = if cx.errors() == before { cx } else { &rest };
                    service.methods.extend(parse_method(cx, krate, mount, method, &stream_names));
                    let _ = rest.check();
                }
            }
            ImplItem::Const(item) if mount == Mount::HandWritten => {
                cx.error_on(codes::NOT_AN_RPC, &item.ident, "this is not an RPC; move it to a separate `impl`");
            }
            ImplItem::Type(mut item) => {
                item.attrs = plain_attrs(item.attrs);
                service.types.push(AssocType { item, is_stream: false });
            }
            ImplItem::Const(item) => service.consts.push(quote::quote!(#item)),
            ImplItem::Macro(item) => cx.error_on(
                codes::HIDDEN_METHODS,
                &item.mac.path,
                "the methods in this macro cannot be seen here, so no interceptor would run for them; write them out, or put `#[intercept]` inside the macro, on the whole `impl`",
            ),
            other => cx.error_on(codes::UNREADABLE, &other, "this item cannot be parsed, so no interceptor would run for it"),
        }
    }
    if service.methods.is_empty() && cx.errors() == errors {
        cx.error_on(
            codes::NO_METHODS,
            &service.self_ty,
            "there is no method in this `impl`, so no interceptor would ever run; write the RPC methods here, or take `#[intercept]` out",
        );
    }
    for assoc in &mut service.types {
        let is_of = |method: &Method| method.stream.as_ref() == Some(&assoc.item.ident);
        assoc.is_stream = service.methods.iter().any(is_of);
    }
    Some(service)
}

/// Whether an attribute applies to all code that is generated for the item.
fn is_scope_attr(attribute: &Attribute) -> bool {
    is_cfg(attribute) || is_lint_level(attribute)
}

/// Whether an attribute is for callers of the method and not for its body. A method of a trait's `impl` cannot have
/// `#[deprecated]` or `#[must_use]`.
fn is_for_callers(mount: Mount, attribute: &Attribute) -> bool {
    let path = match mount {
        Mount::HandWritten => effective_path(attribute),
        _ => None,
    };
    let is = |name| path.as_ref().is_some_and(|path| path.is_ident(name));
    attribute.path().is_ident("doc") || is("doc") || is("deprecated") || is("must_use")
}

/// Input:
///
/// ```text
/// #[cfg_attr(test, intercept(skip(logging)))]
/// async fn get(…) { … }
/// ```
///
/// Output:
///
/// ```text
/// #[intercept(skip(logging))]
/// #[cfg(test)]
/// async fn get(…) { … }
///
/// #[cfg(not(test))]
/// async fn get(…) { … }
/// ```
///
/// A macro does not know whether the condition holds, so it writes the method twice. If two conditions of one method hold, the
/// output is a `compile_error!`.
fn split_by_condition(mut method: ImplItemFn, krate: &Path) -> Vec<ImplItemFn> {
    let ours = |attribute: &Attribute| {
        let (condition, metas) = conditional(attribute)?;
        let [meta] = &metas[..] else { return None };
        let ours: Attribute = parse_quote!(#[#meta]);
        is_ours(&ours, krate).then_some((condition, ours))
    };
    method.attrs = plain_attrs(method.attrs);
    let found = method.attrs.iter().enumerate();
    let found = found
        .rev()
        .find_map(|(i, attribute)| Some((i, ours(attribute)?)));
    let Some((i, (condition, ours))) = found else {
        return vec![method];
    };
    let mut without = method.clone();
    without.attrs[i] = parse_quote!(#[cfg(not(#condition))]);
    let others = method.attrs.iter();
    match others.filter(|other| is_ours(other, krate)).count() {
        0 => method.attrs[i] = ours,
        // Only the compiler knows whether two conditions hold together.
        _ => {
            let message = codes::TWO_ATTRIBUTES
                .text("one `#[intercept(…)]` for each method; put both in one");
            let error = quote_spanned! {ours.path().span()=>
                ::core::compile_error!(#message);
            };
            method
                .block
                .stmts
                .insert(0, Stmt::Item(Item::Verbatim(error)));
            method.attrs.remove(i);
        }
    }
    method.attrs.push(parse_quote!(#[cfg(#condition)]));
    let both = [method, without].into_iter();
    both.flat_map(|method| split_by_condition(method, krate))
        .collect()
}

fn parse_method(
    cx: &Ctxt,
    krate: &Path,
    mount: Mount,
    method: ImplItemFn,
    assoc_names: &[Ident],
) -> Option<Method> {
    let sig = method.sig;
    if let Err(error) = method.modifiers.require_empty() {
        cx.push(error);
    }
    let MethodAttributes {
        args,
        cfgs,
        docs,
        attrs,
    } = MethodAttributes::sort(cx, krate, mount, method.attrs);
    let not_an_rpc = |what: &str| {
        let elsewhere = match mount {
            Mount::HandWritten => ". Move other methods to a separate `impl`",
            _ => "",
        };
        cx.error_on(
            codes::NOT_AN_RPC,
            &sig.ident,
            format!("{what}; an RPC method is `async fn {}(&self, request: Request<…>) -> Result<Response<…>, Status>`{elsewhere}", sig.ident),
        );
    };
    if mount == Mount::HandWritten && is_generic(&sig) {
        not_an_rpc("this method is generic; name the types, also that of a stream");
        return None;
    }
    if sig.constness.is_some() || !matches!(sig.safety, Safety::Default) || sig.abi.is_some() {
        not_an_rpc("an RPC cannot be `const`, `unsafe` or `extern`");
        return None;
    }
    if mount == Mount::HandWritten
        && let Some(FnArg::Typed(argument)) = sig.inputs.iter().nth(1)
        && let Some((code, wrong)) = wrong_request(&argument.ty)
    {
        cx.error_on(code, &argument.ty, wrong);
        return None;
    }
    let mut inputs = sig.inputs.iter();
    let (Some(FnArg::Receiver(receiver)), Some(FnArg::Typed(request)), None) =
        (inputs.next(), inputs.next(), inputs.next())
    else {
        not_an_rpc("this method does not take `self` and one request");
        return None;
    };
    let (by_arc, by_mut) = match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => (false, false),
        ReceiverKind::Reference(_, _, Some(_)) if mount == Mount::HandWritten => (false, true),
        ReceiverKind::Typed(_, ty) => (!matches!(ungroup(ty), Type::Reference(_)), false),
        _ => {
            not_an_rpc(match mount {
                Mount::HandWritten => "an RPC of a client takes `&self` or `&mut self`",
                _ => "an RPC takes `&self` or `self: Arc<Self>`",
            });
            return None;
        }
    };
    let ReturnType::Type(_, output) = &sig.output else {
        not_an_rpc("this method returns nothing");
        return None;
    };
    let (result, returns) = if sig.asyncness.is_some() {
        ((**output).clone(), Returns::Async)
    } else if let Some(future) = future(output) {
        future
    } else {
        not_an_rpc(
            "this method is neither `async` nor returns `Pin<Box<dyn Future<Output = …> + Send + '_>>`",
        );
        return None;
    };
    let name = sig.ident.unraw().to_string();
    let stream =
        associated_type(&result, assoc_names).or_else(|| stream_type(&name, assoc_names).cloned());
    Some(Method {
        args,
        cfgs,
        docs,
        attrs,
        name,
        by_arc,
        by_mut,
        vis: method.vis,
        request: (*request.ty).clone(),
        result,
        returns,
        stream,
        block: method.block,
        sig,
    })
}

/// The attributes of a method, by their purpose. The fields are those of [`Method`].
struct MethodAttributes {
    args: Option<TokenStream>,
    cfgs: Vec<Attribute>,
    docs: Vec<Attribute>,
    attrs: Vec<Attribute>,
}

impl MethodAttributes {
    fn sort(cx: &Ctxt, krate: &Path, mount: Mount, attributes: Vec<Attribute>) -> Self {
        let mut sorted = Self {
            args: None,
            cfgs: Vec::new(),
            docs: Vec::new(),
            attrs: Vec::new(),
        };
        let mut has_ours = false;
        for attribute in plain_attrs(attributes) {
            if is_ours(&attribute, krate) {
                if std::mem::replace(&mut has_ours, true) {
                    cx.error_on(
                        codes::TWO_ATTRIBUTES,
                        &attribute,
                        "one `#[intercept(…)]` for each method; put both in one",
                    );
                } else if let Some(list) = cx.ok(attribute.meta.require_list().cloned()) {
                    sorted.args = Some(list.tokens);
                }
            } else if is_cfg(&attribute) {
                sorted.cfgs.push(attribute);
            } else if is_for_callers(mount, &attribute) {
                sorted.docs.push(attribute);
            } else {
                sorted.attrs.push(attribute);
            }
        }
        sorted
    }
}

/// The error for the request type of a hand-written client's method, if the type is wrong.
fn wrong_request(ty: &Type) -> Option<(Code, &'static str)> {
    if !has_parameters(ty) {
        return Some((
            codes::NOT_AN_RPC,
            "an RPC takes its message in a `tonic::Request`: `request: Request<…>`",
        ));
    }
    if has_lifetimes(ty) {
        return Some((
            codes::NOT_OWNED,
            "an attempt may outlive what a request borrows; name a type that owns its message",
        ));
    }
    let is_dyn = find_ident(ty.to_token_stream(), "dyn").is_some();
    is_dyn.then_some((
        codes::NOT_OWNED,
        "a hand-written client cannot keep a boxed request; name the type in the box, such as `tokio_stream::wrappers::ReceiverStream<User>`",
    ))
}

/// The associated type for the response stream of a method, by its name.
///
/// If several types match, such as `SetupStream` and `SetUpStream`, it is the one that tonic generates for this method.
fn stream_type<'a>(method: &str, types: &'a [Ident]) -> Option<&'a Ident> {
    let streams = || types.iter().filter(|it| is_stream_of(it, method));
    let (pascal, same) = (pascal_case(method) + "Stream", format!("{method}Stream"));
    let exact = streams().find(|it| it.unraw() == pascal.as_str());
    let exact =
        exact.or_else(|| streams().find(|it| it.unraw().to_string().eq_ignore_ascii_case(&same)));
    exact.or(streams().next())
}

/// Whether a type has generic arguments, as `Request<…>` and its aliases do.
fn has_parameters(ty: &Type) -> bool {
    match ungroup(ty) {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| !last.arguments.is_none()),
        _ => false,
    }
}

fn is_generic(sig: &Signature) -> bool {
    let types = sig.generics.type_params().next().is_some();
    let opaque = sig.inputs.iter().any(|input| {
        matches!(input, FnArg::Typed(arg) if find_ident(arg.ty.to_token_stream(), "impl").is_some())
    });
    types || opaque
}

/// Whether an associated type has the name that tonic gives to the response stream of this method. Case and underscores may differ.
fn is_stream_of(assoc: &Ident, method: &str) -> bool {
    normalized(&assoc.unraw().to_string()) == normalized(method) + "stream"
}

/// The output of a future's type, and how the method returns the future.
fn future(ty: &Type) -> Option<(Type, Returns)> {
    match ungroup(ty) {
        Type::ImplTrait(opaque) => Some((output(&opaque.bounds)?, Returns::Opaque)),
        Type::TraitObject(object) => {
            let lifetime = object.bounds.iter().find_map(|bound| match bound {
                TypeParamBound::Lifetime(lifetime) => Some(lifetime.clone()),
                _ => None,
            });
            Some((output(&object.bounds)?, Returns::Boxed(lifetime)))
        }
        // `Pin<Box<dyn Future>>`, or its alias `BoxFuture`.
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let PathArguments::AngleBracketed(args) = &last.arguments else {
                return None;
            };
            let ty = args.args.iter().find_map(|arg| match arg {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })?;
            if last.ident != "BoxFuture" {
                return future(ty).filter(|(_, returns)| matches!(returns, Returns::Boxed(_)));
            }
            let lifetime = args.args.iter().find_map(|arg| match arg {
                GenericArgument::Lifetime(lifetime) => Some(lifetime.clone()),
                _ => None,
            });
            Some((ty.clone(), Returns::Boxed(lifetime)))
        }
        _ => None,
    }
}

/// `T` of `Future<Output = T>`.
fn output(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<Type> {
    bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let PathArguments::AngleBracketed(args) = &bound.path.segments.last()?.arguments else {
            return None;
        };
        args.args.iter().find_map(|arg| match arg {
            GenericArgument::AssocType(assoc) if assoc.ident == "Output" => Some(assoc.ty.clone()),
            _ => None,
        })
    })
}
