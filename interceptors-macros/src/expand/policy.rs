//! Policy functions: the first part of a list, which looks at no message. All methods with the same list share one function.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::{Attribute, Token};

use super::chain::{CheckAt, Links, Part, verdict_name};
use crate::check::Checked;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::entries::row::Looks;
use crate::entries::scope::Scope;
use crate::item::mount::Side;
use crate::item::service::Method;

/// The different lists of a block, each with a policy function.
pub(super) struct Policies<'a> {
    checked: &'a Checked,
    lists: Vec<Policy<'a>>,
}

struct Policy<'a> {
    key: PolicyKey<'a>,
    split: Split,
}

/// Methods with equal keys share a policy function.
#[derive(Clone, Copy)]
pub(super) struct PolicyKey<'a> {
    pub(super) chain: &'a Chain,
    /// Whether the method borrows `self` mutably.
    pub(super) by_mut: bool,
    /// The conditions of the method. If it is not compiled, its list may name items that do not exist.
    pub(super) cfgs: &'a [Attribute],
}

impl PartialEq for PolicyKey<'_> {
    fn eq(&self, other: &Self) -> bool {
        let cfgs = |key: &Self| {
            let cfgs = key.cfgs;
            quote!(#(#cfgs)*).to_string()
        };
        (&self.chain.entries, self.by_mut, cfgs(self))
            == (&other.chain.entries, other.by_mut, cfgs(other))
    }
}

/// The key of a method.
pub(super) fn key<'a>(method: &'a Method, chain: &'a Chain) -> PolicyKey<'a> {
    PolicyKey {
        chain,
        by_mut: method.by_mut,
        cfgs: &method.cfgs,
    }
}

/// The key for methods that the service does not have.
pub(super) fn unknown_method_key(chain: &Chain) -> PolicyKey<'_> {
    PolicyKey {
        chain,
        by_mut: false,
        cfgs: &[],
    }
}

/// A list, split into the policy and the typed part.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Split {
    /// The entries before the first one that needs the message type.
    pub(super) policy: Vec<usize>,
    /// That entry, and all after it.
    pub(super) typed: Vec<usize>,
}

impl Split {
    /// The typed part begins at an entry that makes concurrent attempts, because each attempt needs a message. It also begins at an
    /// entry that uses a `self` which the call borrows mutably: the policy is a separate function, and cannot borrow it as well.
    pub(super) fn of(chain: &Chain, entries: &[Listed], by_mut: bool) -> Self {
        let begins = |listed: &Listed| listed.row.needs.unary || by_mut && listed.needs_self();
        let covering = &chain.entries;
        let cut = covering.iter().position(|&i| begins(&entries[i]));
        let (policy, typed) = covering.split_at(cut.unwrap_or(covering.len()));
        Self {
            policy: policy.to_vec(),
            typed: typed.to_vec(),
        }
    }

    /// The entries of the policy that move to the typed part if their type looks at messages.
    pub(super) fn type_dependent<'e>(
        &'e self,
        entries: &'e [Listed],
    ) -> impl Iterator<Item = usize> + 'e {
        let policy = self.policy.iter().copied();
        policy.filter(|&i| entries[i].is_type_dependent())
    }

    /// Splits the policy into the entries that may run before the message is decoded, and those that run after.
    fn split_at_decoding<'s>(&'s self, entries: &[Listed]) -> (&'s [usize], &'s [usize]) {
        let mut policy = self.policy.iter();
        let border = policy.position(|&i| entries[i].needs_decoded_message());
        self.policy.split_at(border.unwrap_or(self.policy.len()))
    }

    /// Whether the whole list may run before decoding, provided that its type-dependent entries accept any message.
    pub(super) fn may_end_before_decoding(&self, entries: &[Listed]) -> bool {
        self.typed.is_empty() && self.split_at_decoding(entries).1.is_empty()
    }

    /// The entries of the policy that look at messages. The frame of the method does that for them.
    pub(super) fn looks(&self, entries: &[Listed]) -> Vec<usize> {
        let policy = self.policy.iter().copied();
        let looks = policy.filter(|&i| entries[i].entry.looks() != Looks::No);
        looks.collect()
    }
}

impl<'a> Policies<'a> {
    pub(super) fn new(checked: &'a Checked, methods: impl Iterator<Item = PolicyKey<'a>>) -> Self {
        let mut lists: Vec<Policy<'a>> = Vec::new();
        for key in methods {
            if !lists.iter().any(|list| list.key == key) {
                let split = Split::of(key.chain, &checked.entries, key.by_mut);
                lists.push(Policy { key, split });
            }
        }
        Self { checked, lists }
    }

