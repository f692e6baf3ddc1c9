use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{
    Attribute, Block, FnArg, GenericArgument, Generics, Ident, ImplItem, ImplItemType, Item,
    Lifetime, Meta, Path, PathArguments, Receiver, ReceiverKind, ReturnType, Safety, Signature,
    Type, TypeParamBound,
};

use crate::args::{MethodArgs, parse_method_args};
use crate::ctxt::Ctxt;
use crate::tokens::{associated_type, is_ours, ungroup};

/// An implementation of a service's trait.
pub(crate) struct ServiceImpl {
    /// `#[cfg]` and lint levels: they hold for all that the block becomes.
    pub(crate) scope_attrs: Vec<Attribute>,
    /// `#[async_trait]`, documentation and the like: they stay on the user's block.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) generics: Generics,
    pub(crate) trait_path: Path,
    pub(crate) self_ty: Type,
    pub(crate) types: Vec<AssocType>,
    pub(crate) consts: Vec<TokenStream>,
    pub(crate) methods: Vec<Method>,
}

pub(crate) struct AssocType {
    pub(crate) item: ImplItemType,
    /// Whether a method answers with a stream of this type.
    pub(crate) is_stream: bool,
}

pub(crate) struct Method {
    pub(crate) args: MethodArgs,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) docs: Vec<Attribute>,
    /// All the others: they belong to the body.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) sig: Signature,
    pub(crate) block: Block,
    /// The name without `r#`.
    pub(crate) name: String,
    pub(crate) by_arc: bool,
    pub(crate) request: Type,
    pub(crate) result: Type,
    /// Set where the method is not an `async fn` but returns the boxed future itself.
    pub(crate) boxed: Option<BoxedFuture>,
    /// The associated type of the response stream.
    pub(crate) stream: Option<Ident>,
}

pub(crate) struct BoxedFuture {
    pub(crate) lifetime: Option<Lifetime>,
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

/// Reads the item. What does not fit is reported; `None` where there is nothing to go on with.
pub(crate) fn parse_item(cx: &Ctxt, krate: &Path, item: TokenStream) -> Option<ServiceImpl> {
    let block = match cx.ok(syn::parse2(item))? {
        Item::Impl(block) => block,
        other => {
            cx.error_on(
                &other,
                "`#[intercept]` belongs on the implementation of a service: `impl UserService for Users { … }`",
            );
            return None;
        }
    };
    if let Err(error) = block.modifiers.require_empty() {
        cx.push(error);
    }
    if let Some(unsafety) = &block.unsafety {
        cx.error_on(
            unsafety,
            "a service's trait is not unsafe; take `unsafe` out",
        );
    }
    let Some((trait_path, _)) = block.trait_ else {
        cx.error_on(
            &block.self_ty,
            "`#[intercept]` belongs on the implementation of a service's trait: `impl UserService for Users { … }`",
        );
        return None;
    };
    let (scope_attrs, attrs) = block.attrs.into_iter().partition(is_scope_attr);
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
                service.methods.extend(parse_method(cx, krate, method, &stream_names));
            }
            ImplItem::Type(item) => service.types.push(AssocType { item, is_stream: false }),
            ImplItem::Const(item) => service.consts.push(quote::quote!(#item)),
            ImplItem::Macro(item) => cx.error_on(
                &item.mac.path,
                "what this macro makes cannot be seen here, so its methods would go unguarded; write them out, or put `#[intercept]` inside the macro, on the whole `impl`",
            ),
            other => cx.error_on(&other, "this item cannot be read, so it would go unguarded"),
        }
    }
    for assoc in &mut service.types {
        let is_of = |method: &Method| method.stream.as_ref() == Some(&assoc.item.ident);
        assoc.is_stream = service.methods.iter().any(is_of);
    }
    Some(service)
}

/// Attributes that hold for all that comes of the item.
fn is_scope_attr(attribute: &Attribute) -> bool {
    is_cfg(attribute) || is_lint_level(attribute)
}

fn is_cfg(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
}

/// `#[allow(…)]` and its like, also under a `cfg_attr`.
pub(crate) fn is_lint_level(attribute: &Attribute) -> bool {
    const LEVELS: [&str; 5] = ["allow", "expect", "warn", "deny", "forbid"];
    let is_level = |path: &Path| LEVELS.iter().any(|level| path.is_ident(level));
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            let parser = syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated;
            list.parse_args_with(parser).is_ok_and(|metas| {
                metas.len() > 1 && metas.iter().skip(1).all(|meta| is_level(meta.path()))
            })
        }
        meta => is_level(meta.path()),
    }
}

