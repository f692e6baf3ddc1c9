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

/// Generates the code that connects the interceptors of a chain.
pub(crate) struct Links<'a> {
    pub(crate) mount: Mount,
    pub(crate) chain: &'a Chain,
    /// The method that errors name. A channel has no methods.
    pub(crate) method: Option<&'a Ident>,
    pub(crate) entries: &'a [Listed],
    pub(crate) scope: Scope<'a>,
    /// Whether the call borrows `self` mutably.
    pub(crate) by_mut: bool,
    pub(crate) part: Part,
    pub(crate) check_at: CheckAt<'a>,
}

/// Where the compiler checks whether an entry accepts the messages of a method.
#[derive(Clone, Copy)]
pub(crate) enum CheckAt<'a> {
    /// Here, and nowhere else.
    Here,
    /// Here, and the code here does nothing else.
    Alone,
    /// In the code after the bindings, which does nothing else.
    After,
    /// For some entries, in the constants of `fits`. `scope` returns the scope in which message types are behind a guard.
    Apart {
        fits: &'a Fits,
        method: usize,
        scope: &'a dyn Fn(&Guard) -> Scope<'a>,
        /// Whether the values move into the future of the call and outlive the function.
        outlives: bool,
    },
}

/// A part of a chain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The whole chain of a struct. All messages have the same type there.
    Whole,
    /// The first entries, which look at no message. They are compiled once for all methods with the same list.
    Policy,
    /// The entries that look at messages. They are compiled for each method.
    Rest,
}

impl Links<'_> {
    /// Output, for `logging, with(self.audit)` on `get`, in the part that looks at messages:
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
    /// The function makes errors point to the method: the compiler shows where the bound is written.
    ///
    /// User expressions are in closures, which run when the call reaches the entry. So the entries before it see a panic in an
    /// expression as a panic of the call.
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

    /// Whether an entry is checked somewhere else.
    fn is_checked_apart(&self, i: usize) -> bool {
        match self.check_at {
            CheckAt::Apart { fits, method, .. } => fits.checks(i, method),
            CheckAt::After => true,
            CheckAt::Here | CheckAt::Alone => false,
        }
    }

    /// The constants that check an entry, if there are some.
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
                // The method borrows `self` mutably before the call reaches the entry, so the value is evaluated now. A panic is
                // kept until the call reaches the entry.
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
            // Each method checks whether the entry accepts its messages.
            (Fit::CheckedPerMethod, _) if self.part == Part::Policy => None,
            _ if self.is_checked_apart(i) => None,
            // The policy function has checked it.
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
        // The check is only for the compiler. A closure that is never called adds no code to the method.
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

    /// Checks an entry whose local is bound. If an earlier method does not fit, this check passes, so that there is one error.
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
    pub(super) fn check_in_turn(&self, i: usize, is_first: bool) -> TokenStream {
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
        let listed = &self.entries[i];
        let guarded = match self.check_at {
            CheckAt::Apart { fits, scope, .. } => fits.guard(i).map(|guard| scope(&guard)),
            CheckAt::Here | CheckAt::Alone | CheckAt::After => None,
        };
        listed.entry.value(&ValueContext {
            place: listed.place(self.mount, i),
            scope: guarded.as_ref().unwrap_or(&self.scope),
            verifier: self.chain.verifier_before(self.entries, i),
            is_lazy: listed.is_made_lazily(),
            by_mut: self.by_mut,
            in_policy: self.part == Part::Policy,
        })
    }

    /// `Chain::new(__0, __rpc.lent(__1).before(innermost))`
    ///
    /// For an entry that may look at messages, in the policy function:
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
            // On a struct, the local may be a `Selected`, which is not the given value itself.
            (true, _) if !is_given || self.mount.is_struct() => {
                quote!(__rpc.made(#local).before(#links))
            }
            (true, _) => quote!(__rpc.lent(#local).before(#links)),
            (false, Fit::Always) => quote!(__interceptors::Chain::new(#local, #links)),
            (false, _) => quote!(__rpc.link(#local).before(#links)),
        }
    }

    /// The interceptors that a client runs directly around each attempt.
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

/// The methods of `Rpc` that link an entry's local, and that check it.
fn rpc_methods(listed: &Listed) -> (&'static str, &'static str) {
    match (listed.is_made_lazily(), listed.entry.is_given()) {
        (false, _) => ("link", "covers"),
        (true, false) => ("made", "covers_made"),
        (true, true) => ("lent", "covers_lent"),
    }
}

/// A function whose bounds check whether a link accepts the messages of a method. With a guard, the bounds hold if the guard has
/// an error already.
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

/// The same function, whose bounds hold if an earlier method does not fit.
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
