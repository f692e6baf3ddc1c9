use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemStruct, parse_quote};

use super::common::{imports, plan_impl};
use crate::check::Checked;
use crate::item::mount::Mount;

/// The items that other code may name, if the runtime lacks the feature for the struct. The missing feature is an error, so this
/// code never runs. It prevents further errors.
///
/// Output:
///
/// ```text
/// impl Outbound {
///     pub fn wrap<S>(self, inner: S) -> S { inner }
/// }
/// impl Intercepted<__Plan> for Outbound { const PLAN: Plan = Plan::new(&[]); }
/// ```
pub(super) fn companion_items(checked: &Checked, item: &ItemStruct) -> TokenStream {
    let imports = imports(checked);
    let (vis, ident, generics) = (&item.vis, &item.ident, &item.generics);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let self_ty: syn::Type = parse_quote!(#ident #type_generics);
    let plan_impl = plan_impl(checked, generics, &self_ty, &quote!(&[]));
    let layer = (checked.mount == Mount::Server).then(|| {
        quote! {
            #vis fn layer(self) -> __interceptors::tonic::service::interceptor::InterceptorLayer<
                fn(
                    __interceptors::tonic::Request<()>,
                ) -> ::core::result::Result<
                    __interceptors::tonic::Request<()>,
                    __interceptors::tonic::Status,
                >,
            > {
                __interceptors::tonic::service::interceptor::InterceptorLayer::new(::core::result::Result::Ok)
            }
        }
    });
    quote! {
        const _: () = {
            #imports
            #[allow(dead_code)]
            impl #impl_generics #self_ty #where_clause {
                #vis fn wrap<__S>(self, inner: __S) -> __S {
                    inner
                }
                #layer
            }
            #plan_impl
        };
    }
}
