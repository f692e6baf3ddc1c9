//! The lists `public` and `protected` of `auth`.

use syn::Ident;

use crate::item::methods::MethodRef;

/// Which methods need no token.
#[derive(Default)]
pub(crate) struct Access {
    pub(crate) public: Vec<MethodRef>,
    /// If given, each method has to be in one of the two lists.
    pub(crate) protected: Option<Protected>,
}

/// `protected = […]`
pub(crate) struct Protected {
    pub(crate) key: Ident,
    pub(crate) methods: Vec<MethodRef>,
}
