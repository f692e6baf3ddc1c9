//! Which methods do without an entry, where the entry has lists of its own for that.

use syn::Ident;

use crate::item::methods::MethodRef;

/// Which methods do without a token.
#[derive(Default)]
pub(crate) struct Access {
    pub(crate) public: Vec<MethodRef>,
    /// All others, where the policy says of every method what it is.
    pub(crate) protected: Option<Protected>,
}

/// `protected = […]`
pub(crate) struct Protected {
    pub(crate) key: Ident,
    pub(crate) methods: Vec<MethodRef>,
}
