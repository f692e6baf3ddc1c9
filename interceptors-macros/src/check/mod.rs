//! Compares the attribute with the item: lists of methods, the order of entries, and which methods they cover.

mod block;
mod channel;
mod client_module;
mod cover;
mod rules;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    Attribute, Expr, GenericArgument, Generics, Ident, Item, ItemStruct, Path, PathArguments, Type,
};

use crate::codes;
use crate::ctxt::Ctxt;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::entries::list::{BlockArgs, parse_block_args};
use crate::entries::omissions;
use crate::entries::parse::Parsed;
use crate::entries::scope::Place;
use crate::entries::throttle_setting;
use crate::item::annotated::Annotated;
use crate::item::client_module::is_generated;
use crate::item::mount::Mount;
use crate::item::names::{ServiceName, service_name};
use crate::item::service::{Method, Returns, ServiceImpl};
use crate::text::attributes::is_cfg;
use crate::text::tokens::{find_ident, ungroup};

/// The checked input of `expand`. It has no errors that a macro can see.
pub(crate) struct Checked {
    pub(crate) krate: Path,
    pub(crate) item: Annotated,
    pub(crate) mount: Mount,
    pub(crate) name: ServiceName,
    pub(crate) plan: Option<Type>,
    /// Descriptor sets, with which the compiler compares the lists of a struct.
    pub(crate) descriptors: Vec<Expr>,
    /// Whether the orphan rule lets the type implement `Intercepted`, which is a trait of another crate.
    pub(crate) has_plan: bool,
    /// The entries of the block, then those of its methods.
    pub(crate) entries: Vec<Listed>,
    /// One for each method. On a channel or a server: one for all other calls, then one for each pattern in a list.
    pub(crate) chains: Vec<Chain>,
    /// The chain for methods that the generated server does not know, if such a server can find the policy.
    pub(crate) unknown: Option<Chain>,
    /// Services in full paths that the compiler has to compare with this service. For a generated client: other services
    /// of its package.
    pub(crate) named_services: Vec<(Span, String)>,
    /// The trait implementations that entries add to a server's struct.
    pub(crate) struct_items: Vec<TokenStream>,
}

impl Checked {
    /// The entries of a chain, outermost first, each with its place in the list.
    pub(crate) fn covering<'a>(
        &'a self,
        chain: &'a Chain,
    ) -> impl Iterator<Item = (Place<'a>, &'a Listed)> + Clone {
        let entries = chain.entries.iter();
        entries.map(|&i| (self.entries[i].place(self.mount, i), &self.entries[i]))
    }

    /// The names of the constants that the plan of a chain is made of.
    pub(crate) fn plan_entries<'a>(&'a self, chain: &'a Chain) -> impl Iterator<Item = Ident> + 'a {
        self.covering(chain).map(|(place, _)| place.item("ENTRY"))
    }
}

pub(crate) fn check(parsed: Parsed) -> syn::Result<Checked> {
    let Parsed {
        args:
            BlockArgs {
                krate,
                service,
                plan,
                descriptors,
                mut entries,
            },
        mount,
        item,
        mut methods,
        cx,
    } = parsed;
    // After an error, entries are missing. Checks for missing entries would report false errors.
    let is_complete = cx.errors() == 0;
    let has_descriptors = descriptors.is_some();
    let (name, has_plan, named_services, chains);
    let mut unknown = None;
    match &item {
        Annotated::Block(block) => {
            if mount == Mount::HandWritten && service.is_none() {
                cx.error_on(
                    codes::UNKNOWN_SERVICE,
                    &block.self_ty,
                    "the name of the service is not known here; add `service = \"user.v1.UserService\"`",
                );
            }
            name = service_name(service, block.trait_path.as_ref());
            has_plan = may_implement_foreign_trait(&block.generics, &block.self_ty);
            let of_block = entries.len();
            (chains, named_services) =
                block::chains(&cx, &name, block, &mut methods, &mut entries, is_complete);
            if has_plan && mount == Mount::Service && has_discoverable_policy(block) {
                unknown = Some(block::unknown_method_chain(&entries[..of_block]));
            }
            if is_complete && mount == Mount::HandWritten {
                rules::check_borrows(&cx, block, &entries, &chains);
            }
        }
        Annotated::ClientModule(module) => {
            name = match module.methods.first() {
                Some(method) => {
                    let service = &method.service;
                    ServiceName::Given(syn::parse_quote!(#service))
                }
                None => ServiceName::Derived(module.client.to_string()),
            };
            has_plan = true;
            (chains, named_services) =
                client_module::chains(&cx, &name, module, &entries, is_complete);
        }
        Annotated::ServerModule(module) => {
            if let Some(listed) = entries.first() {
                let service = &module.service;
                cx.error_on(
                    codes::OTHER_MOUNT,
                    &listed.name,
                    format!("a generated server runs the policy of its service; list this on `impl {service} for …`, and leave the attribute on the module without arguments"),
                );
            }
            name = ServiceName::Derived(module.server.to_string());
            has_plan = true;
            named_services = Vec::new();
            chains = Vec::new();
        }
        Annotated::Struct(item) => {
            name = ServiceName::Derived(item.ident.to_string());
            has_plan = true;
            named_services = Vec::new();
            chains = channel::chains(&cx, mount, &entries, has_descriptors);
        }
    }
    throttle_setting::share(&cx, &mut entries);
    if is_complete {
        rules::check_exclusions(&cx, &entries, &chains);
        rules::check_once_per_message(&cx, &entries, &chains);
    }
    cx.check()?;
    let struct_items = match &item {
        Annotated::Struct(item) => struct_items(mount, &entries, item, false),
        _ => Vec::new(),
    };
    Ok(Checked {
        krate,
        item,
        mount,
        name,
        plan,
        descriptors: descriptors.unwrap_or_default(),
        has_plan,
        entries,
        chains,
        unknown,
        named_services,
        struct_items,
    })
}

/// Whether a generated server can find the policy. It looks it up by the type `dyn UserService<…>`, so the trait has to be dyn
/// compatible: its methods are under `#[async_trait]`, or return boxed futures.
fn has_discoverable_policy(block: &ServiceImpl) -> bool {
    let is_async_trait = |attribute: &Attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|last| last.ident == "async_trait")
    };
    let boxed = |method: &Method| matches!(method.returns, Returns::Boxed(_));
    let types = &mut block.types.iter().map(|assoc| &assoc.item);
    cfg!(feature = "server")
        && (block.attrs.iter().any(is_async_trait) || block.methods.iter().all(boxed))
        && block.consts.is_empty()
        && block.generics.lifetimes().next().is_none()
        && types.all(|item| item.generics.params.is_empty() && !item.attrs.iter().any(is_cfg))
}

