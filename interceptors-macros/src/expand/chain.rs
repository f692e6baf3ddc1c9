use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;

use super::fits::{Fits, Guard};
use crate::entries::chain::Chain;
use crate::entries::entry::{Listed, ValueContext};
use crate::entries::row::{Fit, Looks};
use crate::entries::scope::Scope;
use crate::item::mount::{Mount, Side};
use crate::text::span::at;

/// Where interceptors are put together.
pub(crate) struct Links<'a> {
    pub(crate) mount: Mount,
    pub(crate) chain: &'a Chain,
    /// The method, for errors to name; a channel has no methods.
    pub(crate) method: Option<&'a Ident>,
    pub(crate) entries: &'a [Listed],
    pub(crate) scope: Scope<'a>,
    /// Whether the call borrows `self` mutably.
    pub(crate) by_mut: bool,
    pub(crate) part: Part,
    pub(crate) check_at: CheckAt<'a>,
}

/// Where the compiler is asked whether an entry takes the messages of a method.
#[derive(Clone, Copy)]
pub(crate) enum CheckAt<'a> {
    /// Here, and nowhere else.
    Here,
    /// Here, and nothing else is.
    Alone,
    /// By what is written after the bindings, and nothing else is.
    After,
    /// In the constants of `fits`, for some entries. `site` is what an entry sees where the types of messages are guarded.
    Apart {
        fits: &'a Fits,
        method: usize,
        scope: &'a dyn Fn(&Guard) -> Scope<'a>,
        /// Whether what is made here outlives the function: it goes into the future of the call.
        outlives: bool,
    },
}

/// A part of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it, with messages of one type: a channel's.
    Whole,
    /// The leading entries that look at no message, once for all methods with the same list.
    Policy,
    /// What looks at messages: it is compiled for each method.
    Rest,
}

