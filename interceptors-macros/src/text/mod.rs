//! Reads tokens and values. Nothing here knows the entries or the annotated item.

pub(crate) mod args;
pub(crate) mod attributes;
pub(crate) mod config;
pub(crate) mod half_typed;
pub(crate) mod literals;
pub(crate) mod metadata;
pub(crate) mod network;
pub(crate) mod settings;
pub(crate) mod source;
pub(crate) mod span;
pub(crate) mod suggestions;
pub(crate) mod summary;
pub(crate) mod tokens;
pub(crate) mod values;
pub(crate) mod words;
