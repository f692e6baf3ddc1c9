//! One error for an entry whose messages only the compiler knows, where it would be one for each method.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Expr;

use crate::check::Checked;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::entries::row::{Fit, Looks};
use crate::text::tokens::{find_ident, has_macro_call};

/// Constants whose bodies ask whether an entry takes the messages of a method. Each is guarded by the one before it: the
/// compiler speaks of the first method that does not fit, and of no other.
///
/// Output, for `with(Audit)` in front of `get` and `put`:
///
/// ```text
/// const __FITS_0_0: Fit = fits(|| { /* asks about `get` */ });
/// const __FITS_0_1: Fit = fits(|| { /* asks about `put`, after `__FITS_0_0` */ });
/// ```
pub(crate) struct Fits {
    constants: Vec<Constant>,
    /// What is asked in functions instead: entries, each with its methods.
    in_functions: Vec<(usize, Vec<usize>)>,
}

struct Constant {
    entry: usize,
    method: usize,
    name: Ident,
    body: TokenStream,
}

/// A constant that has to compile before the compiler says something of a type.
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

/// A method of a block, as far as it matters here.
#[derive(Clone, Copy)]
pub(super) struct Checkable<'a> {
    pub(super) chain: &'a Chain,
    /// Whether a constant can ask about it: it is compiled in any case, and all of its types can be written.
    pub(super) in_constant: bool,
}

impl Fits {
    /// `ask` writes the question about an entry and a method.
    pub(super) fn new(
        checked: &Checked,
        methods: &[Checkable<'_>],
        is_checkable: impl Fn(&Listed) -> bool,
        ask: impl Fn(usize, usize, Option<&Guard>) -> TokenStream,
    ) -> Self {
        let mut fits = Self {
            constants: Vec::new(),
            in_functions: Vec::new(),
        };
        for (entry, listed) in checked.entries.iter().enumerate() {
            let covers = |method: &&Checkable<'_>| method.chain.entries.contains(&entry);
            // Where there is one method, there is one error.
            if !needs_check(listed)
                || !is_checkable(listed)
                || methods.iter().filter(covers).count() < 2
            {
                continue;
            }
            for (method, checkable) in methods.iter().enumerate() {
                if checkable.in_constant && covers(&checkable) {
                    let guard = fits.guard(entry);
                    let body = ask(entry, method, guard.as_ref());
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

    /// Asks about an entry in a function, where no constant can name what it is given.
    pub(super) fn in_function(&mut self, entry: usize, methods: Vec<usize>) {
        self.in_functions.push((entry, methods));
    }

    /// The entries that are asked about in functions, each with its methods.
    pub(super) fn functions(&self) -> impl Iterator<Item = (usize, &[usize])> {
        let functions = self.in_functions.iter();
        functions.map(|(entry, methods)| (*entry, &methods[..]))
    }

    /// Whether they are asked about apart from the method.
    pub(super) fn asks(&self, entry: usize, method: usize) -> bool {
        let mut constants = self.constants.iter();
        let mut functions = self.in_functions.iter();
        constants.any(|constant| (constant.entry, constant.method) == (entry, method))
            || functions.any(|(of, methods)| *of == entry && methods.contains(&method))
    }

    /// The last constant of an entry: it compiles where all of them do.
    pub(super) fn guard(&self, entry: usize) -> Option<Guard> {
        let mut constants = self.constants.iter().rev();
        let last = constants.find(|constant| constant.entry == entry)?;
        Some(Guard(last.name.clone()))
    }

    /// What a body says of the entries of its method: so the compiler looks for no types in it where one does not fit.
    pub(super) fn taints<'f>(&'f self, chain: &'f Chain) -> impl Iterator<Item = TokenStream> + 'f {
        let guards = chain.entries.iter().filter_map(|&entry| self.guard(entry));
        guards.map(|guard| {
            let unit = guard.of(&quote!(()));
            quote!(let _: #unit = ();)
        })
    }

    /// The constants.
    pub(super) fn items(&self) -> TokenStream {
        let constants = self.constants.iter().map(|Constant { name, body, .. }| {
            quote! {
                const #name: __interceptors::Fit = __interceptors::fits(#body);
            }
        });
        quote!(#(#constants)*)
    }
}

/// Whether the compiler has to be asked about the messages of each method. In a constant of its own, no expression may mean the `Self`
/// of the block, which a macro may hide.
fn needs_check(listed: &Listed) -> bool {
    let is_plain = |expr: &&Expr| {
        let tokens = expr.to_token_stream();
        find_ident(tokens.clone(), "Self").is_none() && !has_macro_call(tokens)
    };
    (listed.fit() == Fit::CheckedPerMethod || listed.entry.looks() != Looks::No)
        && listed.entry.expressions().iter().all(is_plain)
}
