use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, Type};

use super::chain::{CheckAt, Links, Part};
use super::common::{entries, hidden_parameters, hide_secrets, imports, plan_impl};
use super::expander::{Expander, HiddenNames, lints_for_copies};
use super::fits::{Fits, Guard, behind};
use super::policy::{self, Policies, Split, key, may_be_kept};
use super::{one_future, rest};
use crate::check::Checked;
use crate::entries::chain::Chain;
use crate::entries::scope::{Messages, Scope};
use crate::item::mount::Side;
use crate::item::names::ServiceName;
use crate::item::service::{Method, Returns, ServiceImpl};
use crate::text::tokens::without_arguments;

/// Input:
///
/// ```text
/// #[tonic::async_trait]
/// impl UserService for Users {
///     type ListStream = BoxStream<User>;
///     async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> { … }
///     …
/// }
/// ```
///
/// Output:
///
/// ```text
/// const _: () = {
///     mod __handlers { pub(super) trait Handlers { … } }
///     impl __handlers::Handlers for Users {
///         type ListStream = BoxStream<User>;
///         …
///         async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> { … }
///     }
///     #[tonic::async_trait]
///     impl UserService for Users {
///         type ListStream = ResponseStream<BoxStream<User>>;
///         fn get(&self, request: Request<Id>) -> Pin<Box<dyn Future<…> + Send>> {
///             // `__policy_0`, then `<Self as __handlers::Handlers>::get(self, request)`
///         }
///     }
///     trait __Policy { … }
///     impl __Policy for Users {
///         async fn __policy_0(&self, call: &mut Call<Opaque>, behind: Behind<'_>) -> OpaqueAnswer {
///             // the interceptors
///         }
///     }
///     impl Intercepted<__Plan> for Users { const PLAN: Plan = …; }
/// };
/// ```
///
/// The bodies stay functions with their own names and attributes, in an `impl` for the same type. So `Self`, `?`, `return` and
/// coercions keep their meaning. The hidden trait is in a module of its own, where user names are not in scope. It does not need
/// them, because the types of its methods are associated types.
///
/// For a hand-written client, the output is the same, but the methods stay inherent methods of the type.
pub(crate) fn expand(checked: &Checked, block: &ServiceImpl) -> TokenStream {
    let expander = Expander { checked, block };
    let scope_attrs = &block.scope_attrs;
    let imports = expander.imports();
    let names = expander.service_name();
    let entries = entries(checked);
    let hidden_trait = expander.hidden_trait();
    let policies = expander.policies();
    let server_policy = expander.server_policy(&policies);
    let hidden_impl = expander.hidden_impl(&policies, server_policy.as_ref());
    let fits = expander.fits();
    let (replies, fit_checks) = (expander.reply_checks(), fits.items());
    let wrapper_impl = expander.wrapper_impl(&policies, &fits);
    let policy_impl = expander.policy_impl(&policies, &fits);
    let methods_by_mut = expander.methods_by_mut();
    let plan_impl = expander.plan_impl();
    let server_policy_impl = server_policy
        .as_ref()
        .map(|server_policy| expander.server_policy_impl(&policies, server_policy));
    let assertions = expander.assertions();
    quote! {
        #(#scope_attrs)*
        const _: () = {
            #imports
            #names
            #entries
            #hidden_trait
            #hidden_impl
            #policy_impl
            #replies
            #fit_checks
            #wrapper_impl
            #methods_by_mut
            #plan_impl
            #server_policy_impl
            #assertions
        };
    }
}