impl Links<'_> {
    /// Output, for `logging, with(self.audit)` in front of `get`, in the part that looks at messages:
    ///
    /// ```text
    /// fn __covers_get<S, I, Req, Res>(_: Link<S, I, Req, Res>)
    /// where
    ///     I: Interceptor<Req, Res> + ?Sized,
    /// {}
    /// let __1 = || &(self.audit);
    /// let _ = || {
    ///     __covers_get(__rpc.lent(__1));
    /// };
    /// let __verdict_1 = asked(&__1).verdict();
    /// ```
    ///
    /// The function is there for errors, which show where the bound stands: at the method.
    ///
    /// Expressions of the user's are evaluated at the entry's turn, and not here: where one panics, that is a panic of
    /// the call for the entries in front of it.
    pub(crate) fn bindings(&self, entries: &[usize]) -> TokenStream {
        let mut bindings = TokenStream::new();
        let by_method = |&&i: &&usize| {
            self.entries[i].fit() == Fit::CheckedPerMethod && !self.is_checked_apart(i)
        };
        let asks = || entries.iter().filter(by_method);
        let is_guarded = |i: &&usize| self.guard(**i).is_some();
        let method = self.method.filter(|_| asks().next().is_some());
        let covers = method.map(|method| {
            let span = at(method.span());
            let covers = Ident::new(&format!("__covers_{}", method.unraw()), span);
            if asks().any(|i| !is_guarded(&i)) {
                bindings.extend(bound_check(&covers, None));
            }
            covers
        });
        for &i in entries {
            let covers = covers.as_ref().map(|covers| match self.guard(i) {
                Some(guard) if by_method(&&i) => {
                    let covers = format_ident!("{covers}_{i}");
                    bindings.extend(bound_check(&covers, Some(&guard)));
                    covers
                }
                _ => covers.clone(),
            });
            bindings.extend(self.binding(i, covers.as_ref()));
        }
        bindings
    }

    /// Whether the question of an entry is asked in a constant.
    fn is_checked_apart(&self, i: usize) -> bool {
        match self.check_at {
            CheckAt::Apart { fits, method, .. } => fits.asks(i, method),
            CheckAt::After => true,
            CheckAt::Here | CheckAt::Alone => false,
        }
    }

    /// The constants that ask the question of an entry, where there are some.
    fn guard(&self, i: usize) -> Option<Guard> {
        match self.check_at {
            CheckAt::Apart { fits, .. } => fits.guard(i),
            CheckAt::Here | CheckAt::Alone | CheckAt::After => None,
        }
    }

    fn binding(&self, i: usize, covers: Option<&Ident>) -> TokenStream {
        let listed = &self.entries[i];
        if self.part == Part::Policy && listed.entry.looks() == Looks::Only {
            return TokenStream::new();
        }
        let place = listed.place(self.mount, i);
        let span = at(place.span);
        let local = local_name(i, span);
        let is_lazy = listed.is_made_lazily();
        let made = listed.made_from_self().map(|expr| {
            let name = place.made();
            match self.by_mut {
                // By its turn the method has `self`, so this is evaluated before; a panic waits for its turn.
                true => {
                    let value = self.scope.with_self(expr);
                    quote_spanned!(span=> let #name = __interceptors::evaluate_now(|| #value);)
                }
                false => quote_spanned!(span=> let #name = ::std::sync::OnceLock::new();),
            }
        });
        let value = self.value(i);
        let moves = matches!(self.check_at, CheckAt::Apart { outlives: true, .. })
            .then(|| quote_spanned!(span=> move));
        let value = match is_lazy {
            true => quote_spanned!(span=> #moves || #value),
            false => value,
        };
        let (link, ask) = rpc_methods(listed);
        let (link, ask) = (Ident::new(link, span), Ident::new(ask, span));
        let check = match (listed.fit(), covers) {
            // Whether it takes these messages is asked in each method.
            (Fit::CheckedPerMethod, _) if self.part == Part::Policy => None,
            _ if self.is_checked_apart(i) => None,
            // It was asked in the part for all methods.
            (Fit::Checked, _) if self.part == Part::Rest && listed.row.verifies => None,
            (Fit::CheckedPerMethod, Some(covers)) => {
                let covers = Ident::new(&covers.to_string(), span);
                Some(quote_spanned!(span=> #covers(__rpc.#link(#local));))
            }
            (Fit::Checked | Fit::CheckedPerMethod, _) => {
                Some(quote_spanned!(span=> __rpc.#ask(#local);))
            }
            (Fit::Always | Fit::CheckedIfGiven | Fit::CheckedWhereMade, _) => None,
        };
        // A question to the compiler alone: what is never called is no code in each method.
        let check = check.map(|check| match self.part {
            Part::Rest if !matches!(self.check_at, CheckAt::Alone) => {
                quote_spanned!(span=> let _ = || { #check };)
            }
            Part::Whole | Part::Policy | Part::Rest => check,
        });
        let has_verdict =
            self.part != Part::Whole && !matches!(self.check_at, CheckAt::Alone | CheckAt::After);
        let verdict = (has_verdict && listed.is_type_dependent()).then(|| {
            let verdict = verdict_name(i, span);
            let ask = match is_lazy {
                true => quote_spanned!(span=> asked(&#local)),
                false => quote_spanned!(span=> asked_value(#local)),
            };
            quote_spanned!(span=> let #verdict = __interceptors::#ask.verdict();)
        });
        quote_spanned! {span=>
            #made
            let #local = #value;
            #check
            #verdict
        }
    }

    /// Asks about an entry whose local is bound. Where an earlier method does not fit, this asks nothing.
    ///
    /// Output:
    ///
    /// ```text
    /// fn __covers_put<V, S, I, Req, Res>(_: V, _: Link<S, I, Req, Res>)
    /// where
    ///     I: ?Sized,
    ///     V: Lets<I, Req, Res>,
    /// {}
    /// let __link = __rpc.lent(__1);
    /// let __next = __fits.and(__link.fits());
    /// __covers_put(__fits, __link);
    /// let __fits = __next;
    /// ```
    pub(super) fn ask_in_turn(&self, i: usize, is_first: bool) -> TokenStream {
        let listed = &self.entries[i];
        let span = at(listed.place(self.mount, i).span);
        let method = self.method.map_or_else(Span::call_site, |it| it.span());
        let name = self.method.map(|it| it.unraw().to_string());
        let covers = Ident::new(
            &format!("__covers_{}", name.unwrap_or_default()),
            at(method),
        );
        let function = match is_first {
            true => bound_check(&covers, None),
            false => bound_check_after(&covers),
        };
        let (local, link) = (local_name(i, span), Ident::new(rpc_methods(listed).0, span));
        let covers = Ident::new(&covers.to_string(), span);
        let before = (!is_first).then(|| quote_spanned!(span=> __fits,));
        quote_spanned! {span=>
            #function
            let __link = __rpc.#link(#local);
            let __next = __fits.and(__link.fits());
            #covers(#before __link);
            let __fits = __next;
        }
    }

    /// The interceptor of an entry.
    pub(crate) fn value(&self, i: usize) -> TokenStream {
        self.value_span(i, self.entries[i].is_made_lazily())
    }

    fn value_span(&self, i: usize, is_lazy: bool) -> TokenStream {
        let listed = &self.entries[i];
        let guarded = match self.check_at {
            CheckAt::Apart { fits, scope, .. } => fits.guard(i).map(|guard| scope(&guard)),
            CheckAt::Here | CheckAt::Alone | CheckAt::After => None,
        };
        listed.entry.value(&ValueContext {
            place: listed.place(self.mount, i),
            scope: guarded.as_ref().unwrap_or(&self.scope),
            verifier: self.chain.verifier_before(self.entries, i),
            is_lazy,
            by_mut: self.by_mut,
            in_policy: self.part == Part::Policy,
        })
    }

    /// `Chain::new(__0, __rpc.lent(__1).before(innermost))`
    ///
    /// Of an entry that may look at messages, in the part that looks at none:
    ///
    /// ```text
    /// __verdict_1
    ///     .link(__rpc.lent(__1))
    ///     .before(__verdict_1.inner(|__behind| …, __behind))
    /// ```
    pub(crate) fn links(&self, entries: &[usize], innermost: TokenStream) -> TokenStream {
        let outwards = entries.iter().rev().map(|&i| (i, &self.entries[i]));
        outwards.fold(innermost, |links, (i, listed)| self.link(i, listed, links))
    }

    fn link(&self, i: usize, listed: &Listed, links: TokenStream) -> TokenStream {
        let local = local_name(i, Span::call_site());
        let is_client = self.mount.side() == Side::Client;
        let links = match is_client && listed.row.runs_user_code {
            true => quote!(__interceptors::Anew(#links)),
            false => links,
        };
        if self.part == Part::Policy && listed.entry.looks() == Looks::Only {
            return quote!(__interceptors::Looking::new(#i, #links));
        }
        let (is_lazy, is_given) = (listed.is_made_lazily(), listed.entry.is_given());
        if self.part == Part::Policy && listed.is_type_dependent() {
            let verdict = verdict_name(i, Span::call_site());
            let link = match is_lazy {
                true => quote!(lent),
                false => quote!(link),
            };
            return quote! {
                #verdict
                    .link(__rpc.#link(#local))
                    .before(#verdict.inner(|__behind| #links, __behind))
            };
        }
        match (is_lazy, listed.fit()) {
            // On a channel or a server it may be made into one that only some methods go through.
            (true, _) if !is_given || self.mount.is_struct() => {
                quote!(__rpc.made(#local).before(#links))
            }
            (true, _) => quote!(__rpc.lent(#local).before(#links)),
            (false, Fit::Always) => quote!(__interceptors::Chain::new(#local, #links)),
            (false, _) => quote!(__rpc.link(#local).before(#links)),
        }
    }

    /// What a client has directly around each attempt.
    pub(crate) fn attempts(&self, innermost: TokenStream) -> TokenStream {
        let is_client = self.mount.side() == Side::Client;
        let outwards = self.chain.entries.iter().rev().map(|&i| &self.entries[i]);
        let attempts = outwards.filter_map(|listed| {
            let attempt = listed.row.innermost.filter(|_| is_client)?;
            Some((listed.row.module, attempt))
        });
        attempts.fold(innermost, |innermost, (module, attempt)| {
            let span = Span::call_site();
            let (module, attempt) = (Ident::new(module, span), Ident::new(attempt, span));
            quote!(__interceptors::Chain::new(&__interceptors::#module::#attempt, #innermost))
        })
    }

    /// Output, for `validate` as the third entry:
    ///
    /// ```text
    /// __rpc.looks(|__entry, __seen| match __entry {
    ///     2 => __rpc.link(__2).look(__seen),
    ///     _ => Ok(()),
    /// })
    /// ```
    pub(crate) fn looks(&self, entries: &[usize]) -> TokenStream {
        if entries.is_empty() {
            return quote!(__interceptors::NoLooks);
        }
        let looks = entries.iter().map(|&i| {
            let local = local_name(i, Span::call_site());
            quote!(#i => __rpc.link(#local).look(__seen),)
        });
        quote! {
            __rpc.looks(|__entry, __seen| match __entry {
                #(#looks)*
                _ => ::core::result::Result::Ok(()),
            })
        }
    }
}

/// How `Rpc` takes the local of an entry, and how it asks about it.
fn rpc_methods(listed: &Listed) -> (&'static str, &'static str) {
    match (listed.is_made_lazily(), listed.entry.is_given()) {
        (false, _) => ("link", "covers"),
        (true, false) => ("made", "covers_made"),
        (true, true) => ("lent", "covers_lent"),
    }
}

/// A function that asks whether a link takes the messages of a method. What does not compile where `guard` asks is not asked again.
fn bound_check(name: &Ident, guard: Option<&Guard>) -> TokenStream {
    let span = name.span();
    let bounds = match guard.map(|guard| guard.of(&quote_spanned!(span=> I))) {
        Some(guarded) => quote_spanned! {span=>
            I: ?::core::marker::Sized,
            #guarded: __interceptors::Interceptor<Req, Res>,
        },
        None => quote_spanned! {span=>
            I: __interceptors::Interceptor<Req, Res> + ?::core::marker::Sized,
        },
    };
    quote_spanned! {span=>
        fn #name<S, I, Req, Res>(_: __interceptors::Link<S, I, Req, Res>)
        where
            #bounds
        {
        }
    }
}

/// The same, which asks nothing after a method that does not fit.
fn bound_check_after(name: &Ident) -> TokenStream {
    let span = name.span();
    quote_spanned! {span=>
        fn #name<V, S, I, Req, Res>(_: V, _: __interceptors::Link<S, I, Req, Res>)
        where
            I: ?::core::marker::Sized,
            V: __interceptors::Lets<I, Req, Res>,
        {
        }
    }
}

pub(crate) fn local_name(i: usize, span: Span) -> Ident {
    Ident::new(&format!("__{i}"), span)
}

pub(crate) fn verdict_name(i: usize, span: Span) -> Ident {
    Ident::new(&format!("__verdict_{i}"), span)
}
