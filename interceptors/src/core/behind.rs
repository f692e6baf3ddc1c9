//! The links of a policy's blind part that use the frame.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::Instant;
use tonic::Status;

use super::abilities::KeptRequest;
use super::call::Call;
use super::chain::Next;
use super::details::Part;
use super::frame::{Frame, Look, Opaque, OpaqueAnswer, OpaqueReply, Started, Way};
use super::kind::Side;
use super::time::enter;

/// The request in the frame, if it is more than a single message.
pub fn kept_in_frame<Req, Res>(next: &mut impl Next<Req, Res>) -> Option<&mut dyn KeptRequest> {
    next.frame()?.request()
}

/// The innermost link of the blind part.
#[allow(missing_debug_implementations)]
pub struct Behind<'a>(&'a mut (dyn Frame + 'a));

impl<'a> Behind<'a> {
    pub fn new(frame: &'a mut (dyn Frame + 'a)) -> Self {
        Self(frame)
    }
}

#[diagnostic::do_not_recommend]
impl Next<Opaque, OpaqueReply> for Behind<'_> {
    fn run(&mut self, call: &mut Call<Opaque>) -> impl Future<Output = OpaqueAnswer> + Send {
        Attempt {
            frame: &mut *self.0,
            call,
            state: State::New,
        }
    }

    fn frame(&mut self) -> Option<&mut (dyn Frame + '_)> {
        Some(&mut *self.0)
    }
}

enum State {
    New,
    Running,
    /// The handler runs, and its own calls inherit the deadline.
    Inherited,
    Done,
}

struct Attempt<'s, 'f, 'c> {
    frame: &'s mut (dyn Frame + 'f),
    call: &'c mut Call<Opaque>,
    state: State,
}

impl Attempt<'_, '_, '_> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn begin(&mut self) -> Result<State, Status> {
        let mut is_inherited = false;
        if self.call.side() == Side::Server {
            is_inherited = self.call.inheritable_deadline().is_some();
            self.call.notice_cut_off();
        }
        Ok(match self.frame.begin(self.call)? {
            Started::Handler if is_inherited => State::Inherited,
            _ => State::Running,
        })
    }

    /// The deadline that the handler's calls inherit. Nothing changes it meanwhile, so it stays in the call.
    #[cold]
    fn inherited(&self) -> Option<Instant> {
        self.call.known_deadline()
    }
}

impl Future for Attempt<'_, '_, '_> {
    type Output = OpaqueAnswer;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<OpaqueAnswer> {
        let this = &mut *self;
        if let State::New = this.state {
            this.state = State::Done;
            this.state = this.begin()?;
        }
        let _inherited = match this.state {
            State::Inherited => this.inherited().map(enter),
            _ => None,
        };
        let polled = this.frame.poll(this.call, Some(cx));
        if polled.is_ready() {
            this.state = State::Done;
        }
        polled
    }
}

impl Drop for Attempt<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        if let State::Running | State::Inherited = self.state {
            let _ = self.frame.poll(self.call, None);
        }
    }
}

/// The border between entries that run before decoding and those that run after it. A call that is not decoded yet
/// skips the entries after it.
#[derive(Debug)]
pub struct Border<N>(N);

impl<N> Border<N> {
    pub const fn new(next: N) -> Self {
        Self(next)
    }
}

#[diagnostic::do_not_recommend]
impl<N: Next<Opaque, OpaqueReply>> Next<Opaque, OpaqueReply> for Border<N> {
    async fn run(&mut self, call: &mut Call<Opaque>) -> OpaqueAnswer {
        match (call.part(), self.0.frame()) {
            (Part::BeforeDecoding, Some(frame)) => Behind::new(frame).run(call).await,
            _ => self.0.run(call).await,
        }
    }

    fn frame(&mut self) -> Option<&mut (dyn Frame + '_)> {
        self.0.frame()
    }
}

/// An entry that looks at messages, as a link of the blind part.
#[derive(Debug)]
pub struct Looking<N> {
    entry: usize,
    next: N,
}

impl<N> Looking<N> {
    pub const fn new(entry: usize, next: N) -> Self {
        Self { entry, next }
    }
}

#[diagnostic::do_not_recommend]
impl<N: Next<Opaque, OpaqueReply>> Next<Opaque, OpaqueReply> for Looking<N> {
    async fn run(&mut self, call: &mut Call<Opaque>) -> OpaqueAnswer {
        look(self.entry, call, &mut self.next, Way::In, &mut ())?;
        let response = self.next.run(call).await?;
        look(self.entry, call, &mut self.next, Way::Out, &mut ())?;
        Ok(response)
    }

    fn frame(&mut self) -> Option<&mut (dyn Frame + '_)> {
        self.next.frame()
    }
}

/// Lets an entry look at the message, if a frame holds it.
pub fn look<Res>(
    entry: usize,
    call: &mut Call<Opaque>,
    next: &mut impl Next<Opaque, Res>,
    at: Way,
    taken: &mut dyn Any,
) -> Result<(), Status> {
    match next.frame() {
        Some(frame) => frame.look(entry, Look { call, at, taken }),
        None => Ok(()),
    }
}
