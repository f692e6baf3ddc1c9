//! The expansion for editors.
//!
//! rust-analyzer runs the macro to find out what a name means, also while an attribute is half typed. It needs the user's
//! item, the names that the attribute adds, and [`hints`](super::hints). It does not need the interceptors. Without them, no
//! hidden name is in scope of a body, and a wrong value is one error.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Generics, Item, Path, Type};

use super::{companion_items, hints};
use crate::check;
use crate::ctxt::Ctxt;
use crate::entries::list::parse_block_args;
use crate::item::client_module;
use crate::item::mount::Mount;
use crate::text::attributes::{without_async_trait, without_our_attributes};

/// Output:
///
/// ```text
/// const _: () = { /* hints */ };
/// compile_error! { … } // if the attribute is wrong
/// impl UserService for Users { /* as it was written */ }
/// const _: () = { impl Intercepted<__Plan> for Users { … } };
/// ```
///
/// To complete a name, an editor expands twice, the second time with a made-up name at the cursor. The output before that name
/// has to be the same both times. An error message may contain the made-up name, so hints come before errors.
pub(crate) fn in_editor(
    args: &TokenStream,
    item: &TokenStream,
    error: Option<&TokenStream>,
) -> TokenStream {
    let parsed = syn::parse2::<Item>(item.clone()).ok();
    let mount = parsed
        .as_ref()
        .map_or(Mount::Service, |item| Mount::of(item, args));
    let hints = hints::hints(mount, args, parsed.as_ref());
    let kept = without_our_attributes(item.clone(), args.clone());
    let shown = match parsed {
        Some(Item::Struct(_)) => {
            let companion_items = companion_items(&check::without_entries(args, item.clone()));
            quote!(#kept #companion_items)
        }
        Some(Item::Impl(block)) => {
            let plan = check::may_implement_foreign_trait(&block.generics, &block.self_ty)
                .then(|| plan(mount, args, &block.generics, &block.self_ty));
            // `async_trait` would move the bodies into functions with names of its own.
            let (kept, taken) = match block.trait_ {
                Some(_) => without_async_trait(kept),
                None => (kept, None),
            };
            let taken = taken
                .map(|path| quote!(const _: () = { #[allow(unused_imports)] use #path as _; };));
            quote!(#kept #taken #plan)
        }
        Some(Item::Mod(module)) if mount == Mount::ClientModule => {
            let ignored = Ctxt::new();
            let client = client_module::parse(&ignored, module);
            let _ = ignored.check();
            match client {
                Some(client) => {
                    let plan = plan(mount, args, &client.generics, &client.self_ty);
                    with_item(kept, &plan)
                }
                None => kept,
            }
        }
        _ => kept,
    };
    quote!(#hints #error #shown)
}

/// An empty plan, so that the editor knows the name.
fn plan(mount: Mount, args: &TokenStream, generics: &Generics, self_ty: &Type) -> TokenStream {
    let ignored = Ctxt::new();
    let args = parse_block_args(&ignored, mount, args.clone());
    let _ = ignored.check();
    let krate: &Path = &args.krate;
    let marker = args.plan.map_or(quote!(__Plan), |plan| quote!(#plan));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    quote! {
        const _: () = {
            #[allow(dead_code, unreachable_pub)]
            pub struct __Plan;
            impl #impl_generics #krate::Intercepted<#marker> for #self_ty #where_clause {
                const PLAN: #krate::Plan = #krate::__private::Plan::new(&[]);
            }
        };
    }
}

/// Adds an item at the end of a module.
fn with_item(module: TokenStream, item: &TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = module.into_iter().collect();
    if let Some(TokenTree::Group(body)) = trees.last_mut()
        && body.delimiter() == Delimiter::Brace
    {
        let mut inside = body.stream();
        item.to_tokens(&mut inside);
        let mut longer = Group::new(body.delimiter(), inside);
        longer.set_span(body.span());
        *body = longer;
    }
    trees.into_iter().collect()
}
