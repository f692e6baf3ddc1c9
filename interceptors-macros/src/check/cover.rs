use proc_macro2::Span;

use crate::codes;
use crate::ctxt::Ctxt;
use crate::entries::access::Protected;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::item::methods::{MethodRef, Selector};
use crate::item::names::MethodResolver;

/// Which methods of the block an entry covers, by its own lists.
pub(super) struct Coverage {
    pub(super) covers: Vec<bool>,
    /// For each method, the place where `only` names it.
    pub(super) only_named_at: Vec<Option<Span>>,
    /// For each method, the place where `public` names it.
    pub(super) public_at: Vec<Option<Span>>,
    /// Whether an error in its lists was reported.
    pub(super) has_errors: bool,
}

/// Resolves the lists of an entry.
pub(super) fn coverage(names: &mut MethodResolver<'_>, listed: &Listed) -> Coverage {
    let nowhere = || vec![None; names.methods.len()];
    let (unresolved, errors) = (names.unresolved, names.cx.errors());
    let (mut only_named_at, mut public_at) = (Vec::new(), nowhere());
    let mut covers = vec![true; names.methods.len()];
    match &listed.methods {
        Selector::All => {}
        Selector::Only(list) => {
            only_named_at = names.resolve(list);
            covers = only_named_at.iter().map(Option::is_some).collect();
        }
        Selector::Except(list) => {
            covers = names.resolve(list).iter().map(Option::is_none).collect();
        }
    }
    let access = listed.entry.access();
    if let Some(access) = access {
        public_at = names.resolve(&access.public);
        for (covers, public) in covers.iter_mut().zip(&public_at) {
            *covers &= public.is_none();
        }
    }
    if let Some(protected) = access.and_then(|access| access.protected.as_ref()) {
        check_protected(names, protected, &public_at, errors);
    }
    Coverage {
        covers,
        only_named_at,
        public_at,
        has_errors: names.unresolved > unresolved || names.cx.errors() > errors,
    }
}

/// Reports methods that are not in exactly one of `public` and `protected`. After an error in the lists, missing methods are not
/// reported: a wrong name probably meant one of them.
fn check_protected(
    names: &mut MethodResolver<'_>,
    protected: &Protected,
    public_at: &[Option<Span>],
    errors_before: usize,
) {
    let protected_at = names.resolve(&protected.methods);
    let has_errors = names.cx.errors() > errors_before;
    let mut undecided: Vec<&str> = Vec::new();
    for (i, method) in names.methods.iter().enumerate() {
        let name = method.name.as_str();
        match (public_at[i], protected_at[i]) {
            (Some(_), Some(span)) => names.cx.error_at(
                codes::PUBLIC_AND_PROTECTED,
                span,
                format!("`{name}` is in `public` too; take it out of one of them"),
            ),
            (None, None) if !undecided.contains(&name) => undecided.push(name),
            _ => {}
        }
    }
    if undecided.is_empty() || has_errors {
        return;
    }
    let (is, them) = match undecided.len() {
        1 => ("is", "it"),
        _ => ("are", "each"),
    };
    let undecided = undecided.join("`, `");
    names.cx.error_on(
        codes::NEITHER_PUBLIC_NOR_PROTECTED,
        &protected.key,
        format!(
            "`{undecided}` {is} in neither `public` nor `protected`; add {them} to one of them"
        ),
    );
}

/// The elements of an entry's list `public`.
pub(super) fn public(listed: &Listed) -> &[MethodRef] {
    let access = listed.entry.access();
    access.map_or(&[], |access| &access.public)
}

/// Reports entries that cover no method.
pub(super) fn check_coverage(
    cx: &Ctxt,
    entries: &[Listed],
    covered: &[Coverage],
    chains: &[Chain],
) {
    for (i, entry) in entries.iter().enumerate() {
        let used = chains.iter().any(|chain| chain.entries.contains(&i));
        // If methods have entries of their own, this one may be the default for future methods.
        let replaced = chains
            .iter()
            .any(|chain| chain.entries.iter().any(|&j| j >= entries.len()));
        if !used && !replaced && !covered[i].has_errors && !chains.is_empty() {
            let name = &entry.name;
            cx.error_on(
                codes::COVERS_NOTHING,
                name,
                format!("`{name}` covers no method; take it out, or exclude fewer methods"),
            );
        }
    }
}
