//! What is asked in the constants of `fits`.

use quote::quote;

use super::chain::{Asked, Links, Part};
use super::expander::{Expander, HiddenNames};
use super::fits::{Askable, Fits, Guard, behind};
use super::policy::renamed;
use crate::check::Checked;
use crate::entries::entry::Listed;
use crate::entries::site::{Messages, Site};
use crate::item::client_module::{ClientMethod, ClientModule};
use crate::text::tokens::has_lifetimes;

impl Expander<'_> {
    /// The questions that are asked in constants. Of a type with parameters these are the ones that have nothing to do with them.
    pub(super) fn fits(&self) -> Fits {
        let self_ty = &self.block.self_ty;
        let has_parameters = self.is_generic() || has_lifetimes(self_ty);
        let methods: Vec<_> = self.methods().collect();
        let askable = methods.iter().map(|(method, chain)| Askable {
            chain,
            in_constant: method.cfgs.is_empty()
                && !method.by_mut
                && !(has_parameters
                    && !(self.is_independent(&method.request)
                        && self.is_independent(&method.result))),
        });
        let askable: Vec<_> = askable.collect();
        let handlers = self.handlers();
        let handlers = quote!(<#self_ty as #handlers>);
        let is_askable = |listed: &Listed| !(has_parameters && listed.needs_self());
        Fits::new(self.checked, &askable, is_askable, |entry, index, guard| {
            let (method, chain) = methods[index];
            let HiddenNames {
                request, result, ..
            } = &HiddenNames::new(method, chain);
            let types = match has_parameters {
                false => (quote!(#handlers::#request), quote!(#handlers::#result)),
                true => {
                    let (request, result) = (&method.request, &method.result);
                    (quote!(#request), quote!(#result))
                }
            };
            let links = Links {
                mount: self.checked.mount,
                chain,
                method: Some(method.ident()),
                entries: &self.checked.entries,
                site: self.site(method, &types, guard),
                by_mut: false,
                part: Part::Rest,
                asked: Asked::Alone,
            };
            let bindings = renamed(links.bindings(&[entry]));
            let reply = self.reply(method);
            let (request, result) = types;
            let request = behind(guard, request);
            let this = self.checked.entries[entry].needs_self();
            let this = this.then(|| quote!(__this: &#self_ty));
            quote! {
                |#this| {
                    let __rpc = __interceptors::rpc!(#request, #result #reply);
                    #bindings
                }
            }
        })
    }
}

/// The questions that are asked in constants. The type of a request stream is its caller's own.
pub(super) fn of_module(checked: &Checked, module: &ClientModule) -> Fits {
    let methods = module.methods.iter().zip(&checked.chains);
    let askable = methods.map(|(method, chain)| Askable {
        chain,
        in_constant: !method.request_is_stream,
    });
    let askable: Vec<_> = askable.collect();
    Fits::new(
        checked,
        &askable,
        |_| true,
        |entry, index, guard| {
            let (method, chain) = (&module.methods[index], &checked.chains[index]);
            let tonic = quote!(__interceptors::tonic);
            let (request, response) = (&method.request, &method.response);
            let whole = behind(guard, quote!(#tonic::Request<#request>));
            let message = behind(guard, quote!(#request));
            let links = Links {
                mount: checked.mount,
                chain,
                method: Some(&method.sig.ident),
                entries: &checked.entries,
                site: Site {
                    generics: &module.generics,
                    this: None,
                    message,
                    messages: Some(messages(method, guard)),
                },
                by_mut: false,
                part: Part::Rest,
                asked: Asked::Alone,
            };
            let bindings = links.bindings(&[entry]);
            let (result, reply) = match method.response_is_stream {
                false => (quote!(#response), quote!(Single)),
                true => (quote!(#tonic::Streaming<#response>), quote!(TonicStream)),
            };
            quote! {
                || {
                    let __rpc = __interceptors::Rpc::<
                        #whole,
                        ::core::result::Result<#tonic::Response<#result>, #tonic::Status>,
                        _,
                    >::new(__interceptors::#reply);
                    #bindings
                }
            }
        },
    )
}

/// The messages of a client's method, as `payload` sees them, behind a guard if there is one.
pub(super) fn messages(method: &ClientMethod, guard: Option<&Guard>) -> Messages {
    let (request, response) = (&method.request, &method.response);
    let (request, response) = (
        behind(guard, quote!(#request)),
        behind(guard, quote!(#response)),
    );
    let payload = quote!(__interceptors::payload);
    let requests = match method.request_is_stream {
        false => quote!(Single),
        true => quote!(Sent),
    };
    let responses = match method.response_is_stream {
        false => quote!(Single),
        true => quote!(Streamed),
    };
    Messages {
        request: quote!(#payload::Messages::<#payload::#requests, #request>::new()),
        response: quote!(#payload::Messages::<#payload::#responses, #response>::new()),
    }
}
