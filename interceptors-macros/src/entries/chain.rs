use proc_macro2::Span;

use super::entry::Listed;

/// What a call of one method goes through.
pub(crate) struct Chain {
    /// The method's name in Rust; the path, or `*`, for a channel.
    pub(crate) name: String,
    pub(crate) rpc: String,
    /// The RPC's name comes from Rust's alone.
    pub(crate) is_derived: bool,
    /// No other spelling of the RPC's name is this method's.
    pub(crate) is_exact: bool,
    /// Indices of entries, outermost first.
    pub(crate) entries: Vec<usize>,
    /// The method's name is also called in a body, so the hidden one needs another.
    pub(crate) rename: bool,
    /// Where `retry(only = […])` names this method, or its own `retry` stands.
    pub(crate) retry_named_at: Option<Span>,
}

impl Chain {
    /// The first entry that needs something of the method.
    pub(crate) fn first<'e>(
        &self,
        entries: &'e [Listed],
        is: impl Fn(&Listed) -> bool,
    ) -> Option<&'e Listed> {
        let mut covering = self.entries.iter().map(|&i| &entries[i]);
        covering.find(|listed| is(listed))
    }

    /// The entry that tells who calls, for the one at `i`.
    pub(crate) fn verifier_before(&self, entries: &[Listed], i: usize) -> Option<usize> {
        let before = self.entries.iter().copied().take_while(|&j| j != i);
        before.filter(|&j| entries[j].row.verifies).last()
    }

    /// Whether an entry before the one at `i` tells where a call comes from.
    pub(crate) fn has_client_before(&self, entries: &[Listed], i: usize) -> bool {
        let mut before = self.entries.iter().take_while(|&&j| j != i);
        before.any(|&j| entries[j].row.finds_client)
    }
}
