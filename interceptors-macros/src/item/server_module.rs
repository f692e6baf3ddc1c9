use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{
    Arm, Attribute, Block, Expr, FnArg, Generics, ImplItem, Item, ItemImpl, ItemMod, Lit, LitStr,
    Pat, Stmt, TraitItem, Type,
};

use super::client_module::{client_of, is_impl_of, is_of_other_tonic};
use crate::codes;
use crate::ctxt::Ctxt;
use crate::text::tokens::find_ident;

/// The module of a generated server.
///
/// Its tokens contain all that is needed: exact names, kinds of calls, and the Rust name of each method.
pub(crate) struct ServerModule {
    /// The module without the server's `impl` of `Service`.
    pub(crate) module: ItemMod,
    pub(crate) server: Ident,
    /// The service's trait.
    pub(crate) service: Ident,
    /// Its associated types.
    pub(crate) types: Vec<Ident>,
    /// `impl<T, B> Service<http::Request<B>> for UserServiceServer<T>`
    pub(crate) block: ItemImpl,
    /// The type parameters of the service (`T`) and of the request's body (`B`).
    pub(crate) inner: Ident,
    pub(crate) body: Ident,
    /// The name of the argument of `call`, and the body of `call`.
    pub(crate) request: Ident,
    pub(crate) call: Block,
    pub(crate) methods: Vec<ServerMethod>,
}

pub(crate) struct ServerMethod {
    /// The Rust name, without `r#`.
    pub(crate) name: String,
    pub(crate) path: LitStr,
    pub(crate) service: String,
    pub(crate) rpc: String,
    pub(crate) request_is_stream: bool,
    pub(crate) response_is_stream: bool,
}

const NOT_AS_GENERATED: &str = "this module is not a server as the code generator of tonic 0.14 writes it, so its calls cannot be intercepted";

/// Whether a module looks like a generated server: it has a trait and no client.
pub(crate) fn is_server(module: &ItemMod) -> bool {
    let items = module.content.as_ref().map_or(&[][..], |(_, items)| items);
    items.iter().any(|item| matches!(item, Item::Trait(_)))
        && items.iter().all(|item| client_of(item).is_none())
}

pub(crate) fn parse(cx: &Ctxt, mut module: ItemMod) -> Option<ServerModule> {
    if is_of_other_tonic(cx, &module) {
        return None;
    }
    let name = module.ident.clone();
    let found = find(&mut module);
    let Some((server, block)) = found else {
        cx.error_on(codes::NOT_AS_GENERATED, &name, NOT_AS_GENERATED);
        return None;
    };
    let parsed = read(cx, module, server, block);
    if parsed.is_none() && cx.errors() == 0 {
        cx.error_on(codes::NOT_AS_GENERATED, &name, NOT_AS_GENERATED);
    }
    parsed
}

/// Finds the server's struct, and takes its `impl` of `Service` out of the module.
fn find(module: &mut ItemMod) -> Option<(Ident, ItemImpl)> {
    let (_, items) = module.content.as_mut()?;
    let server = items.iter().find_map(server_of)?;
    let at = items.iter().position(|item| match item {
        Item::Impl(block) => is_impl_of(block, &server) && is_service(block),
        _ => false,
    })?;
    match items.remove(at) {
        Item::Impl(block) => Some((server, block)),
        _ => None,
    }
}

/// `struct UserServiceServer<T> { inner: Arc<T>, … }`
fn server_of(item: &Item) -> Option<Ident> {
    let Item::Struct(item) = item else {
        return None;
    };
    let has_inner = item.fields.iter().any(|field| {
        let is_inner = field.ident.as_ref().is_some_and(|name| name == "inner");
        is_inner && find_ident(field.ty.to_token_stream(), "Arc").is_some()
    });
    has_inner.then(|| item.ident.clone())
}

/// `impl … Service<…> for …`
fn is_service(block: &ItemImpl) -> bool {
    let last = block
        .trait_
        .as_ref()
        .and_then(|(path, _)| path.segments.last());
    last.is_some_and(|last| last.ident == "Service")
}

