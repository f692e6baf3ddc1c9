use std::future::Future;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

/// Sends the result to the waiting calls.
pub(super) type ResultSender<T> = watch::Sender<Option<T>>;

/// Work that runs once and that many calls wait for.
///
/// It runs in its own task. In the task of the first call it would share that call's deadline, cancellation and trace,
/// and could get stuck in a runtime on which others wait.
pub(super) struct Flight<T> {
    answer: watch::Receiver<Option<T>>,
    /// The latest possible end. Without it, work in a stopped runtime would never end.
    over: Option<Instant>,
    task: AbortHandle,
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// Begins work that ends by `over`. `None` if there is no runtime.
    pub(super) fn begin<F>(
        over: Option<Instant>,
        work: impl FnOnce(ResultSender<T>) -> F,
    ) -> Option<Self>
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

    /// Whether the work may still end. It is lost if its runtime is dropped.
    pub(super) fn is_running(&self, now: Instant) -> bool {
        self.answer.has_changed().is_ok() && self.over.is_none_or(|over| now < over)
    }

    /// Stops the work, because nothing needs it any more.
    pub(super) fn stop(&self) {
        self.task.abort();
    }

    /// The result. `None` if the task was lost.
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
