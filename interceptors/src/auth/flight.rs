use std::future::Future;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

/// Where the answer goes.
pub(super) type Tell<T> = watch::Sender<Option<T>>;

/// Something that many calls wait for, and that is done once.
///
/// It is a task of its own. In the task of the call that needs it first it would have only the time that this call has,
/// end with it, and be a part of its trace; and be stuck in a runtime that others wait for.
pub(super) struct Flight<T> {
    answer: watch::Receiver<Option<T>>,
    /// When it has ended at the latest. One whose runtime does not run any more ends never.
    over: Option<Instant>,
    task: AbortHandle,
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// What is done will have ended by `over`; `None` where there is no runtime.
    pub(super) fn begin<F>(over: Option<Instant>, work: impl FnOnce(Tell<T>) -> F) -> Option<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let runtime = Handle::try_current().ok()?;
        let (tell, answer) = watch::channel(None);
        Some(Self {
            answer,
            over,
            task: runtime.spawn(work(tell)).abort_handle(),
        })
    }

    /// Whether it may still end. A runtime that is dropped takes it along.
    pub(super) fn is_running(&self, now: Instant) -> bool {
        self.answer.has_changed().is_ok() && self.over.is_none_or(|over| now < over)
    }

    /// Nobody needs it any more.
    pub(super) fn stop(&self) {
        self.task.abort();
    }

    /// The answer; `None` where the task is gone without one.
    pub(super) fn wait(&self) -> impl Future<Output = Option<T>> + Send + use<T> {
        let mut answer = self.answer.clone();
        let over = self.over;
        async move {
            let answered = answer.wait_for(Option::is_some);
            let answered = match over {
                Some(over) => timeout_at(over, answered).await.ok()?,
                None => answered.await,
            };
            answered.ok()?.clone()
        }
    }
}
