//! Checks of types for generated code. The attribute sees only the text of a type, and an alias may hide the type.

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

/// Not in [`Otherwise`], because its type depends on the message.
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

/// Makes a type depend on an earlier check. `BEFORE` is a constant whose body is the check.
///
/// If that body does not compile, [`Same::Type`] is an error too, which the compiler does not report again. So one
/// mistake is one error, at the first method.
pub struct After<const BEFORE: usize>;

/// A type that depends on a constant.
pub type Guarded<const BEFORE: usize, T> = <After<BEFORE> as Same<T>>::Type;

/// The type of the constant.
pub type Fit = usize;

/// The value of the constant, if its check compiles.
pub const fn fits<F>(question: F) -> Fit {
    std::mem::forget(question);
    0
}

/// Checks whether a type is an entry.
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
