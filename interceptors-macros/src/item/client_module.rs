use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{
    Attribute, Expr, FnArg, GenericArgument, Generics, ImplItem, ImplItemFn, Item, ItemImpl,
    ItemMod, ItemStruct, Lit, LitStr, Local, Pat, PathArguments, ReturnType, Stmt, Type,
    TypeParamBound,
};

use crate::codes;
use crate::ctxt::Ctxt;
use crate::text::tokens::{find_ident, has_path, ungroup};

/// The module of a generated client.
///
/// Its tokens contain all that is needed: exact names, kinds of calls, message types and codecs.
pub(crate) struct ClientModule {
    /// The module without the RPC methods.
    pub(crate) module: ItemMod,
    pub(crate) client: Ident,
    pub(crate) generics: Generics,
    pub(crate) self_ty: Type,
    pub(crate) methods: Vec<ClientMethod>,
}

pub(crate) struct ClientMethod {
    /// Documentation and `#[deprecated]`.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) sig: syn::Signature,
    /// The name without `r#`.
    pub(crate) name: String,
    pub(crate) path: LitStr,
    pub(crate) service: LitStr,
    pub(crate) rpc: LitStr,
    pub(crate) codec: Expr,
    pub(crate) request: Type,
    pub(crate) response: Type,
    pub(crate) request_is_stream: bool,
    pub(crate) response_is_stream: bool,
}

/// The message for a module that was generated for another version of tonic.
const OTHER_TONIC: &str = "this was generated for tonic 0.13 or earlier, and `interceptors` works with tonic 0.14; update `tonic` and `prost`, and generate the code with `tonic-prost-build`";

/// Reports a module that was generated for an older tonic, and returns whether it was. Since tonic 0.14, the codec is in
/// the crate `tonic-prost`.
pub(super) fn is_of_other_tonic(cx: &Ctxt, module: &ItemMod) -> bool {
    let is_other = has_path(module.to_token_stream(), &["tonic", "codec", "ProstCodec"]);
    if is_other {
        cx.error_on(codes::OTHER_TONIC, &module.ident, OTHER_TONIC);
    }
    is_other
}

pub(crate) fn parse(cx: &Ctxt, mut module: ItemMod) -> Option<ClientModule> {
    if is_of_other_tonic(cx, &module) {
        return None;
    }
    let Some((_, items)) = &mut module.content else {
        cx.error_on(
            codes::HIDDEN_METHODS,
            &module,
            "this module is in another file, which an attribute cannot see; in `build.rs`, give the attribute to `client_mod_attribute(\"package\", …)`",
        );
        return None;
    };
    if let [Item::Macro(call), ..] = &items[..] {
        cx.error_on(
            codes::HIDDEN_METHODS,
            &call.mac.path,
            "the content of this macro cannot be seen here; in `build.rs`, give the attribute to `client_mod_attribute(\"package\", …)`",
        );
        return None;
    }
    let client = items.iter().find_map(client_of);
    let Some(client) = client else {
        cx.error_on(
            codes::NOT_AS_GENERATED,
            &module.ident,
            "this module is not a client as tonic's code generator writes it: it has no `struct …Client<T> { inner: tonic::client::Grpc<T> }`; for a hand-written client, put the attribute on its `impl`",
        );
        return None;
    };
    let mut generics = None;
    let mut methods = Vec::new();
    for item in items.iter_mut() {
        let Item::Impl(block) = item else { continue };
        let Some((parameters, self_ty)) = generic_impl(block, &client) else {
            continue;
        };
        let (rpcs, others): (Vec<ImplItem>, _) = std::mem::take(&mut block.items)
            .into_iter()
            .partition(is_rpc);
        block.items = others;
        for rpc in rpcs {
            if let ImplItem::Fn(method) = rpc {
                methods.extend(parse_method(cx, &method));
            }
        }
        generics = Some((parameters, self_ty));
    }
    let Some((generics, self_ty)) = generics else {
        cx.error_on(
            codes::NOT_AS_GENERATED,
            &client,
            "this client has no `impl<T>` with methods, as tonic's code generator writes it",
        );
        return None;
    };
    Some(ClientModule {
        client,
        generics,
        self_ty,
        methods,
        module,
    })
}

/// `struct UserServiceClient<T> { inner: tonic::client::Grpc<T> }`
pub(crate) fn client_of(item: &Item) -> Option<Ident> {
    match item {
        Item::Struct(item) if is_generated(item) => Some(item.ident.clone()),
        _ => None,
    }
}

/// Whether this is the struct of a generated client.
pub(crate) fn is_generated(item: &ItemStruct) -> bool {
    item.fields.iter().any(|field| {
        let is_inner = field.ident.as_ref().is_some_and(|name| name == "inner");
        let is_grpc = find_ident(field.ty.to_token_stream(), "Grpc").is_some();
        is_inner && is_grpc
    })
}

