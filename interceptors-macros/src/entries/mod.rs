//! The entries of the attribute: a file and a line of [`TABLE`] for each.

use proc_macro2::TokenStream;

pub(crate) mod access;
pub(crate) mod chain;
pub(crate) mod elsewhere;
pub(crate) mod entry;
pub(crate) mod keywords;
pub(crate) mod list;
pub(crate) mod omissions;
pub(crate) mod parse;
mod plain;
pub(crate) mod reader;
pub(crate) mod row;
pub(crate) mod scope;
pub(crate) mod view;

mod auth;
mod authorize;
mod by;
mod catch_panic;
mod circuit_breaker;
mod client_ip;
mod concurrency;
mod deadline;
mod hedge;
mod load_shed;
mod logging;
mod metadata;
mod metrics;
mod path_entry;
mod payload;
mod payload_paths;
mod rate_limit;
mod rate_suggestions;
mod request_id;
mod retry;
mod throttle;
pub(crate) mod throttle_setting;
mod timeout;
mod trace;
mod validate;
mod with;

/// An entry: its row, and the function that reads it.
pub(crate) struct KnownEntry {
    pub(crate) row: &'static row::Row,
    pub(crate) read: fn(&reader::Reader<'_>, TokenStream) -> Option<entry::Listed>,
}

/// All entries, in the order in which messages and the documentation list them. Three other tables have the rest:
/// [`KEYWORDS`](keywords::KEYWORDS) and [`SELECTORS`](keywords::SELECTORS) are the other words of the list, and
/// [`ELSEWHERE`](elsewhere::ELSEWHERE) has names of other systems for which there is no entry.
pub(crate) static TABLE: &[KnownEntry] = &[
    known(&logging::ROW, logging::read),
    known(&auth::ROW, auth::read),
    known(&auth::CLIENT, auth::read),
    known(&authorize::ROW, authorize::read),
    known(&rate_limit::ROW, rate_limit::read),
    known(&retry::ROW, retry::read),
    known(&hedge::ROW, hedge::read),
    known(&metadata::ROW, metadata::read),
    row_only(&deadline::ROW),
    row_only(&validate::ROW),
    row_only(&timeout::ROW),
    row_only(&catch_panic::ROW),
    row_only(&concurrency::ROW),
    row_only(&load_shed::ROW),
    row_only(&circuit_breaker::ROW),
    row_only(&request_id::ROW),
    known(&client_ip::ROW, client_ip::read),
    known(&metrics::ROW, metrics::read),
    row_only(&trace::ROW),
    known(&payload::ROW, payload::read),
    known(&with::ROW, with::read),
];

const fn known(
    row: &'static row::Row,
    read: fn(&reader::Reader<'_>, TokenStream) -> Option<entry::Listed>,
) -> KnownEntry {
    KnownEntry { row, read }
}

/// An entry that needs no code besides its row.
const fn row_only(row: &'static row::Row) -> KnownEntry {
    known(row, plain::read)
}
