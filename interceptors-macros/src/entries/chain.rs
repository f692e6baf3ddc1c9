use proc_macro2::Span;

use super::entry::Listed;
use crate::item::names::MethodNames;

/// The entries that calls of one method pass through.
pub(crate) struct Chain {
    /// The method's Rust name. On a channel or a server: the path, or `*` for all other calls.
    pub(crate) name: String,
    pub(crate) rpc: String,
    /// Whether the RPC's name was derived from the Rust name.
    pub(crate) is_derived: bool,
    /// Whether the RPC's name has to match exactly, with its case.
    pub(crate) is_exact: bool,
    /// Indices of entries, outermost first.
    pub(crate) entries: Vec<usize>,
    /// Whether a body calls this method by name. Then the hidden method gets another name, so that the call is intercepted.
    pub(crate) rename: bool,
    /// The place where `retry(only = […])` names this method, or the method's own `retry`.
    pub(crate) retry_named_at: Option<Span>,
}

impl Chain {
    /// The chain of a method.
    pub(crate) fn of_method(names: &MethodNames, entries: Vec<usize>) -> Self {
        let MethodNames {
            name,
            rpc,
            is_derived,
            is_exact,
        } = names.clone();
        Self {
            name,
            rpc,
            is_derived,
            is_exact,
            entries,
            rename: false,
            retry_named_at: None,
        }
    }

    /// The chain of a pattern in the lists of a channel or a server. The pattern `*` stands for all other calls.
    pub(crate) fn of_pattern(pattern: &str, entries: Vec<usize>) -> Self {
        Self {
            name: pattern.to_owned(),
            rpc: pattern.to_owned(),
            is_derived: false,
            is_exact: true,
            entries,
            rename: false,
            retry_named_at: None,
        }
    }

    /// The first entry for which `is` returns true.
    pub(crate) fn first<'e>(
        &self,
        entries: &'e [Listed],
        is: impl Fn(&Listed) -> bool,
    ) -> Option<&'e Listed> {
        let mut covering = self.entries.iter().map(|&i| &entries[i]);
        covering.find(|listed| is(listed))
    }

    /// The last entry before `i` that verifies the caller.
    pub(crate) fn verifier_before(&self, entries: &[Listed], i: usize) -> Option<usize> {
        let before = self.entries.iter().copied().take_while(|&j| j != i);
        before.filter(|&j| entries[j].row.verifies).last()
    }

    /// Whether an entry before `i` finds the client's address.
    pub(crate) fn has_client_before(&self, entries: &[Listed], i: usize) -> bool {
        let mut before = self.entries.iter().take_while(|&&j| j != i);
        before.any(|&j| entries[j].row.finds_client)
    }
}
