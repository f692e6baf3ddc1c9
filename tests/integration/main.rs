//! What the library does, over real connections.

mod auth;
mod end;
mod order;