/// The struct with an empty list, for output after an error. Other code can still name `wrap` and `PLAN`, so it does not cause
/// further errors. If it is unclear whether the struct is for a client or for a server, the result has both.
pub(crate) fn without_entries(args: &TokenStream, item: TokenStream) -> Vec<Checked> {
    let Ok(Item::Struct(item)) = syn::parse2(item) else {
        return Vec::new();
    };
    if is_generated(&item) {
        return Vec::new();
    }
    let mount = Mount::of(&Item::Struct(item.clone()), args);
    let mounts = match omissions::is_server(mount, args) {
        true if Mount::Channel.is_enabled() && item.generics.lifetimes().next().is_none() => {
            vec![Mount::Channel, Mount::Server]
        }
        true => vec![Mount::Server],
        false => vec![mount],
    };
    let of_mount = |mount| {
        let ignored = Ctxt::new();
        let mut args = parse_block_args(&ignored, mount, args.clone());
        let _ = ignored.check();
        let listed = std::mem::take(&mut args.entries);
        args.descriptors = None;
        let parsed = Parsed {
            cx: Ctxt::new(),
            mount,
            args,
            methods: Vec::new(),
            item: Annotated::Struct(item.clone()),
        };
        let mut checked = check(parsed).ok()?;
        checked.struct_items = struct_items(mount, &listed, &item, true);
        Some(checked)
    };
    mounts.into_iter().filter_map(of_mount).collect()
}

/// The trait implementations that entries add to a server's struct.
fn struct_items(
    mount: Mount,
    entries: &[Listed],
    item: &ItemStruct,
    has_error: bool,
) -> Vec<TokenStream> {
    let entries = entries.iter().filter(|_| mount == Mount::Server);
    let struct_items = entries.filter_map(|listed| listed.entry.struct_items(item, has_error));
    struct_items.collect()
}

/// Whether the orphan rule lets this type implement a trait of another crate.
///
/// It does not for a type parameter `T`, nor for the fundamental types `&T`, `Box<T>` and `Pin<T>`. It also does not if a
/// parameter of the `impl` is not part of the type.
pub(crate) fn may_implement_foreign_trait(generics: &Generics, self_ty: &Type) -> bool {
    fn is_parameter(generics: &Generics, ty: &Type) -> bool {
        match ungroup(ty) {
            Type::Reference(reference) => is_parameter(generics, &reference.elem),
            Type::Path(path) => match (path.path.segments.last(), path.path.get_ident()) {
                (_, Some(ident)) => generics.type_params().any(|param| param.ident == *ident),
                (Some(last), None) if last.ident == "Box" || last.ident == "Pin" => {
                    matches!(&last.arguments, PathArguments::AngleBracketed(args)
                    if args.args.iter().any(|arg| {
                        matches!(arg, GenericArgument::Type(ty) if is_parameter(generics, ty))
                    }))
                }
                _ => false,
            },
            _ => false,
        }
    }
    let types = generics.type_params().map(|param| &param.ident);
    let mut parameters = types.chain(generics.const_params().map(|param| &param.ident));
    !is_parameter(generics, self_ty)
        && parameters
            .all(|ident| find_ident(self_ty.to_token_stream(), &ident.to_string()).is_some())
}
