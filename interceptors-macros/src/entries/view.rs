use syn::Ident;

use crate::item::methods::Selector;

/// The methods of a block, as one of its entries sees them.
pub(crate) struct View<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) methods: &'a Selector,
    /// It is listed on a method, not on the block.
    pub(crate) is_of_method: bool,
    /// The methods that it covers.
    pub(crate) covered: Vec<Covered<'a>>,
}

pub(crate) struct Covered<'a> {
    pub(crate) name: &'a str,
    /// Somebody has been verified when a call gets to the entry.
    pub(crate) is_verified: bool,
    /// It is known where the call comes from when it gets to the entry.
    pub(crate) has_client: bool,
    /// The block leaves the method open, and nobody is verified at all.
    pub(crate) is_public: bool,
}

/// `login, flaky`, or as a channel and a server have it: `"/user.v1.UserService/Login", "GET /healthz"`
pub(crate) fn as_list(names: &[&str]) -> String {
    let written = |name: &&str| match name.contains('/') {
        true => format!("\"{name}\""),
        false => (*name).to_owned(),
    };
    let names: Vec<String> = names.iter().map(written).collect();
    names.join(", ")
}
