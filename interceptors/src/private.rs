//! Everything that generated code may name. Not a stable interface.
//!
//! The rooms of the interceptors come with the crate's own public modules.

pub use tonic;

#[cfg(feature = "client")]
pub use crate::client::__private::*;
pub use crate::core::abilities::{Abilities, Count, Resend, SizeOf};
pub use crate::core::behind::{Behind, Border, Looking, kept_in_frame, look};
pub use crate::core::call::Call;
pub use crate::core::chain::{Anew, Chain, Interceptor, Next};
pub use crate::core::details::has_passed;
pub use crate::core::frame::{Frame, Look, Looks, Opaque, OpaqueAnswer, OpaqueReply, Seen, Way};
pub use crate::core::kind::{Kind, Side};
pub use crate::core::plan::{
    EntryPlan, Intercepted, MethodPlan, Name, Plan, PolicyId, Setting, Value,
};
pub use crate::core::stream::ResponseStream;
pub use crate::core::text::same;
pub use crate::mount::descriptors::{Lists, Methods, Named, Size, are_verified, meet, rows};
pub use crate::mount::frame::{
    EachLook, Edge, Held, Home, Innermost, Lent, LooksOf, MethodFrame, NoLooks, Staged, run_rest,
};
pub use crate::mount::link::{DoesNotFit, Fits, Lets, Link, Uncovered, evaluate_now};
pub use crate::mount::once::{KeepsPath, Once, evaluate_once, evaluate_path, path_value};
pub use crate::mount::path::{join_path, path_len};
pub use crate::mount::policy::{
    Asked, Blind, Lends, LooksAtMessages, Policy, Typed, Verdict, asked, asked_value, is_blind,
};
pub use crate::mount::probe::{Fit, Guarded, NoResend, Otherwise, Probe, fits, is_entry};
pub use crate::mount::reply::{
    AssociatedStream, BoxedStream, Reply, RequestType, ResultType, Single, TonicStream, is_reply,
    reply_is_stream,
};
pub use crate::mount::rpc::{Handler, Rpc, share};
pub use crate::mount::through::PolicyOf;
#[cfg(feature = "server")]
pub use crate::server::{GeneratedServer, ModuleMethod, ServerChain, ServicePolicy, take_in};
#[cfg(feature = "_wire")]
pub use crate::wire::{Selected, WireRpc};
#[doc(no_inline)]
pub use crate::*;
pub use crate::{__kind as kind, __path as path, __rpc as rpc};
