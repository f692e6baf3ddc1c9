//! The deadline of a call and of its streams, and its timers.

mod bounds;
mod deadline;
mod timer;
mod turn;
mod wire;

pub use bounds::exceeded;
pub(crate) use bounds::{Bounds, Limit};
pub(crate) use deadline::{Deadline, Inherited, enter, may_be_inherited};
pub use deadline::{WithDeadline, current, inherit, scope};
pub use timer::timeout_at;
pub use turn::{InTurns, lately};
pub(crate) use turn::{forget, now};
pub use wire::is_malformed;
pub(crate) use wire::{GRPC_TIMEOUT, format_timeout};
