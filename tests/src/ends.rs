use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use interceptors::{Call, End, Interceptor, Kind, Next, Outcome};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::{Code, Response, Status};

/// How an observer was told that a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Which observer.
    pub observer: &'static str,
    /// [`End::path`]
    pub path: String,
    /// [`End::kind`]
    pub kind: Kind,
    /// [`End::outcome`]
    pub outcome: Outcome,
    /// [`End::code`]
    pub code: Code,
    /// [`End::messages`]
    pub messages: u64,
}

/// The ends that observers were told, in order.
#[derive(Debug)]
pub struct Ends(UnboundedReceiver<Ended>);

impl Ends {
    /// An observing interceptor, and what it is told.
    pub fn new() -> (WatchEnds, Self) {
        let (sender, receiver) = unbounded_channel();
        let watch = WatchEnds {
            name: "",
            ends: sender,
        };
        (watch, Self(receiver))
    }

    /// Waits for the next end.
    pub async fn next(&mut self) -> Ended {
        // Never waited for where the promise holds; without it a broken promise would hang.
        let end = tokio::time::timeout(Duration::from_secs(20), self.0.recv()).await;
        end.expect("an observer is not told").expect("an observer")
    }

    /// Those left when nobody can be told any more: when the service is gone.
    pub async fn rest(mut self) -> Vec<Ended> {
        let mut rest = Vec::new();
        while let Some(end) = self.0.recv().await {
            rest.push(end);
        }
        rest
    }
}

/// Observes calls.
#[derive(Debug, Clone)]
pub struct WatchEnds {
    name: &'static str,
    ends: UnboundedSender<Ended>,
}

impl WatchEnds {
    /// The same, under another name.
    #[must_use]
    pub fn named(&self, name: &'static str) -> Self {
        Self {
            name,
            ends: self.ends.clone(),
        }
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for WatchEnds {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let Self { name, ends } = self.clone();
        next.observe(call, move |end: &End<'_>| {
            // A test may be over before its last call.
            let _ = ends.send(Ended {
                observer: name,
                path: end.path().to_owned(),
                kind: end.kind(),
                outcome: end.outcome(),
                code: end.code(),
                messages: end.messages(),
            });
        })
        .await
    }
}

/// Counts the calls that begin and those that end.
#[derive(Debug, Default)]
pub struct Tally {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Tally {
    /// How many calls have begun.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// How many ends were observed.
    pub fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }
}

/// An interceptor that counts.
#[derive(Debug, Clone, Default)]
pub struct Counted(pub Arc<Tally>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Counted {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        let tally = Arc::clone(&self.0);
        let count = move |_: &End<'_>| {
            tally.ended.fetch_add(1, Ordering::Relaxed);
        };
        next.observe(call, count).await
    }
}
