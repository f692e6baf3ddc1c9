use syn::Ident;

use crate::item::methods::Selector;

/// What an entry sees of the methods when it checks them.
pub(crate) struct View<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) methods: &'a Selector,
    /// Whether the entry is listed on a method, and not on the block.
    pub(crate) is_of_method: bool,
    /// The methods that the entry covers.
    pub(crate) covered: Vec<Covered<'a>>,
}

pub(crate) struct Covered<'a> {
    pub(crate) name: &'a str,
    /// Whether an earlier entry verifies the caller.
    pub(crate) is_verified: bool,
    /// Whether an earlier entry finds the client's address.
    pub(crate) has_client: bool,
    /// Whether the method is public and no entry verifies its caller.
    pub(crate) is_public: bool,
}

/// `login, flaky`. On a channel or a server: `"/user.v1.UserService/Login", "GET /healthz"`.
pub(crate) fn as_list(names: &[&str]) -> String {
    let written = |name: &&str| match name.contains('/') {
        true => format!("\"{name}\""),
        false => (*name).to_owned(),
    };
    let names: Vec<String> = names.iter().map(written).collect();
    names.join(", ")
}
