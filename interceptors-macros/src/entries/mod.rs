//! The entries of the attribute.

pub(crate) mod args;
pub(crate) mod limits;
pub(crate) mod parse;
pub(crate) mod payload;
