//! The checks in the constants and functions of `fits`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, GenericArgument, PathArguments, Type};

use super::assertions::parameters;
use super::chain::{CheckAt, Links, Part};
use super::expander::{Expander, HiddenNames, lints_for_copies};
use super::fits::{Checkable, Fits, Guard, behind};
use super::policy::with_this;
use crate::check::Checked;
use crate::entries::entry::Listed;
use crate::entries::row::{Fit, Looks};
use crate::entries::scope::{Messages, Scope};
use crate::item::client_module::{ClientMethod, ClientModule};
use crate::item::service::Method;
use crate::text::span::at;
use crate::text::tokens::{find_ident, has_lifetimes, has_macro_call, ungroup};

impl Expander<'_> {
    /// Checks that methods return a `Result<Response<_>, Status>`, if the return type is an alias or has another form.
    ///
    /// Output, for `-> Reply` of `get`:
    ///
    /// ```text
    /// const __IS_REPLY_get: Fit = fits(|| is_reply::<Reply>());
    /// ```
    pub(super) fn reply_checks(&self) -> TokenStream {
        let constants = self.methods().filter_map(|(method, _)| {
            let name = self.reply_check_name(method)?;
            let (cfgs, ty) = (&method.cfgs, &method.result);
            let lints = lints_for_copies(&method.attrs);
            let check = quote_spanned!(at(ty.span())=> __interceptors::is_reply::<#ty>());
            Some(quote! {
                #(#cfgs)*
                #(#lints)*
                #[allow(non_upper_case_globals)]
                const #name: __interceptors::Fit = __interceptors::fits(|| #check);
            })
        });
        quote!(#(#constants)*)
    }

    /// The name of the constant that checks the return type, if there is one. A constant cannot use the generic parameters of the block.
    fn reply_check_name(&self, method: &Method) -> Option<Ident> {
        let is_asked = !shows_reply(&method.result) && self.is_independent(&method.result);
        is_asked.then(|| format_ident!("__IS_REPLY_{}", method.name))
    }

    /// The return type of a method. It is behind a guard, so a wrong type is one error.
    pub(super) fn result(&self, method: &Method) -> TokenStream {
        let ty = &method.result;
        match self.reply_check_name(method) {
            Some(constant) => quote!(__interceptors::Guarded<#constant, #ty>),
            None => quote!(#ty),
        }
    }

    /// The checks of a block. On a generic type, a constant can only check entries and methods that do not depend on the generic
    /// parameters. Functions check the others.
    pub(super) fn fits(&self) -> Fits {
        let self_ty = &self.block.self_ty;
        let has_parameters = self.is_generic() || has_lifetimes(self_ty);
        let methods: Vec<_> = self.methods().collect();
        let checkable = methods.iter().map(|(method, chain)| Checkable {
            chain,
            in_constant: method.cfgs.is_empty()
                && !method.by_mut
                && !(has_parameters
                    && !(self.is_independent(&method.request)
                        && self.is_independent(&method.result))),
        });
        let checkable: Vec<_> = checkable.collect();
        let handlers = self.handlers();
        let handlers = quote!(<#self_ty as #handlers>);
        let is_checkable = |listed: &Listed| !(has_parameters && self.is_of_block(listed));
        let mut fits = Fits::new(
            self.checked,
            &checkable,
            is_checkable,
            |entry, index, guard| {
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
                    scope: self.scope(method, &types, guard),
                    by_mut: false,
                    part: Part::Rest,
                    check_at: CheckAt::Alone,
                };
                let bindings = with_this(links.bindings(&[entry]));
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
            },
        );
        for (entry, listed) in self.checked.entries.iter().enumerate() {
            let is_plain =
                listed.fit() == Fit::CheckedPerMethod && listed.entry.looks() == Looks::No;
            let covered = methods.iter().enumerate().filter(|(_, (method, chain))| {
                method.cfgs.is_empty() && !method.by_mut && chain.entries.contains(&entry)
            });
            let covered: Vec<usize> = covered.map(|(i, _)| i).collect();
            if is_plain && !is_checkable(listed) && covered.len() > 1 {
                fits.in_function(entry, covered);
            }
        }
        fits
    }

    /// Whether the value of an entry uses `self` or the generic parameters of the block.
    fn is_of_block(&self, listed: &Listed) -> bool {
        let names = parameters(&self.block.generics);
        let mentions = |expr: &&Expr| {
            let tokens = expr.to_token_stream();
            has_macro_call(tokens.clone())
                || names
                    .iter()
                    .any(|name| find_ident(tokens.clone(), name).is_some())
        };
        listed.needs_self() || listed.entry.expressions().iter().any(mentions)
    }

    /// The checks in functions, which can use `self` and the generic parameters: their declarations and definitions.
    ///
    /// Output, for `with(self.audit)` on `get` and `put` of a generic service:
    ///
    /// ```text
    /// fn __fits_1(&self) {
    ///     let __fits = Fits;
    ///     // checks `get`, then `put`
    /// }
    /// ```
    pub(super) fn fits_in_functions(&self, fits: &Fits) -> (TokenStream, TokenStream) {
        let methods: Vec<_> = self.methods().collect();
        let handlers = self.handlers();
        let handlers = quote!(<Self as #handlers>);
        let (mut declared, mut defined) = (TokenStream::new(), TokenStream::new());
        for (entry, of) in fits.functions() {
            let name = format_ident!("__fits_{entry}");
            let this = of.first().map(|&i| methods[i].0.receiver().self_token);
            let checks = of.iter().enumerate().map(|(n, &i)| {
                let (method, chain) = methods[i];
                let HiddenNames {
                    request, result, ..
                } = &HiddenNames::new(method, chain);
                let types = (quote!(#handlers::#request), quote!(#handlers::#result));
                let scope = self.scope(method, &types, None);
                let links = Links {
                    mount: self.checked.mount,
                    chain,
                    method: Some(method.ident()),
                    entries: &self.checked.entries,
                    scope: Scope { this, ..scope },
                    by_mut: false,
                    part: Part::Rest,
                    check_at: CheckAt::After,
                };
                let bindings = links.bindings(&[entry]);
                let check = links.check_in_turn(entry, n == 0);
                let reply = self.reply(method);
                let (request, result) = types;
                quote! {
                    let __rpc = __interceptors::rpc!(#request, #result #reply);
                    #bindings
                    #check
                }
            });
            declared.extend(quote!(#[allow(dead_code)] fn #name(&self);));
            defined.extend(quote! {
                fn #name(&#this) {
                    let __fits = __interceptors::Fits;
                    #(#checks)*
                    let _ = __fits;
                }
            });
        }
        (declared, defined)
    }
}

/// Whether a type is written as `Result<Response<_>, Status>`.
fn shows_reply(ty: &Type) -> bool {
    fn last(ty: &Type) -> Option<(&Ident, Vec<&Type>)> {
        let Type::Path(path) = ungroup(ty) else {
            return None;
        };
        let last = path.path.segments.last()?;
        let arguments = match &last.arguments {
            PathArguments::AngleBracketed(list) => list.args.iter().collect(),
            _ => Vec::new(),
        };
        let types = arguments.into_iter().filter_map(|it| match it {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        });
        Some((&last.ident, types.collect()))
    }
    let Some((result, arguments)) = last(ty) else {
        return false;
    };
    let [response, status] = arguments[..] else {
        return false;
    };
    let is = |ty, name| last(ty).is_some_and(|(last, _)| last == name);
    result == "Result" && is(response, "Response") && is(status, "Status")
}

/// The checks of a generated client. Methods with a request stream are not checked here, because the caller chooses the stream's type.
pub(super) fn of_module(checked: &Checked, module: &ClientModule) -> Fits {
    let methods = module.methods.iter().zip(&checked.chains);
    let checkable = methods.map(|(method, chain)| Checkable {
        chain,
        in_constant: !method.request_is_stream,
    });
    let checkable: Vec<_> = checkable.collect();
    Fits::new(
        checked,
        &checkable,
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
                scope: Scope {
                    generics: &module.generics,
                    this: None,
                    message,
                    messages: Some(messages(method, guard)),
                },
                by_mut: false,
                part: Part::Rest,
                check_at: CheckAt::Alone,
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

/// The messages of a generated client's method for `payload`, behind a guard if there is one.
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
