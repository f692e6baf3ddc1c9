use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{GenericParam, Generics, Type};

use super::items::entry_items;
use crate::check::Checked;
use crate::entries::chain::Chain;

/// Imports the runtime crate under a short name, and the traits with the constants that a `Probe` falls back on. The user's
/// path is only here, so a wrong path is one error.
pub(super) fn imports(checked: &Checked) -> TokenStream {
    let krate = &checked.krate;
    quote! {
        #[allow(unused_imports)]
        use #krate::__private as __interceptors;
        #[allow(unused_imports)]
        use __interceptors::{KeepsPath as _, LooksAtMessages as _, NoResend as _, Otherwise as _, Uncovered as _};
    }
}

/// The items that the entries need once for all calls.
pub(super) fn entries(checked: &Checked) -> TokenStream {
    let entries = checked.entries.iter().enumerate();
    entries
        .map(|(i, entry)| entry_items(checked.mount, i, entry))
        .collect()
}

/// Output:
///
/// ```text
/// pub struct __Plan;
/// impl Intercepted<__Plan> for Users {
///     const PLAN: Plan = Plan::new(&[…]);
/// }
/// ```
pub(super) fn plan_impl(
    checked: &Checked,
    generics: &Generics,
    self_ty: &Type,
    methods: &impl ToTokens,
) -> Option<TokenStream> {
    if !checked.has_plan {
        return None;
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let declaration = checked.plan.is_none().then(|| {
        quote!(
            #[allow(unreachable_pub)]
            pub struct __Plan;
        )
    });
    let marker = plan_marker(checked);
    Some(quote! {
        #declaration
        impl #impl_generics __interceptors::Intercepted<#marker> for #self_ty #where_clause {
            const PLAN: __interceptors::Plan = __interceptors::Plan::new(#methods);
        }
    })
}

/// The marker type that distinguishes this plan from other plans of the same type.
pub(super) fn plan_marker(checked: &Checked) -> TokenStream {
    match &checked.plan {
        Some(marker) => quote!(#marker),
        None => quote!(__Plan),
    }
}

/// Hides the secrets that entries read, also in methods that they do not cover. An entry hides its own secret when it runs, so
/// this is only needed if it does not cover the method or if user code runs before it.
pub(super) fn hide_secrets(checked: &Checked, chain: Option<&Chain>) -> TokenStream {
    let hides_in_time = |i: usize| {
        let mut before = chain.into_iter().flat_map(|chain| &chain.entries);
        before.find(|&&of| of == i || checked.entries[of].entry.is_user_code()) == Some(&i)
    };
    let entries = checked.entries.iter().enumerate();
    let entries = entries.filter(|&(i, _)| !hides_in_time(i));
    let secrets = entries.filter_map(|(i, listed)| {
        let place = listed.place(checked.mount, i);
        listed.entry.secret_header(&place)
    });
    quote!(#(__call.hide(#secrets);)*)
}

/// The generic parameters of an `impl`, without their bounds.
pub(super) fn hidden_parameters(generics: &Generics) -> Vec<TokenStream> {
    let parameters = generics.params.iter().map(|param| match param {
        GenericParam::Lifetime(param) => param.lifetime.to_token_stream(),
        GenericParam::Const(param) => {
            let (ident, ty) = (&param.ident, &param.ty);
            quote!(const #ident: #ty)
        }
        GenericParam::Type(param) => {
            let ident = &param.ident;
            quote!(#ident: ?::core::marker::Sized)
        }
    });
    parameters.collect()
}
