//! An issuer that responds as the test says.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::serve::Listener;
use interceptors_tests::ask_each_time;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_stream::{StreamExt, pending};

use crate::tokens::{Issuer as Signer, set};

/// The response to a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Says(u16, Vec<(&'static str, String)>, String),
    /// Never responds.
    Hangs,
    /// Sends the headers and one byte, and then nothing more.
    Drips,
    /// Sends half of the body and closes the connection.
    Breaks(String),
    /// Waits for a permit, and then gives this response.
    After(Arc<Semaphore>, Box<Answer>),
}

impl Answer {
    pub(crate) fn json(value: &Value) -> Self {
        Self::Says(200, vec![], value.to_string())
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Says(status, vec![], String::new())
    }

    pub(crate) fn redirect(status: u16, location: impl Into<String>) -> Self {
        Self::Says(status, vec![("location", location.into())], String::new())
    }

    pub(crate) fn keys(signers: &[&Signer]) -> Self {
        Self::json(&serde_json::to_value(set(signers)).unwrap())
    }

    /// Adds a header.
    pub(crate) fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Says(status, mut headers, body) => {
                headers.push((name, value.into()));
                Self::Says(status, headers, body)
            }
            other => other,
        }
    }

    /// Delays the response until there is a permit.
    pub(crate) fn after(self, permits: &Arc<Semaphore>) -> Self {
        Self::After(Arc::clone(permits), Box::new(self))
    }
}

/// A request that the issuer received.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// Clones share their state.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    told: Arc<Told>,
}

struct Told {
    answers: Mutex<HashMap<String, Answer>>,
    seen: watch::Sender<Vec<Seen>>,
}

impl Issuer {
    /// Serves with plain HTTP on a free port of loopback.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self::serve(listener, format!("http://{address}"))
    }

    pub(crate) fn serve<L: Listener<Addr = SocketAddr>>(listener: L, url: String) -> Self {
        ask_each_time();
        LazyLock::force(&METERS);
        let told = Arc::new(Told {
            answers: Mutex::default(),
            seen: watch::channel(vec![]).0,
        });
        let router = axum::Router::new().fallback(answer);
        let router = router.with_state(Arc::clone(&told));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, told }
    }

    pub(crate) fn answers(&self, path: &str, answer: Answer) {
        let mut answers = self.told.answers.lock().unwrap();
        answers.insert(path.to_owned(), answer);
    }

    /// Publishes its OpenID Connect discovery document.
    pub(crate) fn is_discovered(&self) {
        let known = json!({
            "issuer": self.url,
            "jwks_uri": format!("{}/jwks", self.url),
            "response_types_supported": ["code"],
        });
        self.answers("/.well-known/openid-configuration", Answer::json(&known));
    }

    pub(crate) fn jwks(&self) -> String {
        format!("{}/jwks", self.url)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.told.seen.borrow().clone()
    }

    /// The number of requests received for this path.
    pub(crate) fn count(&self, path: &str) -> usize {
        let seen = self.told.seen.borrow();
        seen.iter().filter(|it| it.path == path).count()
    }

    /// Waits until this many requests for the path were received.
    pub(crate) async fn asked(&self, path: &str, times: usize) {
        let mut seen = self.told.seen.subscribe();
        let count = |seen: &Vec<Seen>| seen.iter().filter(|it| it.path == path).count();
        let asked = seen.wait_for(|seen| count(seen) >= times);
        let asked = tokio::time::timeout(Duration::from_secs(20), asked).await;
        asked.expect("the issuer gets no request").unwrap();
    }
}

async fn answer(State(told): State<Arc<Told>>, request: Request) -> Result<Response, Infallible> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = head.uri.path().to_owned();
    let answer = told.answers.lock().unwrap().get(&path).cloned();
    told.seen.send_modify(|seen| {
        seen.push(Seen {
            method: head.method,
            path,
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        });
    });
    Ok(response(answer.unwrap_or_else(|| Answer::status(404))).await)
}

async fn response(answer: Answer) -> Response {
    let mut answer = answer;
    while let Answer::After(permits, then) = answer {
        permits.acquire().await.unwrap().forget();
        answer = *then;
    }
    let chunk = |text: &str| Ok::<_, std::io::Error>(Bytes::from(text.to_owned()));
    match answer {
        Answer::Says(status, headers, body) => {
            let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
        Answer::Hangs | Answer::After(..) => std::future::pending().await,
        Answer::Drips => {
            let first = tokio_stream::once(chunk("{"));
            Response::new(Body::from_stream(first.chain(pending())))
        }
        Answer::Breaks(body) => {
            let half = chunk(&body[..body.len() / 2]);
            let broken = Err(std::io::Error::other("as the test wants it"));
            Response::new(Body::from_stream(tokio_stream::iter([half, broken])))
        }
    }
}

/// Advances the clock, and lets tasks run.
pub(crate) async fn jump(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
    settle().await;
}

/// Lets all ready tasks run.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Waits until the condition holds.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            // Sockets need polls of the runtime, and other tests may use this core.
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    waited.expect("the condition does not become true");
}

/// OpenTelemetry has one global provider per process.
static METERS: LazyLock<(SdkMeterProvider, InMemoryMetricExporter)> = LazyLock::new(|| {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    opentelemetry::global::set_meter_provider(provider.clone());
    (provider, exporter)
});

/// The number of fetches with exactly these attributes, over all tests.
pub(crate) fn measured(attributes: &[(&str, &str)]) -> u64 {
    let (provider, exporter) = &*METERS;
    exporter.reset();
    provider.force_flush().unwrap();
    let mut wanted: Vec<_> = attributes.iter().map(|(k, v)| format!("{k}={v}")).collect();
    wanted.sort();
    let mut found = 0;
    for resource in exporter.get_finished_metrics().unwrap() {
        for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
            let AggregatedMetrics::U64(MetricData::Sum(sum)) = metric.data() else {
                continue;
            };
            assert_eq!(metric.name(), "interceptors.auth.fetches");
            for point in sum.data_points() {
                let shown = point
                    .attributes()
                    .map(|it| format!("{}={}", it.key, it.value));
                let mut shown: Vec<_> = shown.collect();
                shown.sort();
                if shown == wanted {
                    found = point.value();
                }
            }
        }
    }
    found
}
