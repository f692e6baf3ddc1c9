use std::future::Future;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use interceptors::ext::{CallName, Inner, Layer, Step, watched};
use interceptors::{Call, End, Interceptor, Next, Outcome};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Caller, Ended, Ends, Events, Script, WatchEnds, scripted, serve};
use interceptors_tests_outside::{CatchPanic, IdOfCall, StreamGaps};
use tonic::service::Routes;
use tonic::{Code, Response, Status};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;

/// Captures the events of this thread. Each test calls this, because tracing caches listeners for the whole process.
pub(crate) fn listen() -> (Events, DefaultGuard) {
    Events::listen(LevelFilter::INFO)
}

/// Panics at the place that the metadata `x-panic` names.
#[derive(Clone)]
pub(crate) struct Meddler;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Meddler {
    fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
        let place = call.metadata().get("x-panic").cloned();
        let is_at = move |here: &str| place.as_ref().is_some_and(|place| place == here);
        if is_at("early") {
            panic!("before there is a future");
        }
        async move {
            if is_at("before") {
                panic!("on the way in");
            }
            let answer = match is_at("observer") {
                true => next.observe(call, |_: &End<'_>| panic!("observer")).await,
                false => next.run(call).await,
            };
            if is_at("after") {
                panic!("on the way out");
            }
            answer
        }
    }
}

/// Records the current ID: before the handler, in each poll of the response stream, and at the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct See(Arc<Mutex<Vec<Seen>>>);

/// The place and the ID.
type Seen = (&'static str, Option<String>);

impl See {
    pub(crate) fn see(&self, place: &'static str) {
        let id = IdOfCall::current().map(|id| id.to_string());
        self.0.lock().unwrap().push((place, id));
    }

    /// The records since the last call: the places in order, and the IDs without repetitions.
    pub(crate) fn take(&self) -> (Vec<&'static str>, Vec<Option<String>>) {
        let seen = std::mem::take(&mut *self.0.lock().unwrap());
        let (places, mut ids): (Vec<_>, Vec<_>) = seen.into_iter().unzip();
        ids.dedup();
        (places, ids)
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for See {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.see("in");
        watched(next, call, Seeing(self.clone())).await
    }
}

struct Seeing(See);

impl Layer for Seeing {
    fn poll(&mut self, _: &CallName, cx: &mut Context<'_>, inner: &mut Inner<'_>) -> Poll<Step> {
        self.0.see("poll");
        inner(cx)
    }

    fn end(&mut self, _: &End<'_>) {
        self.0.see("end");
    }
}

/// A service with all three interceptors.
#[derive(Clone)]
pub(crate) struct All {
    pub(crate) script: Script,
    ends: WatchEnds,
    see: See,
}

scripted!(self: All, #[intercept(
    with(self.ends.named("outer")),
    with(CatchPanic),
    with(IdOfCall::new()),
    with(StreamGaps::new()),
    with(self.ends.named("inner")),
    with(self.see),
    with(Meddler),
)]);

pub(crate) struct Served {
    pub(crate) caller: Caller,
    pub(crate) ends: Ends,
    pub(crate) see: See,
    pub(crate) script: Script,
}

impl All {
    pub(crate) async fn serve() -> Served {
        let (watch, ends) = Ends::new();
        let service = Self {
            script: Script::default(),
            ends: watch,
            see: See::default(),
        };
        let (see, script) = (service.see.clone(), service.script.clone());
        let channel = serve(Routes::new(UserServiceServer::new(service))).await;
        Served {
            caller: Caller::new(&channel),
            ends,
            see,
            script,
        }
    }
}

pub(crate) fn how(end: &Ended) -> (&'static str, Outcome, Code, u64) {
    (end.observer, end.outcome, end.code, end.messages)
}
