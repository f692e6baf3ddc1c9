//! The building blocks of this crate's interceptors, for interceptors of other crates. Not stable yet: a minor version may change it.
//! [`Facts`] and [`CutOff`] are for transports, which only this crate can mount so far.

pub use crate::core::abilities::{Abilities, Count, Resend};
pub use crate::core::call::DEFAULT_BUFFER_SIZE;
pub use crate::core::chain::watched;
pub use crate::core::client::ClientAddress;
pub use crate::core::facts::{CutOff, Facts};
pub use crate::core::id::RequestId;
pub use crate::core::kept::Kept;
pub use crate::core::layer::{Inner, Layer, Step};
pub use crate::core::messages::EachMessage;
pub use crate::core::name::{CallName, name_in};
pub use crate::core::received::{Reading, Received};
pub use crate::core::time::{
    InTurns, WithDeadline, current, exceeded, inherit, is_malformed, lately, scope, timeout_at,
};
pub use crate::kit::by_name::{By, ByName};
pub use crate::kit::code_names::{code_name, go_name, is_error};
pub use crate::kit::codes;
pub use crate::kit::cut_off::CUT_OFF_IS_OK;
pub use crate::kit::identity::{Identifies, Identity};
pub use crate::kit::key;
pub use crate::kit::pushback::{PREVIOUS_ATTEMPTS, Pushback, pushback};
pub use crate::kit::sources::sources;
pub use crate::kit::unsent::{ended_unsent, is_unsent};
