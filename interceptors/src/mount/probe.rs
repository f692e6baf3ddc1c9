//! Questions that generated code asks about types. The attribute sees their text only, and an alias may hide a type.

use std::marker::PhantomData;

use futures_core::Stream;
use tonic::{Request, Response, Status, Streaming};

use super::reply::{BoxStream, BoxedStream, Single, TonicStream};
use crate::core::abilities::{Count, Resend, SizeOf};
use crate::core::messages::counted;
use crate::core::plan::Entry;

/// Answers questions about a type whose text the attribute cannot read (an alias may hide it).
///
/// An inherent constant wins over one of a trait. So `Probe::<T>::CONST` is the inherent one
/// where `T` fits an inherent implementation, and the [`Otherwise`] one where it does not.
pub struct Probe<T>(PhantomData<fn(T)>);

pub trait Otherwise {
    /// The request is one message.
    const REQUEST_IS_STREAM: bool = false;
    /// The reply is one message.
    const REPLY: Single = Single;
}

impl<T> Otherwise for Probe<T> {}

/// Apart from [`Otherwise`], because its type depends on the message.
pub trait NoResend {
    type Message;
    const RESEND: Option<Resend<Self::Message>> = None;
    const COUNT: Option<Count<Self::Message>> = None;
    const SIZE_OF: Option<SizeOf<Self::Message>> = None;
}

impl<M> NoResend for Probe<Request<M>> {
    type Message = M;
}

impl<S: Stream> Probe<Request<S>> {
    pub const REQUEST_IS_STREAM: bool = true;
}

impl<M: Send + 'static> Probe<Request<Streaming<M>>> {
    pub const COUNT: Option<Count<Streaming<M>>> = Some(counted);
}

impl<M: Clone> Probe<Request<M>> {
    pub const RESEND: Option<Resend<M>> = Some(Resend {
        copy: copy::<M>,
        kept: None,
    });
}

/// Stands between a type and an earlier question. `BEFORE` is a constant whose body asks it.
///
/// Where that body does not compile, [`Same::Type`] is an error too, of which the compiler says nothing more: so one mistake is
/// one error, at the first method.
pub struct After<const BEFORE: usize>;

/// A type behind a constant.
pub type Guarded<const BEFORE: usize, T> = <After<BEFORE> as Same<T>>::Type;

/// The type of such a constant.
pub type Fit = usize;

/// What such a constant is, if its question compiles.
pub const fn fits<F>(question: F) -> Fit {
    std::mem::forget(question);
    0
}

/// Asks whether a type is an entry.
pub const fn is_entry<E: Entry>() {}

/// The type itself.
pub trait Same<T: ?Sized> {
    type Type: ?Sized;
}

impl<T: ?Sized> Same<T> for After<0> {
    type Type = T;
}

fn copy<M: Clone>(message: &mut M, _: usize) -> Option<M> {
    Some(message.clone())
}

impl<M> Probe<Result<Response<BoxStream<M>>, Status>> {
    pub const REPLY: BoxedStream = BoxedStream;
}

impl<M> Probe<Result<Response<Streaming<M>>, Status>> {
    pub const REPLY: TonicStream = TonicStream;
}