    /// The name of a policy function: `__policy_0`.
    pub(super) fn name(&self, key: PolicyKey<'_>) -> Ident {
        let n = self.lists.iter().position(|list| list.key == key);
        format_ident!("__policy_{}", n.unwrap_or_default())
    }

    /// The marker type of a policy function: `__Policy0`.
    pub(super) fn marker(&self, key: PolicyKey<'_>) -> Ident {
        let n = self.lists.iter().position(|list| list.key == key);
        format_ident!("__Policy{}", n.unwrap_or_default())
    }

    /// The policy functions of these methods, each once: its conditions, its marker type and its name.
    pub(super) fn markers<'o>(
        &self,
        key: impl Iterator<Item = PolicyKey<'o>>,
    ) -> impl Iterator<Item = (&'o [Attribute], Ident, Ident)> {
        let mut seen = Vec::new();
        key.filter_map(move |key| {
            let marker = self.marker(key);
            if seen.contains(&marker) {
                return None;
            }
            seen.push(marker.clone());
            Some((key.cfgs, marker, self.name(key)))
        })
    }

    /// The arguments of a policy function for state that the method has separately. If a generated server can find the policy, the
    /// function is called in two places, which get the state from `kept_items`.
    pub(super) fn kept(&self, key: PolicyKey<'_>) -> Vec<TokenStream> {
        let kept = self
            .kept_by(key)
            .map(|(i, _, value)| match self.checked.unknown {
                Some(_) => {
                    let name = kept_name(i, key.chain);
                    quote!(#name())
                }
                None => value,
            });
        kept.collect()
    }

    /// Output, for `concurrency(max = 5, per = method)` on `get`:
    ///
    /// ```text
    /// fn __kept_0_get() -> &'static Limiter {
    ///     static __LIMITER_CONCURRENCY_0: LazyLock<Limiter> = …;
    ///     &*__LIMITER_CONCURRENCY_0
    /// }
    /// ```
    pub(super) fn kept_items<'o>(
        &'o self,
        key: PolicyKey<'o>,
    ) -> impl Iterator<Item = TokenStream> + 'o {
        let cfgs = key.cfgs;
        self.kept_by(key).map(move |(i, ty, value)| {
            let name = kept_name(i, key.chain);
            quote! {
                #(#cfgs)*
                #[allow(non_snake_case)]
                fn #name() -> &'static #ty {
                    #value
                }
            }
        })
    }

    fn kept_by<'o>(
        &'o self,
        key: PolicyKey<'o>,
    ) -> impl Iterator<Item = (usize, TokenStream, TokenStream)> + 'o {
        let split = Split::of(key.chain, &self.checked.entries, key.by_mut);
        split.policy.into_iter().filter_map(|i| {
            let listed = &self.checked.entries[i];
            let place = listed.place(self.checked.mount, i);
            let (ty, value) = listed.entry.method_state(&place)?;
            Some((i, ty, value))
        })
    }

    fn parameters(&self, split: &Split) -> Vec<TokenStream> {
        let kept = split.policy.iter().filter_map(|&i| {
            let listed = &self.checked.entries[i];
            let place = listed.place(self.checked.mount, i);
            let (ty, _) = listed.entry.method_state(&place)?;
            let name = place.kept();
            Some(quote!(#name: &'static #ty))
        });
        kept.collect()
    }

    /// The entries of a method's plan.
    ///
    /// Output, for `logging, with(self.audit)`:
    ///
    /// ```text
    /// __ENTRY_LOGGING_0, __ENTRY_WITH_1.blind(<Self as __Policy>::__IS_BLIND_1)
    /// ```
    pub(super) fn plan_entries(
        &self,
        key: PolicyKey<'_>,
        policy: Option<&TokenStream>,
    ) -> Vec<TokenStream> {
        let checked = self.checked;
        let split = Split::of(key.chain, &checked.entries, key.by_mut);
        let entries = checked.plan_entries(key.chain).zip(&key.chain.entries);
        let entries = entries.map(|(entry, i)| {
            if split.typed.first() == Some(i) {
                return quote!(#entry.blind(false));
            }
            if !checked.entries[*i].is_type_dependent() || split.typed.contains(i) {
                return quote!(#entry);
            }
            let is_blind = is_blind_name(*i);
            match policy {
                Some(policy) => quote!(#entry.blind(<Self as #policy>::#is_blind)),
                None => quote!(#entry.blind(#is_blind)),
            }
        });
        entries.collect()
    }

    /// The entries whose type decides in which part they are, each with a list that contains it and with its conditions.
    fn type_dependent(&self) -> Vec<(usize, &Policy<'a>, &'a [Attribute])> {
        let mut type_dependent: Vec<(usize, &Policy<'a>, &'a [Attribute])> = Vec::new();
        for list in &self.lists {
            for i in list.split.type_dependent(&self.checked.entries) {
                match type_dependent.iter_mut().find(|(j, ..)| *j == i) {
                    // An entry of a single method is in one list. Others are always compiled.
                    Some((_, _, cfgs)) => *cfgs = &[],
                    None => type_dependent.push((i, list, list.key.cfgs)),
                }
            }
        }
        type_dependent
    }

    /// Constants for the plan: whether each type-dependent entry accepts any message.
    ///
    /// Output, for `with(self.audit)`:
    ///
    /// ```text
    /// const __IS_BLIND_1: bool = is_blind(|__this: &Self| {
    ///     let __1 = || &(__this.audit);
    ///     let __verdict_1 = asked(&__1).verdict();
    ///     __verdict_1
    /// });
    /// ```
    pub(super) fn verdicts(&self, generics: &syn::Generics, is_method: bool) -> TokenStream {
        let each = self.type_dependent().into_iter().map(|(i, list, cfgs)| {
            let name = is_blind_name(i);
            let this = Token![self](Span::call_site());
            let links = self.links(list, generics, Some(this).filter(|_| is_method));
            let binding = with_this(links.bindings(&[i]));
            let verdict = verdict_name(i, Span::call_site());
            let this_type = match is_method {
                true => quote!(Self),
                false => quote!(()),
            };
            quote! {
                #(#cfgs)*
                const #name: ::core::primitive::bool = __interceptors::is_blind(|__this: &#this_type| {
                    let _ = __this;
                    #binding
                    #verdict
                });
            }
        });
        quote!(#(#each)*)
    }

    fn links<'l>(
        &'l self,
        list: &Policy<'l>,
        generics: &'l syn::Generics,
        this: Option<Token![self]>,
    ) -> Links<'l> {
        Links {
            mount: self.checked.mount,
            chain: list.key.chain,
            method: None,
            entries: &self.checked.entries,
            scope: Scope {
                generics,
                this,
                message: quote!(__interceptors::Opaque),
                messages: None,
            },
            by_mut: list.key.by_mut,
            part: Part::Policy,
            check_at: CheckAt::Here,
        }
    }

    /// The chain of a list, if a generated server may run its first entries before the message is decoded.
    ///
    /// Output, for `logging, validate`:
    ///
    /// ```text
    /// let mut __behind = Border::new(Looking::new(1, __behind));
    /// if __call.has_begun() {
    ///     return __rpc.go_on(&mut __behind, __call).await;
    /// }
    /// let mut __chain = Chain::new(__0, __behind);
    /// ```
    fn around_decoding(&self, list: &Policy<'_>, links: &Links<'_>) -> TokenStream {
        let entries = &self.checked.entries;
        let (before, behind) = list.split.split_at_decoding(entries);
        let border = (!behind.is_empty()).then(|| {
            let chain = links.links(behind, quote!(__behind));
            let border = quote!(__interceptors::Border::new(#chain));
            // If the type of an entry ends the policy, the entries after it are not in the policy.
            let type_dependent = before
                .iter()
                .rev()
                .filter(|&&i| entries[i].is_type_dependent());
            let border = type_dependent.fold(border, |border, &i| {
                let verdict = verdict_name(i, Span::call_site());
                quote!(#verdict.inner(|__behind| #border, __behind))
            });
            quote!(let __behind = #border;)
        });
        let chain = links.links(before, quote!(__behind));
        quote! {
            #border
            let mut __behind = __behind;
            if __call.has_begun() {
                return __rpc.go_on(&mut __behind, __call).await;
            }
            let mut __chain = #chain;
        }
    }

    /// Declarations of the policy functions, for a trait. They need `self` and the generic parameters of the block.
    pub(super) fn declarations(&self) -> TokenStream {
        let each = self.lists.iter().enumerate().map(|(n, list)| {
            let name = format_ident!("__policy_{n}");
            let this = (!list.key.by_mut).then(|| quote!(&self,));
            let cfgs = list.key.cfgs;
            let kept = self.parameters(&list.split);
            quote! {
                #(#cfgs)*
                fn #name(
                    #this
                    __call: &mut __interceptors::Call<__interceptors::Opaque>,
                    __behind: __interceptors::Behind<'_>,
                    #(#kept),*
                ) -> impl ::core::future::Future<Output = __interceptors::OpaqueAnswer> + ::core::marker::Send;
            }
        });
        let verdicts = self.type_dependent().into_iter().map(|(i, _, cfgs)| {
            let name = is_blind_name(i);
            quote!(#(#cfgs)* const #name: ::core::primitive::bool;)
        });
        quote!(#(#each)* #(#verdicts)*)
    }

    /// Output, for `logging, with(self.audit)`:
    ///
    /// ```text
    /// async fn __policy_0(&self, __call: &mut Call<Opaque>, __behind: Behind<'_>) -> OpaqueAnswer {
    ///     let __rpc = Policy;
    ///     let __0 = &LoggingWith::new(__CONFIG_LOGGING_0);
    ///     let __1 = || &(self.audit);
    ///     let __verdict_1 = asked(&__1).verdict();
    ///     let mut __chain = Chain::new(__0, __verdict_1.link(…).before(…));
    ///     __rpc.run(&mut __chain, __call).await
    /// }
    /// ```
    pub(super) fn functions(
        &self,
        generics: &syn::Generics,
        this: Option<Token![self]>,
    ) -> TokenStream {
        let each = self.lists.iter().enumerate().map(|(n, list)| {
            let name = format_ident!("__policy_{n}");
            let this = this.filter(|_| !list.key.by_mut);
            let cfgs = list.key.cfgs;
            let parameter = this.map(|this| quote!(&#this,));
            let kept = self.parameters(&list.split);
            let policy = &list.split.policy;
            let links = self.links(list, generics, this);
            let bindings = links.bindings(policy);
            let innermost = match list.split.typed.is_empty() {
                true => links.attempts(quote!(__behind)),
                false => quote!(__behind),
            };
            let chain = match self.checked.unknown {
                Some(_) => self.around_decoding(list, &links),
                None => {
                    let chain = links.links(policy, innermost);
                    quote!(let mut __chain = #chain;)
                }
            };
            let run = match self.checked.mount.side() {
                Side::Server => quote!(run),
                Side::Client => quote!(send),
            };
            quote! {
                #(#cfgs)*
                async fn #name(
                    #parameter
                    __call: &mut __interceptors::Call<__interceptors::Opaque>,
                    __behind: __interceptors::Behind<'_>,
                    #(#kept),*
                ) -> __interceptors::OpaqueAnswer {
                    let __rpc = __interceptors::Policy;
                    #bindings
                    #chain
                    __rpc.#run(&mut __chain, __call).await
                }
            }
        });
        quote!(#(#each)*)
    }
}

/// Whether an entry may keep the request. Then the size of the request is needed.
pub(super) fn may_be_kept(checked: &Checked, chain: &Chain) -> bool {
    let keeps = |listed: &Listed| {
        let needs = listed.row.needs;
        needs.resend || needs.unary || needs.scheme || listed.is_type_dependent()
    };
    chain.first(&checked.entries, keeps).is_some()
}

/// `__kept_1_get`. For methods that the service does not have, `__kept_1_`.
fn kept_name(i: usize, chain: &Chain) -> Ident {
    let method = chain.name.trim_matches('*');
    format_ident!("__kept_{i}_{method}")
}

/// `__IS_BLIND_1`
fn is_blind_name(i: usize) -> Ident {
    format_ident!("__IS_BLIND_{i}")
}

/// Replaces `self` by `__this`, for an expression in a closure that has no `self`.
pub(super) fn with_this(tokens: TokenStream) -> TokenStream {
    let trees = tokens.into_iter().map(|tree| match tree {
        TokenTree::Ident(this) if this == "self" => TokenTree::Ident(Ident::new(
            "__this",
            Span::call_site().located_at(this.span()),
        )),
        TokenTree::Group(group) => {
            let mut inside = Group::new(group.delimiter(), with_this(group.stream()));
            inside.set_span(group.span());
            TokenTree::Group(inside)
        }
        tree => tree,
    });
    trees.collect()
}