impl Expander<'_> {
    /// The imports of the generated code.
    ///
    /// A body may call methods of its service's trait without importing it, because the body was in the `impl` of that trait. So
    /// the trait is imported here. A call that could also mean the hidden method, and so bypass the interceptors, does not compile.
    fn imports(&self) -> TokenStream {
        let imports = imports(self.checked);
        let service_trait = self.block.trait_path.clone().and_then(|path| {
            let path = without_arguments(path);
            let by_path = path.get_ident().is_none();
            let of_self = path
                .segments
                .first()
                .is_some_and(|first| first.ident == "Self");
            (by_path && !of_self).then(|| quote!(#[allow(unused_imports)] use #path as _;))
        });
        quote!(#imports #service_trait)
    }

    fn service_name(&self) -> TokenStream {
        let trait_ident = self.block.trait_path.as_ref();
        let trait_ident = trait_ident.and_then(|path| path.segments.last());
        let derived =
            trait_ident.map(|segment| syn::ext::IdentExt::unraw(&segment.ident).to_string());
        let (name, is_derived) = match &self.checked.name {
            ServiceName::Given(expr) => (quote!(#expr), quote!(false)),
            ServiceName::Derived(name) => (quote!(#name), quote!(true)),
            // A glob import shadows the outer constant only if the module has a `SERVICE_NAME`.
            ServiceName::Module(module) => {
                let found = quote! {{
                    #[allow(dead_code)]
                    const SERVICE_NAME: &::core::primitive::str = "";
                    {
                        #[allow(unused_imports, clippy::wildcard_imports)]
                        use #module::*;
                        SERVICE_NAME
                    }
                }};
                return quote! {
                    const __SERVICE_NAME: &::core::primitive::str = #found;
                    const __SERVICE_IS_DERIVED: ::core::primitive::bool = __SERVICE_NAME.is_empty();
                    const __SERVICE: &::core::primitive::str = if __SERVICE_IS_DERIVED { #derived } else { __SERVICE_NAME };
                };
            }
        };
        quote! {
            const __SERVICE: &::core::primitive::str = #name;
            const __SERVICE_IS_DERIVED: ::core::primitive::bool = #is_derived;
        }
    }

    /// The `impl` of the service's trait, which runs the interceptors.
    fn wrapper_impl(&self, policies: &Policies<'_>, fits: &Fits) -> TokenStream {
        let block = self.block;
        let (impl_generics, _, where_clause) = block.generics.split_for_impl();
        let (attrs, trait_path, self_ty) = (&block.attrs, &block.trait_path, &block.self_ty);
        let consts = &block.consts;
        let types = block.types.iter().map(|assoc| {
            let mut item = assoc.item.clone();
            if assoc.is_stream {
                let ty = &item.ty;
                item.ty = Type::Verbatim(quote!(__interceptors::ResponseStream<#ty>));
            }
            quote!(#item)
        });
        let methods = self.methods().enumerate().map(|(index, (method, chain))| {
            self.wrapper_method(policies, (fits, index), method, chain)
        });
        let of_trait = trait_path.iter().map(|path| quote!(#path for));
        quote! {
            #(#attrs)*
            impl #impl_generics #(#of_trait)* #self_ty #where_clause {
                #(#consts)*
                #(#types)*
                #(#methods)*
            }
        }
    }

    /// Output, if the call is a single future:
    ///
    /// ```text
    /// fn get<'__this, '__call>(&'__this self, __request: Request<Id>)
    ///     -> Pin<Box<dyn Future<Output = Result<Response<User>, Status>> + Send + '__call>>
    /// where …
    /// {
    ///     let __rpc = rpc!(
    ///         <Self as __handlers::Handlers>::__get_Request,
    ///         <Self as __handlers::Handlers>::__get_Result
    ///     );
    ///     if has_passed(<Self as __handlers::Handlers>::__get_Plan, Request::extensions(&__request)) {
    ///         return Box::pin(__rpc.passed(<Self as __handlers::Handlers>::get(self, __request)));
    ///     }
    ///     let __behind = Blind.around(
    ///         __rpc.handler(move |__request| <Self as __handlers::Handlers>::get(self, __request)),
    ///         |__innermost| __innermost,
    ///     );
    ///     Box::pin(__behind.through(
    ///         __Policy0, self, __rpc, <Self as __handlers::Handlers>::__get_Plan, || Abilities::new(…), __request,
    ///     ))
    /// }
    /// ```
    ///
    /// Output otherwise:
    ///
    /// ```text
    /// async fn get(&self, __request: Request<Id>) -> Result<Response<User>, Status> {
    ///     let __rpc = rpc!(…);
    ///     let __abilities = || Abilities::new(…);
    ///     let (mut __call, __message) =
    ///         __rpc.enter(<Self as __handlers::Handlers>::__get_Plan, __abilities(), __request);
    ///     let __running = pin!(None);
    ///     let mut __frame = __rpc.frame(__message, __abilities, NoLooks, __running, |__request| {
    ///         <Self as __handlers::Handlers>::get(self, __request)
    ///     });
    ///     let __answer =
    ///         <Self as __Policy>::__policy_0(&*self, &mut __call, Behind::new(&mut __frame)).await;
    ///     __rpc.leave(&mut __frame, __answer, &mut __call)
    /// }
    /// ```
    fn wrapper_method(
        &self,
        policies: &Policies<'_>,
        (fits, index): (&Fits, usize),
        method: &Method,
        chain: &Chain,
    ) -> TokenStream {
        let Method {
            cfgs,
            docs,
            vis,
            result: result_ty,
            ..
        } = method;
        let HiddenNames {
            handler,
            request,
            result,
            plan,
        } = &HiddenNames::new(method, chain);
        let handlers = self.handlers();
        let handlers = quote!(<Self as #handlers>);
        let lints = lints_for_copies(&method.attrs);
        let this = method.receiver().self_token;
        let reply = self.reply(method);

        let mut sig = method.sig.clone();
        if let Some(FnArg::Typed(arg)) = sig.inputs.last_mut() {
            arg.attrs.clear();
            *arg.pat = syn::Pat::Verbatim(quote!(__request));
        }
        // The documentation of a client shows its return types, so they stay as the user wrote them.
        let is_shown = self.checked.mount.side() == Side::Client;
        let result_ty = match &method.stream {
            None if !is_shown => self.result(method),
            Some(stream) => quote! {
                ::core::result::Result<
                    __interceptors::tonic::Response<Self::#stream>,
                    __interceptors::tonic::Status,
                >
            },
            None => quote!(#result_ty),
        };
        let output = match (&method.returns, &method.stream) {
            (Returns::Async, _) => Some(result_ty),
            (_, None) => None,
            (Returns::Opaque, Some(_)) => Some(quote! {
                impl ::core::future::Future<Output = #result_ty> + ::core::marker::Send
            }),
            (Returns::Boxed(lifetime), Some(_)) => {
                let lifetime = lifetime.iter();
                Some(quote! {
                    ::core::pin::Pin<::std::boxed::Box<
                        dyn ::core::future::Future<Output = #result_ty>
                            + ::core::marker::Send #(+ #lifetime)*
                    >>
                })
            }
        };
        if let Some(output) = output {
            let output = Box::new(Type::Verbatim(output));
            sig.output = syn::ReturnType::Type(syn::token::RArrow::default(), output);
        }

        let call = if method.by_arc {
            quote!(#handlers::#handler(__interceptors::share(&#this), __request))
        } else {
            quote!(#handlers::#handler(#this, __request))
        };
        let types = (quote!(#handlers::#request), quote!(#handlers::#result));
        let scope = |guard: Option<&Guard>| self.scope(method, &types, guard);
        let guarded = |guard: &Guard| scope(Some(guard));
        let split = Split::of(chain, &self.checked.entries, method.by_mut);
        let key = key(method, chain);
        let (name, kept) = (policies.name(key), policies.kept(key));
        let hide = hide_secrets(
            self.checked,
            (self.checked.mount.side() == Side::Server).then_some(chain),
        );
        let is_one_future = self.is_one_future(policies, method, chain);
        let links = Links {
            mount: self.checked.mount,
            chain,
            method: Some(method.ident()),
            entries: &self.checked.entries,
            scope: scope(None),
            by_mut: method.by_mut,
            part: Part::Rest,
            check_at: CheckAt::Apart {
                fits,
                method: index,
                scope: &guarded,
                outlives: is_one_future,
            },
        };
        let policy = self.policy_trait();
        let this_argument = (!method.by_mut).then(|| quote!(&*#this,));
        let inline_assertions = self
            .is_generic()
            .then(|| self.assertions_in_method(method, chain, &quote!(Self)));
        let inline_assertions = inline_assertions
            .iter()
            .flatten()
            .map(|assertion| quote!(const { #assertion }));
        let probe = quote!(__interceptors::Probe::<#handlers::#request>);
        let abilities = quote!(__interceptors::Abilities::new(#probe::RESEND, #probe::COUNT));
        let sized = may_be_kept(self.checked, chain).then(|| quote!(.sized(#probe::SIZE_OF)));
        let (innermost, enter) = match self.checked.mount.side() {
            Side::Server => (
                quote!(__rpc.handler(|__request| #call)),
                quote! {
                    let __abilities = || #abilities;
                    let (mut __call, __message) = __rpc.enter(#handlers::#plan, __abilities(), __request);
                },
            ),
            Side::Client => (
                match method.by_mut {
                    false => quote!(__rpc.hand_written(|__request| #call)),
                    true => quote!(__rpc.hand_written_mut(__methods::#handler, #this)),
                },
                quote! {
                    let __abilities = || #abilities #sized;
                    let (mut __call, __message) = __rpc.outgoing(#handlers::#plan, __abilities(), __request);
                },
            ),
        };
        // If the whole list may run before decoding, the generated server may have run it already.
        let may_pass =
            self.checked.unknown.is_some() && split.may_end_before_decoding(&self.checked.entries);
        let passed = may_pass.then(|| {
            let answer = match is_one_future {
                true => quote!(::std::boxed::Box::pin(__rpc.passed(#call))),
                false => quote!(__rpc.pass(#call.await)),
            };
            quote! {
                if __interceptors::has_passed(#handlers::#plan, __interceptors::tonic::Request::extensions(&__request)) {
                    return #answer;
                }
            }
        });
        // Each attempt borrows `self` if a client's method takes `&mut self`.
        let lends = self.checked.mount.side() == Side::Client && method.by_mut;
        let rest = rest::rest(&links, &split, &innermost, lends);
        let frame = rest::frame(&links, &split, &quote!(|__request| #call));
        if is_one_future {
            let handler = quote!(__rpc.handler(move |__request| #call));
            let behind = rest::one_future_rest(&links, &split, &handler);
            if matches!(method.returns, Returns::Async) {
                one_future::return_box(&mut sig);
            }
            let marker = policies.marker(key);
            return quote! {
                #(#cfgs)*
                #(#docs)*
                #(#lints)*
                #vis #sig {
                    #(#inline_assertions;)*
                    let __rpc = __interceptors::rpc!(#handlers::#request, #handlers::#result #reply);
                    #passed
                    #behind
                    ::std::boxed::Box::pin(__behind.through(
                        #marker,
                        #this,
                        __rpc,
                        #handlers::#plan,
                        || #abilities,
                        __request,
                    ))
                }
            };
        }
        let body = quote! {
            #(#inline_assertions;)*
            let __rpc = __interceptors::rpc!(#handlers::#request, #handlers::#result #reply);
            #passed
            #enter
            #hide
            #rest
            #frame
            let __answer = <Self as #policy>::#name(
                #this_argument
                &mut __call,
                __interceptors::Behind::new(&mut __frame),
                #(#kept),*
            )
            .await;
            __rpc.leave(&mut __frame, __answer, &mut __call)
        };
        let body = match method.returns {
            Returns::Async => body,
            Returns::Opaque => quote!(async move { #body }),
            Returns::Boxed(_) => quote!(::std::boxed::Box::pin(async move { #body })),
        };
        quote! {
            #(#cfgs)*
            #(#docs)*
            #(#lints)*
            #vis #sig { #body }
        }
    }

    /// The scope of a method, with its message types behind a guard if there is one.
    pub(super) fn scope(
        &self,
        method: &Method,
        (request, result): &(TokenStream, TokenStream),
        guard: Option<&Guard>,
    ) -> Scope<'_> {
        let request = behind(guard, request.clone());
        let result = behind(guard, result.clone());
        Scope {
            generics: &self.block.generics,
            this: Some(method.receiver().self_token),
            message: quote!(<#request as __interceptors::RequestType>::Message),
            messages: Some(self.messages(method, &request, &result)),
        }
    }

    fn policies(&self) -> Policies<'_> {
        let methods = self.methods().map(|(method, chain)| key(method, chain));
        let unknown = self
            .checked
            .unknown
            .as_ref()
            .map(policy::unknown_method_key);
        Policies::new(self.checked, methods.chain(unknown))
    }

    /// The trait of the policy functions. It has the generic parameters of the `impl`.
    pub(super) fn policy_trait(&self) -> TokenStream {
        let (_, parameters, _) = self.block.generics.split_for_impl();
        quote!(__Policy #parameters)
    }

    fn policy_impl(&self, policies: &Policies<'_>, fits: &Fits) -> TokenStream {
        let block = self.block;
        let parameters = hidden_parameters(&self.block.generics);
        let (impl_generics, _, where_clause) = block.generics.split_for_impl();
        let (policy, self_ty) = (self.policy_trait(), &block.self_ty);
        let declarations = policies.declarations();
        let this = block.methods.iter().find(|method| !method.by_mut);
        let this = this.map(|method| method.receiver().self_token);
        let functions = policies.functions(&block.generics, this);
        let verdicts = policies.verdicts(&block.generics, true);
        let (checks_declared, checks) = self.fits_in_functions(fits);
        let markers = self.markers(policies);
        quote! {
            trait __Policy<#(#parameters),*> {
                #declarations
                #checks_declared
            }
            impl #impl_generics #policy for #self_ty #where_clause {
                #functions
                #verdicts
                #checks
            }
            #markers
        }
    }

    /// The messages of a method for `payload`. For most types, the compiler finds out whether they are streams.
    fn messages(&self, method: &Method, request: &TokenStream, result: &TokenStream) -> Messages {
        let payload = quote!(__interceptors::payload);
        Messages {
            request: match self.checked.mount.side() {
                Side::Server => quote!(#payload::RequestOf::<#request>::MESSAGES),
                Side::Client => quote!(#payload::RequestOfHandWritten::<#request>::MESSAGES),
            },
            response: match &method.stream {
                Some(_) => quote! {
                    #payload::Messages::<
                        #payload::Streamed,
                        <#result as #payload::StreamResult>::Message,
                    >::new()
                },
                None => quote!(#payload::ResponseOf::<#result>::MESSAGES),
            },
        }
    }

    pub(super) fn plan_impl(&self) -> Option<TokenStream> {
        let handlers = self.handlers();
        let methods = self.methods().map(|(method, chain)| {
            let HiddenNames { plan, .. } = HiddenNames::new(method, chain);
            let cfgs = &method.cfgs;
            quote!(#(#cfgs)* <Self as #handlers>::#plan)
        });
        let (generics, self_ty) = (&self.block.generics, &self.block.self_ty);
        plan_impl(self.checked, generics, self_ty, &quote!(&[#(#methods),*]))
    }
}
