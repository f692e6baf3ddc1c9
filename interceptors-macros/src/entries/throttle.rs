//! The generated code for `throttle(tokens, ratio)` of `retry` and `hedge`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::scope::Place;

pub(crate) struct Throttle {
    pub(super) key: Ident,
    pub(super) module: &'static str,
    /// `Throttle::new(Throttle::legal_tokens(10), Throttle::legal_ratio(0.1))`
    pub(super) value: TokenStream,
    /// `10/0.1`, for the plan.
    pub(super) shown: String,
    /// `throttle(tokens = 10, ratio = 0.1)`, for a message.
    pub(super) written: String,
    /// `tokens` and `ratio`, in a form that can be compared.
    pub(super) comparison_key: [String; 2],
    /// The entry that owns the throttle, if it is another one.
    pub(super) owner: Option<(Ident, usize)>,
}

impl Throttle {
    /// The item for the throttle.
    pub(crate) fn items(&self, place: &Place<'_>) -> TokenStream {
        if self.owner.is_some() {
            return TokenStream::new();
        }
        let (name, throttle) = (place.item("THROTTLE"), &self.value);
        let ty = self.ty();
        match place.mount {
            // Each channel has its own throttle. The `const` block makes the compiler check the numbers.
            mount if mount.is_struct() => quote! {
                const fn #name() -> #ty {
                    const { #throttle }
                }
            },
            _ => quote! {
                static #name: #ty = #throttle;
            },
        }
    }

    /// The state for each channel.
    pub(crate) fn struct_state(&self, place: &Place<'_>) -> Option<(TokenStream, Ident)> {
        let is_own = self.owner.is_none();
        is_own.then(|| (self.ty(), place.item("THROTTLE")))
    }

    /// `.throttle(&__THROTTLE_RETRY_0)`
    pub(crate) fn value(&self, place: &Place<'_>) -> TokenStream {
        let owner = match &self.owner {
            Some((name, i)) => Place {
                name,
                i: *i,
                ..*place
            },
            None => *place,
        };
        match place.mount {
            mount if mount.is_struct() => {
                let name = owner.state();
                quote!(.throttle(&__state.#name))
            }
            _ => {
                let name = owner.item("THROTTLE");
                quote!(.throttle(&#name))
            }
        }
    }

    fn ty(&self) -> TokenStream {
        let module = format_ident!("{}", self.module);
        quote!(__interceptors::#module::Throttle)
    }
}
