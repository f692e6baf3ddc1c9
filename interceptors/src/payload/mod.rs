//! TODO

mod content;
mod interceptor;
mod messages;
mod steps;

#[doc(hidden)]
pub use content::Content;
pub use interceptor::{Config, Payload};
#[doc(hidden)]
pub use messages::*;
pub use steps::{Optional, Repeated};