/// Whether a block is an `impl` for this type.
pub(crate) fn is_impl_of(block: &ItemImpl, client: &Ident) -> bool {
    match ungroup(&block.self_ty) {
        Type::Path(path) => {
            let last = path.path.segments.last();
            last.is_some_and(|last| last.ident == *client)
        }
        _ => false,
    }
}

/// The parameters of `impl<T> UserServiceClient<T> where …`, and the type.
fn generic_impl(block: &ItemImpl, client: &Ident) -> Option<(Generics, Type)> {
    let is_it = is_impl_of(block, client)
        && block.trait_.is_none()
        && block.generics.type_params().next().is_some();
    is_it.then(|| (block.generics.clone(), (*block.self_ty).clone()))
}

/// Whether an item is an RPC method. In a generated client, only those are `async`.
fn is_rpc(item: &ImplItem) -> bool {
    matches!(item, ImplItem::Fn(method) if method.sig.asyncness.is_some())
}

fn parse_method(cx: &Ctxt, method: &ImplItemFn) -> Option<ClientMethod> {
    let found = find(method);
    if found.is_none() {
        cx.error_on(
            codes::NOT_AS_GENERATED,
            &method.sig.ident,
            "this method is not as the code generator of tonic 0.14 writes it, so it cannot be intercepted",
        );
    }
    found
}

fn find(method: &ImplItemFn) -> Option<ClientMethod> {
    let sig = &method.sig;
    let (request, request_is_stream) = request(sig)?;
    let (response, response_is_stream) = response(sig)?;
    let body = method.block.to_token_stream();
    let path = literals_after(&body, "from_static")?.into_iter().next()?;
    let names = literals_after(&body, "GrpcMethod")?;
    let [service, rpc] = <[LitStr; 2]>::try_from(names).ok()?;
    let codec = method
        .block
        .stmts
        .iter()
        .find_map(|statement| match statement {
            Stmt::Local(Local {
                pat: Pat::Ident(name),
                init: Some(init),
                ..
            }) if name.ident == "codec" => Some((*init.expr).clone()),
            _ => None,
        })?;
    Some(ClientMethod {
        attrs: method.attrs.clone(),
        name: sig.ident.unraw().to_string(),
        sig: sig.clone(),
        path,
        service,
        rpc,
        codec,
        request,
        response,
        request_is_stream,
        response_is_stream,
    })
}

/// `M` of `request: impl tonic::IntoRequest<M>` or of
/// `request: impl tonic::IntoStreamingRequest<Message = M>`.
fn request(sig: &syn::Signature) -> Option<(Type, bool)> {
    let FnArg::Typed(argument) = sig.inputs.iter().nth(1)? else {
        return None;
    };
    let Type::ImplTrait(opaque) = ungroup(&argument.ty) else {
        return None;
    };
    let TypeParamBound::Trait(bound) = opaque.bounds.first()? else {
        return None;
    };
    let last = bound.path.segments.last()?;
    let PathArguments::AngleBracketed(args) = &last.arguments else {
        return None;
    };
    match args.args.first()? {
        GenericArgument::Type(ty) => Some((ty.clone(), false)),
        GenericArgument::AssocType(assoc) => Some((assoc.ty.clone(), true)),
        _ => None,
    }
}

/// `M` of `Result<tonic::Response<M>, tonic::Status>` or of
/// `Result<tonic::Response<tonic::codec::Streaming<M>>, tonic::Status>`.
fn response(sig: &syn::Signature) -> Option<(Type, bool)> {
    let ReturnType::Type(_, output) = &sig.output else {
        return None;
    };
    let body = first_argument(first_argument(output)?)?;
    match body {
        Type::Path(path) if path.path.segments.last()?.ident == "Streaming" => {
            Some((first_argument(body)?.clone(), true))
        }
        _ => Some((body.clone(), false)),
    }
}

/// The first generic argument that is a type.
pub(crate) fn first_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ungroup(ty) else {
        return None;
    };
    let PathArguments::AngleBracketed(args) = &path.path.segments.last()?.arguments else {
        return None;
    };
    args.args.iter().find_map(|arg| match arg {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The strings in the parentheses that follow an identifier: `from_static("…")`,
/// `GrpcMethod::new("…", "…")`.
fn literals_after(tokens: &TokenStream, name: &str) -> Option<Vec<LitStr>> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let here = trees
        .iter()
        .position(|tree| matches!(tree, TokenTree::Ident(ident) if ident == name));
    if let Some(at) = here {
        let arguments = trees[at..].iter().find_map(|tree| match tree {
            TokenTree::Group(group) => Some(group.stream()),
            _ => None,
        })?;
        let strings =
            arguments
                .into_iter()
                .filter_map(|tree| match syn::parse2(tree.into_token_stream()) {
                    Ok(Lit::Str(text)) => Some(text),
                    _ => None,
                });
        return Some(strings.collect());
    }
    trees.into_iter().find_map(|tree| match tree {
        TokenTree::Group(group) => literals_after(&group.stream(), name),
        _ => None,
    })
}
