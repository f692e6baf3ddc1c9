//! What a call is and how it runs. Nothing here knows an interceptor or a transport.
//!
//! A module may use those that come before it in this order, and none that comes after it:
//! text, either, malformed, fitted, secrets, kind, id, client, plan, name, time, facts, received, end, layer, abilities, kept, messages,
//! details, call, frame, chain, behind, stream.

pub(crate) mod abilities;
#[allow(missing_docs)]
pub(crate) mod behind;
pub(crate) mod call;
pub(crate) mod chain;
pub(crate) mod client;
pub(crate) mod details;
pub(crate) mod either;
pub(crate) mod end;
pub(crate) mod facts;
pub(crate) mod fitted;
#[allow(missing_docs)]
pub(crate) mod frame;
pub(crate) mod id;
pub(crate) mod kept;
pub(crate) mod kind;
pub(crate) mod layer;
pub(crate) mod malformed;
pub(crate) mod messages;
pub(crate) mod name;
pub(crate) mod plan;
pub(crate) mod received;
pub(crate) mod secrets;
pub(crate) mod stream;
pub(crate) mod text;
pub(crate) mod time;
