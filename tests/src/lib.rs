//! What the tests share: a server on loopback, a service that does as it is told, a client for all
//! four kinds of RPC, and interceptors that write down what they see.
#![allow(clippy::unwrap_used)] // helpers of tests

mod caller;
pub mod clients;
mod ends;
mod events;
pub mod flaky;
mod gate;
mod policy;
mod recorder;
mod server;
mod users;

pub use caller::{Caller, KINDS, Messages, Reply};
pub use ends::{Counted, Ended, Ends, Tally, WatchEnds};
pub use events::{Event, Events, Field, ask_each_time};
pub use gate::{Gate, Someone};
pub use policy::Policy;
pub use recorder::{Recorder, Steps};
pub use server::{Running, listen, serve, start};
pub use users::{Behaviour, Script, UserStream, busy};

#[doc(hidden)]
pub mod __private {
    pub use interceptors;
    pub use interceptors_proto::demo;
    pub use tonic;
}