fn parse_method(
    cx: &Ctxt,
    krate: &Path,
    method: syn::ImplItemFn,
    assoc_names: &[Ident],
) -> Option<Method> {
    let sig = method.sig;
    if let Err(error) = method.modifiers.require_empty() {
        cx.push(error);
    }
    let mut args = MethodArgs::default();
    let (mut cfgs, mut docs, mut attrs) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = false;
    for attribute in method.attrs {
        if is_ours(&attribute) {
            if std::mem::replace(&mut seen, true) {
                cx.error_on(
                    &attribute,
                    "one `#[intercept(…)]` for each method; put both in one",
                );
            } else if let Some(list) = cx.ok(attribute.meta.require_list().cloned()) {
                args = parse_method_args(cx, krate, list.tokens);
            }
        } else if is_cfg(&attribute) {
            cfgs.push(attribute);
        } else if attribute.path().is_ident("doc") {
            docs.push(attribute);
        } else {
            attrs.push(attribute);
        }
    }
    let not_an_rpc = |what: &str| {
        cx.error_on(
            &sig.ident,
            format!("{what}; an RPC method is `async fn {}(&self, request: Request<…>) -> Result<Response<…>, Status>`", sig.ident),
        );
    };
    if sig.constness.is_some() || !matches!(sig.safety, Safety::Default) || sig.abi.is_some() {
        not_an_rpc("`const`, `unsafe` and `extern` do not go with an RPC");
        return None;
    }
    let mut inputs = sig.inputs.iter();
    let (Some(FnArg::Receiver(receiver)), Some(FnArg::Typed(request)), None) =
        (inputs.next(), inputs.next(), inputs.next())
    else {
        not_an_rpc("this method does not take `self` and one request");
        return None;
    };
    let by_arc = match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => false,
        ReceiverKind::Typed(_, ty) => match ungroup(ty) {
            Type::Reference(_) => false,
            _ => true,
        },
        _ => {
            not_an_rpc("an RPC takes `&self` or `self: Arc<Self>`");
            return None;
        }
    };
    let ReturnType::Type(_, output) = &sig.output else {
        not_an_rpc("this method returns nothing");
        return None;
    };
    let (result, boxed) = if sig.asyncness.is_some() {
        ((**output).clone(), None)
    } else if let Some((result, lifetime)) = boxed_future(output) {
        (result, Some(BoxedFuture { lifetime }))
    } else {
        not_an_rpc(
            "this method is neither `async` nor returns `Pin<Box<dyn Future<Output = …> + Send + '_>>`",
        );
        return None;
    };
    let name = sig.ident.unraw().to_string();
    let stream = associated_type(&result, assoc_names).or_else(|| {
        assoc_names
            .iter()
            .find(|assoc| is_stream_of(assoc, &name))
            .cloned()
    });
    Some(Method {
        args,
        cfgs,
        docs,
        attrs,
        name,
        by_arc,
        request: (*request.ty).clone(),
        result,
        boxed,
        stream,
        block: method.block,
        sig,
    })
}

/// Whether tonic's associated type of this name belongs to the method: they differ in case and
/// underscores alone.
fn is_stream_of(assoc: &Ident, method: &str) -> bool {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    plain(&assoc.unraw().to_string()) == plain(method) + "stream"
}

/// The output and the lifetime of `Pin<Box<dyn Future<Output = T> + Send + 'a>>`.
fn boxed_future(ty: &Type) -> Option<(Type, Option<Lifetime>)> {
    match ungroup(ty) {
        Type::Path(path) => {
            let PathArguments::AngleBracketed(args) = &path.path.segments.last()?.arguments else {
                return None;
            };
            args.args.iter().find_map(|arg| match arg {
                GenericArgument::Type(ty) => boxed_future(ty),
                _ => None,
            })
        }
        Type::TraitObject(object) => {
            let lifetime = object.bounds.iter().find_map(|bound| match bound {
                TypeParamBound::Lifetime(lifetime) => Some(lifetime.clone()),
                _ => None,
            });
            let output = object.bounds.iter().find_map(|bound| {
                let TypeParamBound::Trait(bound) = bound else {
                    return None;
                };
                let PathArguments::AngleBracketed(args) = &bound.path.segments.last()?.arguments
                else {
                    return None;
                };
                args.args.iter().find_map(|arg| match arg {
                    GenericArgument::AssocType(assoc) if assoc.ident == "Output" => {
                        Some(assoc.ty.clone())
                    }
                    _ => None,
                })
            });
            Some((output?, lifetime))
        }
        _ => None,
    }
}