fn read(cx: &Ctxt, module: ItemMod, server: Ident, block: ItemImpl) -> Option<ServerModule> {
    let (_, items) = module.content.as_ref()?;
    let (service, types) = items.iter().find_map(trait_of)?;
    let [inner, body] = parameters(&block.generics)?;
    let call = block.items.iter().find_map(|item| match item {
        ImplItem::Fn(call) if call.sig.ident == "call" => Some(call),
        _ => None,
    })?;
    let request = match call.sig.inputs.iter().nth(1)? {
        FnArg::Typed(request) => match &*request.pat {
            Pat::Ident(name) => name.ident.clone(),
            _ => return None,
        },
        FnArg::Receiver(_) => return None,
    };
    let mut methods = Vec::new();
    for arm in arms(&call.block, &request)? {
        let Pat::Lit(literal) = &arm.pat else {
            match &arm.pat {
                Pat::Wild(_) => continue,
                other => {
                    cx.error_on(codes::NOT_AS_GENERATED, other, NOT_AS_GENERATED);
                    continue;
                }
            }
        };
        let method = match &literal.lit {
            Lit::Str(path) => method(arm, path, &service),
            _ => None,
        };
        if method.is_none() {
            cx.error_on(
                codes::NOT_AS_GENERATED,
                literal,
                "the method at this path is not as the code generator of tonic 0.14 writes it, so it cannot be intercepted",
            );
        }
        methods.extend(method);
    }
    let call = call.block.clone();
    Some(ServerModule {
        module,
        server,
        service,
        types,
        block,
        inner,
        body,
        request,
        call,
        methods,
    })
}

/// The trait of the service, and its associated types.
fn trait_of(item: &Item) -> Option<(Ident, Vec<Ident>)> {
    let Item::Trait(item) = item else { return None };
    let types = item.items.iter().filter_map(|item| match item {
        TraitItem::Type(item) => Some(item.ident.clone()),
        _ => None,
    });
    Some((item.ident.clone(), types.collect()))
}

/// `<T, B>`
fn parameters(generics: &Generics) -> Option<[Ident; 2]> {
    let types = generics.type_params().map(|param| param.ident.clone());
    <[Ident; 2]>::try_from(types.collect::<Vec<_>>()).ok()
}

/// The arms of `match req.uri().path() { … }`.
fn arms<'a>(call: &'a Block, request: &Ident) -> Option<&'a [Arm]> {
    let [Stmt::Expr(Expr::Match(found), _)] = &call.stmts[..] else {
        return None;
    };
    let matched = found.expr.to_token_stream().to_string().replace(' ', "");
    (matched == format!("{request}.uri().path()")).then_some(&found.arms[..])
}

fn method(arm: &Arm, path: &LitStr, service: &Ident) -> Option<ServerMethod> {
    if !arm.attrs.iter().all(is_doc) {
        return None;
    }
    let text = path.value();
    let (of, rpc) = text.strip_prefix('/')?.split_once('/')?;
    let body = arm.body.to_token_stream();
    let has = |name| find_ident(body.clone(), name).is_some();
    let (request_is_stream, response_is_stream) = match () {
        () if has("UnaryService") => (false, false),
        () if has("ClientStreamingService") => (true, false),
        () if has("ServerStreamingService") => (false, true),
        () if has("StreamingService") => (true, true),
        () => return None,
    };
    Some(ServerMethod {
        name: called_method(body, service)?,
        path: path.clone(),
        service: of.to_owned(),
        rpc: rpc.to_owned(),
        request_is_stream,
        response_is_stream,
    })
}

fn is_doc(attribute: &Attribute) -> bool {
    attribute.path().is_ident("doc")
}

/// `login` of `<T as UserService>::login(…)`.
fn called_method(tokens: TokenStream, service: &Ident) -> Option<String> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let is_punct =
        |tree: &TokenTree, punct| matches!(tree, TokenTree::Punct(it) if it.as_char() == punct);
    let here = trees.windows(6).find_map(|trees| match trees {
        [
            TokenTree::Ident(as_),
            TokenTree::Ident(of),
            close,
            a,
            b,
            TokenTree::Ident(name),
        ] if as_ == "as"
            && of == service
            && is_punct(close, '>')
            && is_punct(a, ':')
            && is_punct(b, ':') =>
        {
            Some(name.unraw().to_string())
        }
        _ => None,
    });
    here.or_else(|| {
        trees.into_iter().find_map(|tree| match tree {
            TokenTree::Group(group) => called_method(group.stream(), service),
            _ => None,
        })
    })
}

impl ServerModule {
    /// `UserServiceServer<T>`
    pub(crate) fn self_ty(&self) -> &Type {
        &self.block.self_ty
    }
}
