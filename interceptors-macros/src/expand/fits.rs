//! Checks by the compiler whether an entry fits the messages of its methods. They are arranged so that each entry has one error,
//! not one for each method.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Expr;

use crate::check::Checked;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::entries::row::{Fit, Looks};
use crate::text::tokens::{find_ident, has_macro_call};

/// Constants whose bodies check whether an entry accepts the messages of a method. Each is guarded by the one before it, so
/// the compiler reports only the first method that does not fit.
///
/// Output, for `with(Audit)` on `get` and `put`:
///
/// ```text
/// const __FITS_0_0: Fit = fits(|| { /* checks `get` */ });
/// const __FITS_0_1: Fit = fits(|| { /* checks `put`, guarded by `__FITS_0_0` */ });
/// ```
pub(crate) struct Fits {
    constants: Vec<Constant>,
    /// Entries that are checked in functions instead, each with its methods.
    in_functions: Vec<(usize, Vec<usize>)>,
}

struct Constant {
    entry: usize,
    method: usize,
    name: Ident,
    body: TokenStream,
}

/// A constant that has to compile before the compiler reports errors about a type.
pub(crate) struct Guard(Ident);

impl Guard {
    /// The type behind the guard.
    pub(crate) fn of(&self, ty: &TokenStream) -> TokenStream {
        let constant = &self.0;
        quote!(__interceptors::Guarded<#constant, #ty>)
    }
}

/// A type, behind a guard if there is one.
pub(super) fn behind(guard: Option<&Guard>, ty: TokenStream) -> TokenStream {
    match guard {
        Some(guard) => guard.of(&ty),
        None => ty,
    }
}

/// A method whose messages may be checked.
#[derive(Clone, Copy)]
pub(super) struct Checkable<'a> {
    pub(super) chain: &'a Chain,
    /// Whether a constant can check it: the method has no `#[cfg]`, and all its types can be named outside of it.
    pub(super) in_constant: bool,
}

impl Fits {
    /// `check` generates the check for an entry and a method.
    pub(super) fn new(
        checked: &Checked,
        methods: &[Checkable<'_>],
        is_checkable: impl Fn(&Listed) -> bool,
        check: impl Fn(usize, usize, Option<&Guard>) -> TokenStream,
    ) -> Self {
        let mut fits = Self {
            constants: Vec::new(),
            in_functions: Vec::new(),
        };
        for (entry, listed) in checked.entries.iter().enumerate() {
            let covers = |method: &&Checkable<'_>| method.chain.entries.contains(&entry);
            // With one method, there is one error anyway.
            if !needs_check(listed)
                || !is_checkable(listed)
                || methods.iter().filter(covers).count() < 2
            {
                continue;
            }
            for (method, checkable) in methods.iter().enumerate() {
                if checkable.in_constant && covers(&checkable) {
                    let guard = fits.guard(entry);
                    let body = check(entry, method, guard.as_ref());
                    fits.constants.push(Constant {
                        entry,
                        method,
                        name: format_ident!("__FITS_{entry}_{method}"),
                        body,
                    });
                }
            }
        }
        fits
    }

    /// Checks an entry in a function, because no constant can name its value.
    pub(super) fn in_function(&mut self, entry: usize, methods: Vec<usize>) {
        self.in_functions.push((entry, methods));
    }

    /// The entries that are checked in functions, each with its methods.
    pub(super) fn functions(&self) -> impl Iterator<Item = (usize, &[usize])> {
        let functions = self.in_functions.iter();
        functions.map(|(entry, methods)| (*entry, &methods[..]))
    }

    /// Whether an entry is checked here, and not in the method.
    pub(super) fn checks(&self, entry: usize, method: usize) -> bool {
        let mut constants = self.constants.iter();
        let mut functions = self.in_functions.iter();
        constants.any(|constant| (constant.entry, constant.method) == (entry, method))
            || functions.any(|(of, methods)| *of == entry && methods.contains(&method))
    }

    /// The last constant of an entry. It only compiles if all of them do.
    pub(super) fn guard(&self, entry: usize) -> Option<Guard> {
        let mut constants = self.constants.iter().rev();
        let last = constants.find(|constant| constant.entry == entry)?;
        Some(Guard(last.name.clone()))
    }

    /// Statements for a method's body that use the guards of its entries. If an entry does not fit, the compiler reports no
    /// further errors in the body.
    pub(super) fn guard_statements<'f>(
        &'f self,
        chain: &'f Chain,
    ) -> impl Iterator<Item = TokenStream> + 'f {
        let guards = chain.entries.iter().filter_map(|&entry| self.guard(entry));
        guards.map(|guard| {
            let unit = guard.of(&quote!(()));
            quote!(let _: #unit = ();)
        })
    }

    /// The constants, as items.
    pub(super) fn items(&self) -> TokenStream {
        let constants = self.constants.iter().map(|Constant { name, body, .. }| {
            quote! {
                const #name: __interceptors::Fit = __interceptors::fits(#body);
            }
        });
        quote!(#(#constants)*)
    }
}

/// Whether the compiler has to check the messages of each method, and a constant can do that. A constant is outside the block, so
/// the entry's expressions must not use `Self`. A macro call may hide that they do.
fn needs_check(listed: &Listed) -> bool {
    let is_plain = |expr: &&Expr| {
        let tokens = expr.to_token_stream();
        find_ident(tokens.clone(), "Self").is_none() && !has_macro_call(tokens)
    };
    (listed.fit() == Fit::CheckedPerMethod || listed.entry.looks() != Looks::No)
        && listed.entry.expressions().iter().all(is_plain)
}
