use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::super::end::{Outcome, StreamEnd};
use super::super::name::CallName;
use super::super::received::RequestMessages;
use super::super::time::exceeded;
use super::{Erased, Inner, Layers, Step};

/// A stream that is being read may end by itself this long after its deadline.
const GRACE: Duration = Duration::from_secs(1);

/// The layers of a response stream with a deadline. They get the end in time even if nothing reads the stream.
///
/// The transport does not poll a stream that nobody reads, so the stream cannot end by itself. Without these
/// layers, a client that stops reading would hold a permit of a limiter forever.
pub(crate) struct Unread {
    shared: Arc<Shared>,
    timer: AbortHandle,
    is_around: bool,
}

/// State that the stream shares with its timer.
pub(crate) struct Shared {
    watched: Mutex<Watched>,
    messages: AtomicU64,
}

/// The layers stay here after the end: a stream that is read late is still polled through them.
struct Watched {
    layers: Layers,
    is_told: bool,
}

impl Watched {
    fn tell(&mut self, end: &StreamEnd<'_>) {
        if !std::mem::replace(&mut self.is_told, true) {
            self.layers.end(end);
        }
    }
}

impl Shared {
    fn new(layers: Layers) -> Self {
        Self {
            watched: Mutex::new(Watched {
                layers,
                is_told: false,
            }),
            messages: AtomicU64::new(0),
        }
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` while the stream is polled. A poll may take long, and the timer must not block its thread.
    fn watched_now(&self) -> Option<MutexGuard<'_, Watched>> {
        match self.watched.try_lock() {
            Ok(watched) => Some(watched),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    pub(crate) fn counted(&self, messages: u64) {
        self.messages.store(messages, Ordering::Relaxed);
    }
}

/// Ends the layers a second after `at`. If the stream is being polled then, the timer tries again a second later.
///
/// Outside of a tokio runtime, as in some tests, there is no timer.
pub(crate) fn until(
    at: Instant,
    name: CallName,
    request_messages: RequestMessages,
    attempts: u32,
    layers: Layers,
) -> (Layers, Option<Arc<Shared>>) {
    let (Ok(runtime), Some(mut at)) = (Handle::try_current(), at.checked_add(GRACE)) else {
        return (layers, None);
    };
    let is_around = layers.is_around();
    let shared = Arc::new(Shared::new(layers));
    let seen = Arc::clone(&shared);
    let timer = runtime.spawn(async move {
        loop {
            sleep_until(at).await;
            if let Some(watched) = seen.watched_now() {
                let status = exceeded();
                let end = StreamEnd {
                    name: &name,
                    outcome: Outcome::Error,
                    status: Some(&status),
                    messages: seen.messages.load(Ordering::Relaxed),
                    request_messages,
                    attempts,
                    sent: true,
                };
                tell_in_time(watched, is_around, &end);
                return;
            }
            // The stream is being read after all and will end by itself. If it does not, the next try ends the layers.
            at = Instant::now() + GRACE;
        }
    });
    let unread = Unread {
        shared: Arc::clone(&shared),
        timer: timer.abort_handle(),
        is_around,
    };
    (Layers::of(Box::new(unread)), Some(shared))
}

/// Reports the end to the layers. If no layer wraps polls, the stream does not need the layers any more, so observers
/// run without the lock.
fn tell_in_time(mut watched: MutexGuard<'_, Watched>, is_around: bool, end: &StreamEnd<'_>) {
    if is_around {
        watched.tell(end);
        return;
    }
    let is_told = std::mem::replace(&mut watched.is_told, true);
    let mut layers = std::mem::take(&mut watched.layers);
    drop(watched);
    if !is_told {
        layers.end(end);
    }
}

impl Erased for Unread {
    fn is_around(&self) -> bool {
        self.is_around
    }

    fn wants_end(&self) -> bool {
        true
    }

    fn poll(&mut self, call: &CallName, cx: &mut Context<'_>, inner: &mut Inner<'_>) -> Poll<Step> {
        self.shared.watched().layers.poll(call, cx, inner)
    }

    fn end(&mut self, end: &StreamEnd<'_>) {
        self.shared.watched().tell(end);
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.timer.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::time::advance;

    use super::super::tests::{InForce, in_force, name, told};
    use super::*;

    fn poll_once(layers: &mut Layers, name: &CallName) -> &'static str {
        let mut seen = "not polled";
        let mut cx = Context::from_waker(Waker::noop());
        let polled = layers.poll(name, &mut cx, &mut |_| {
            seen = in_force();
            Poll::Ready(Step::Message)
        });
        assert!(matches!(polled, Poll::Ready(Step::Message)));
        seen
    }

    fn limited(layers: Layers) -> (Layers, Arc<Shared>) {
        let (layers, shared) = until(Instant::now(), name(), RequestMessages::One, 1, layers);
        (layers, shared.expect("there is a runtime"))
    }

    #[tokio::test(start_paused = true)]
    async fn stream_read_after_its_end_is_polled_within_its_layers() {
        let (name, said) = (name(), Arc::default());
        let mut layers = Layers::default();
        layers.push(told(&said, "observer"), Instant::now);
        layers.push(InForce, Instant::now);
        let (mut layers, _shared) = limited(layers);
        tokio::task::yield_now().await;
        advance(2 * GRACE).await;
        tokio::task::yield_now().await;
        assert_eq!(*said.lock().unwrap(), [("observer", "it")]);
        assert_eq!(poll_once(&mut layers, &name), "it");
        drop(layers);
        assert_eq!(said.lock().unwrap().len(), 1, "observers get the end once");
    }

    #[tokio::test]
    async fn layers_that_ignore_the_end_spawn_no_task() {
        struct Around;
        impl super::super::Layer for Around {
            fn wants_end(&self) -> bool {
                false
            }
        }
        let tasks = || Handle::current().metrics().num_alive_tasks();
        let tail = |layers| {
            let tail = super::super::Tail::new(&name(), RequestMessages::One, 1, layers);
            tail.until(Some(Instant::now() + GRACE))
        };
        let mut layers = Layers::default();
        layers.push(Around, Instant::now);
        let _without = tail(layers);
        assert_eq!(tasks(), 0);
        let mut layers = Layers::default();
        layers.push(told(&Arc::default(), "observer"), Instant::now);
        layers.push(Around, Instant::now);
        let _with = tail(layers);
        assert_eq!(tasks(), 1);
    }

    #[test]
    fn timer_does_not_block_on_a_long_poll() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let said = Arc::default();
        let mut layers = Layers::default();
        layers.push(told(&said, "observer"), Instant::now);
        let (_layers, shared) = runtime.block_on(async { limited(layers) });
        let pass = async {
            tokio::task::yield_now().await;
            advance(2 * GRACE).await;
            tokio::task::yield_now().await;
        };
        let polled = shared.watched();
        // A timer that waits for the lock would block this thread.
        runtime.block_on(pass);
        assert_eq!(said.lock().unwrap().len(), 0);
        drop(polled);
        runtime.block_on(advance(2 * GRACE));
        runtime.block_on(tokio::task::yield_now());
        assert_eq!(said.lock().unwrap().len(), 1);
    }
}
