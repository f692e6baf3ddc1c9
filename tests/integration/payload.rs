//! Which parts of messages are logged.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use interceptors::auth::Verifier;
use interceptors::{CallDetails, Intercepted as _, intercept};
use interceptors_tests::{Event, Events, Field, ask_each_time, serve};
use tokio_stream::{Stream, StreamExt};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

#[allow(
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    dead_code,
    clippy::all
)]
mod plain {
    include!(concat!(env!("OUT_DIR"), "/payments/plain/payments.v1.rs"));
}

macro_rules! clients {
    ($($name:ident),*) => {$(
        #[allow(
            missing_docs,
            unused_imports,
            unused_qualifications,
            unreachable_pub,
            dead_code,
            clippy::all
        )]
        mod $name {
            include!(concat!(env!("OUT_DIR"), "/payments/", stringify!($name), "/payments.v1.rs"));
            pub(crate) use payments_client::PaymentsClient;
        }
    )*};
}

clients!(redacted, shown, retried, attempts);

use plain::payments_client::PaymentsClient;
use plain::payments_server::{Payments, PaymentsServer};
use plain::{Card, Item, PayRequest, Receipt};

type Receipts = std::pin::Pin<Box<dyn Stream<Item = Result<Receipt, Status>> + Send>>;

/// Texts that must not be logged.
const SECRETS: [&str; 6] = [
    "hunter2-password",
    "4111-number",
    "nested-secret",
    "5500-number",
    "mapped-secret",
    "issued-token",
];

fn card(number: &str) -> Card {
    Card {
        number: number.to_owned(),
        holder: "Ann".to_owned(),
    }
}

fn request(id: u64) -> PayRequest {
    let item = |secret: &str, cards: Vec<Card>| Item {
        name: "book".to_owned(),
        secret: secret.to_owned(),
        cards,
    };
    PayRequest {
        id,
        password: SECRETS[0].to_owned(),
        card: Some(card(SECRETS[1])),
        items: vec![
            item(SECRETS[2], vec![card(SECRETS[3])]),
            item(SECRETS[2], Vec::new()),
        ],
        extras: HashMap::from([("gift".to_owned(), item(SECRETS[4], Vec::new()))]),
        note: "for you".to_owned(),
    }
}

fn receipt(id: u64) -> Receipt {
    Receipt {
        id,
        token: SECRETS[5].to_owned(),
    }
}

/// Answers with receipts, and keeps the requests that its handlers get.
#[derive(Clone, Default)]
struct Till {
    seen: Arc<Mutex<Vec<PayRequest>>>,
}

impl Till {
    fn receive(&self, request: PayRequest) -> Receipt {
        let id = request.id;
        self.seen.lock().unwrap().push(request);
        receipt(id)
    }

    async fn all(&self, mut requests: Streaming<PayRequest>) -> Result<Vec<Receipt>, Status> {
        let mut receipts = Vec::new();
        while let Some(request) = requests.next().await {
            receipts.push(self.receive(request?));
        }
        Ok(receipts)
    }

    fn stream(receipts: impl IntoIterator<Item = Receipt>) -> Receipts {
        let receipts: Vec<_> = receipts.into_iter().map(Ok).collect();
        Box::pin(tokio_stream::iter(receipts))
    }
}

macro_rules! till {
    ($name:ident, $($attribute:tt)*) => {
        #[derive(Clone, Default)]
        struct $name(Till);

        #[intercept($($attribute)*)]
        #[tonic::async_trait]
        impl Payments for $name {
            type ListStream = Receipts;
            type FollowStream = Receipts;

            async fn pay(&self, request: Request<PayRequest>) -> Result<Response<Receipt>, Status> {
                Ok(Response::new(self.0.receive(request.into_inner())))
            }

            async fn pay_all(
                &self,
                request: Request<Streaming<PayRequest>>,
            ) -> Result<Response<Receipt>, Status> {
                let receipts = self.0.all(request.into_inner()).await?;
                let last = receipts.into_iter().next_back();
                Ok(Response::new(last.unwrap_or_default()))
            }

            async fn list(
                &self,
                request: Request<PayRequest>,
            ) -> Result<Response<Receipts>, Status> {
                let first = self.0.receive(request.into_inner());
                let second = receipt(first.id + 1);
                Ok(Response::new(Till::stream([first, second])))
            }

            async fn follow(
                &self,
                request: Request<Streaming<PayRequest>>,
            ) -> Result<Response<Receipts>, Status> {
                let receipts = self.0.all(request.into_inner()).await?;
                Ok(Response::new(Till::stream(receipts)))
            }
        }
    };
}

till!(Bare,);
till!(
    Redacted,
    payload(
        redact = [
            request.password,
            request.card?.number,
            request.items[].secret,
            request.items[].cards[].number,
            request.extras[].secret,
            response.token,
        ],
    )
);
till!(
    Shown,
    payload(show = [request.id, request.card?.holder, request.items[].cards[].holder, response.id]),
);
till!(
    Everything,
    payload(redact = [], max_bytes = 60, level = "info")
);

async fn channel(service: impl Payments) -> Channel {
    serve(Routes::new(PaymentsServer::new(service))).await
}

/// Makes calls of all four kinds.
macro_rules! call_all {
    ($client:expr) => {{
        let client = &mut $client;
        let mut answers = Vec::new();
        answers.push(client.pay(request(1)).await.unwrap().into_inner());
        let requests = || tokio_stream::iter([request(2), request(3)]);
        answers.push(client.pay_all(requests()).await.unwrap().into_inner());
        let listed = client.list(request(4)).await.unwrap().into_inner();
        answers.extend(listed.map(Result::unwrap).collect::<Vec<_>>().await);
        let followed = client.follow(requests()).await.unwrap().into_inner();
        answers.extend(followed.map(Result::unwrap).collect::<Vec<_>>().await);
        assert_eq!(answers, [1, 3, 4, 5, 2, 3].map(receipt));
    }};
}

fn text(text: &str) -> Field {
    Field::Str(text.to_owned())
}

/// The text of an event, with the number of its message in the stream.
fn shown(event: &Event) -> String {
    let field = |name| match event.get(name) {
        None => String::new(),
        Some(Field::Str(text)) => text.clone(),
        Some(Field::U64(number)) => number.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(event.target, "interceptors::payload");
    let content = match event.message.as_str() {
        "request received" | "request sent" => {
            assert_eq!(event.get("grpc.response.content"), None);
            field("grpc.request.content")
        }
        "response sent" | "response received" => {
            assert_eq!(event.get("grpc.request.content"), None);
            field("grpc.response.content")
        }
        other => panic!("{other}"),
    };
    let (method, id) = (field("grpc.method"), field("grpc.message.id"));
    format!("{} {method}{id}: {content}", event.message)
}

fn all_shown(events: &Events) -> Vec<String> {
    events.take().iter().map(shown).collect()
}

/// The request as it is logged with all secrets redacted.
fn without_secrets(id: u64) -> String {
    format!(
        "PayRequest {{ id: {id}, password: \"\", card: Some(Card {{ number: \"\", holder: \"Ann\" }}), \
         items: [Item {{ name: \"book\", secret: \"\", cards: [Card {{ number: \"\", holder: \"Ann\" }}] }}, \
         Item {{ name: \"book\", secret: \"\", cards: [] }}], \
         extras: {{\"gift\": Item {{ name: \"book\", secret: \"\", cards: [] }}}}, note: \"for you\" }}"
    )
}

/// The events of calls of all kinds, with these words for a request and a response.
fn of_all_kinds(
    [received, sent]: [&str; 2],
    request: impl Fn(u64) -> String,
    response: impl Fn(u64) -> String,
) -> Vec<String> {
    vec![
        format!("{received} Pay: {}", request(1)),
        format!("{sent} Pay: {}", response(1)),
        format!("{received} PayAll1: {}", request(2)),
        format!("{received} PayAll2: {}", request(3)),
        format!("{sent} PayAll: {}", response(3)),
        format!("{received} List: {}", request(4)),
        format!("{sent} List1: {}", response(4)),
        format!("{sent} List2: {}", response(5)),
        format!("{received} Follow1: {}", request(2)),
        format!("{received} Follow2: {}", request(3)),
        format!("{sent} Follow1: {}", response(2)),
        format!("{sent} Follow2: {}", response(3)),
    ]
}

const OF_A_SERVICE: [&str; 2] = ["request received", "response sent"];
const OF_A_CLIENT: [&str; 2] = ["request sent", "response received"];

#[tokio::test]
async fn events_have_the_documented_fields() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let mut client = PaymentsClient::new(channel(Redacted::default()).await);
    client.pay(request(7)).await.unwrap();
    let logged = events.take();
    assert_eq!(logged.len(), 2, "{logged:#?}");
    for (event, message, content) in [
        (
            &logged[0],
            "request received",
            ("grpc.request.content", without_secrets(7)),
        ),
        (
            &logged[1],
            "response sent",
            (
                "grpc.response.content",
                "Receipt { id: 7, token: \"\" }".to_owned(),
            ),
        ),
    ] {
        assert_eq!(
            (event.message.as_str(), event.level),
            (message, Level::DEBUG)
        );
        assert_eq!(event.target, "interceptors::payload");
        let expected = BTreeMap::from([
            ("protocol", text("grpc")),
            ("grpc.component", text("server")),
            ("grpc.service", text("payments.v1.Payments")),
            ("grpc.method", text("Pay")),
            ("grpc.method_type", text("unary")),
            (content.0, text(&content.1)),
        ]);
        assert_eq!(event.fields, expected);
    }
}

#[tokio::test]
async fn service_logs_every_message_without_secrets() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let till = Redacted::default();
    let seen = Arc::clone(&till.0.seen);
    call_all!(PaymentsClient::new(channel(till).await));
    let receipt = |id| format!("Receipt {{ id: {id}, token: \"\" }}");
    let expected = of_all_kinds(OF_A_SERVICE, without_secrets, receipt);
    assert_eq!(all_shown(&events), expected);
    // The handlers get the unchanged requests.
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 4, 2, 3].map(request));
}

#[tokio::test]
async fn generated_client_logs_every_message_without_secrets() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let till = Bare::default();
    let seen = Arc::clone(&till.0.seen);
    call_all!(redacted::PaymentsClient::new(channel(till).await));
    let receipt = |id| format!("Receipt {{ id: {id}, token: \"\" }}");
    let mut logged = events.take();
    assert!(logged.iter().all(|event| event.level == Level::INFO));
    let client = text("client");
    assert!(
        logged
            .iter()
            .all(|event| event.get("grpc.component") == Some(&client))
    );
    let mut expected = of_all_kinds(OF_A_CLIENT, without_secrets, receipt);
    // Client and server share a thread, so the order of requests and responses varies.
    logged.sort_by_key(shown);
    expected.sort();
    assert_eq!(logged.iter().map(shown).collect::<Vec<_>>(), expected);
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 4, 2, 3].map(request));
}

#[tokio::test]
async fn show_logs_only_the_listed_fields() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    call_all!(PaymentsClient::new(channel(Shown::default()).await));
    let request = |id| {
        format!(
            "request.id = {id}, request.card?.holder = \"Ann\", request.items[].cards[].holder = [[\"Ann\"], []]"
        )
    };
    let response = |id| format!("response.id = {id}");
    assert_eq!(
        all_shown(&events),
        of_all_kinds(OF_A_SERVICE, request, response)
    );
}

#[tokio::test]
async fn direction_without_shown_fields_is_not_logged() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    call_all!(shown::PaymentsClient::new(channel(Bare::default()).await));
    let logged = events.take();
    for event in &logged {
        let of_a_stream = matches!(event.get("grpc.method"), Some(Field::Str(name)) if name == "List" || name == "Follow");
        let level = if of_a_stream {
            Level::INFO
        } else {
            Level::DEBUG
        };
        assert_eq!(event.level, level, "{event:?}");
    }
    let logged: Vec<_> = logged.iter().map(shown).collect();
    let request = |id| format!("request.id = {id}, request.card?.holder = \"Ann\"");
    let response = |id| format!("response.id = {id}");
    let mut expected = of_all_kinds(OF_A_CLIENT, request, response);
    expected.retain(|shown| {
        !shown.starts_with("request sent List") && !shown.starts_with("request sent Follow")
    });
    assert_eq!(logged, expected);
}

#[tokio::test]
async fn absent_fields_are_logged_as_none() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let mut client = PaymentsClient::new(channel(Shown::default()).await);
    client.pay(PayRequest::default()).await.unwrap();
    assert_eq!(
        all_shown(&events)[0],
        "request received Pay: request.id = 0, request.card?.holder = None, request.items[].cards[].holder = []"
    );
}

#[tokio::test]
async fn control_characters_are_escaped() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let channel = channel(Shown::default()).await;
    let mut client = shown::PaymentsClient::new(channel.clone());
    let forged = PayRequest {
        card: Some(Card {
            holder: "Ann\n2026-01-01 ERROR\u{1b}[31m\r".to_owned(),
            ..Card::default()
        }),
        ..PayRequest::default()
    };
    client.pay(forged.clone()).await.unwrap();
    PaymentsClient::new(channel).pay(forged).await.unwrap();
    let logged = all_shown(&events);
    assert!(logged.len() > 4);
    assert!(
        logged[0].contains(r#""Ann\n2026-01-01 ERROR\u{1b}[31m\r""#),
        "{logged:#?}"
    );
    assert!(!logged.iter().any(|shown| shown.contains(char::is_control)));
}

#[tokio::test]
async fn long_messages_are_cut() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let till = Everything::default();
    let seen = Arc::clone(&till.0.seen);
    let mut client = PaymentsClient::new(channel(till).await);
    let long = PayRequest {
        id: 1,
        // Two bytes per character.
        password: "ä".repeat(1_000_000),
        ..PayRequest::default()
    };
    client.pay(long.clone()).await.unwrap();
    let logged = events.take();
    let Some(Field::Str(content)) = logged[0].get("grpc.request.content") else {
        panic!("{logged:#?}");
    };
    let start = "PayRequest { id: 1, password: \"";
    // The last byte stays unused, because no whole character fits.
    let expected = format!("{start}{}…", "ä".repeat((60 - start.len()) / 2));
    assert_eq!(*content, expected);
    assert_eq!(content.len(), 60 - (60 - start.len()) % 2 + '…'.len_utf8());
    assert_eq!(*seen.lock().unwrap(), [long]);
}

/// Keeps everything that a subscriber writes.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn listen(self) -> DefaultGuard {
        ask_each_time();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(move || self.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn nothing_written_contains_a_secret() {
    let written = Written::default();
    let _guard = written.clone().listen();
    for channel in [
        channel(Redacted::default()).await,
        channel(Shown::default()).await,
        channel(PerMethod::default()).await,
    ] {
        call_all!(PaymentsClient::new(channel.clone()));
        call_all!(redacted::PaymentsClient::new(channel.clone()));
        call_all!(shown::PaymentsClient::new(channel.clone()));
        call_all!(retried::PaymentsClient::new(channel.clone()));
        call_all!(attempts::PaymentsClient::new(channel.clone()));
        let hand_written = HandWritten(PaymentsClient::new(channel));
        hand_written.pay(Request::new(request(1))).await.unwrap();
        let listed = hand_written.list(Request::new(request(1))).await.unwrap();
        let listed: Vec<_> = listed.into_inner().collect().await;
        assert_eq!(listed.len(), 2);
    }
    let written = written.text();
    // The text contains the events of `payload`, not only those of other crates.
    for said in [OF_A_SERVICE, OF_A_CLIENT].concat() {
        assert!(written.contains(said), "{said}");
    }
    for secret in SECRETS {
        assert!(!written.contains(secret), "{secret}");
    }
}

/// The block's entry covers methods without their own entry.
#[derive(Clone, Default)]
struct PerMethod(Till);

#[intercept(
    catch_panic,
    request_id,
    timeout("60s"),
    payload(show = [request.id]),
)]
#[tonic::async_trait]
impl Payments for PerMethod {
    type ListStream = Receipts;
    type FollowStream = Receipts;

    #[intercept(payload(
        redact = [request.password, request.card, request.items, request.extras, response.token],
        level = "info"
    ))]
    async fn pay(&self, request: Request<PayRequest>) -> Result<Response<Receipt>, Status> {
        Ok(Response::new(self.0.receive(request.into_inner())))
    }

    async fn pay_all(
        &self,
        request: Request<Streaming<PayRequest>>,
    ) -> Result<Response<Receipt>, Status> {
        let receipts = self.0.all(request.into_inner()).await?;
        Ok(Response::new(receipts.into_iter().next_back().unwrap()))
    }

    #[intercept(payload(show = [response.id]))]
    async fn list(&self, request: Request<PayRequest>) -> Result<Response<Receipts>, Status> {
        let first = self.0.receive(request.into_inner());
        let second = receipt(first.id + 1);
        Ok(Response::new(Till::stream([first, second])))
    }

    #[intercept(skip(payload))]
    async fn follow(
        &self,
        request: Request<Streaming<PayRequest>>,
    ) -> Result<Response<Receipts>, Status> {
        let receipts = self.0.all(request.into_inner()).await?;
        Ok(Response::new(Till::stream(receipts)))
    }
}

#[tokio::test]
async fn method_entry_replaces_the_block_entry() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    call_all!(PaymentsClient::new(channel(PerMethod::default()).await));
    let logged = events.take();
    // Each event has the ID, also with `timeout` around the response stream.
    assert!(
        logged
            .iter()
            .all(|event| matches!(event.get("request_id"), Some(Field::Str(id)) if !id.is_empty()))
    );
    let logged: Vec<_> = logged.iter().map(shown).collect();
    assert_eq!(
        logged,
        [
            "request received Pay: PayRequest { id: 1, password: \"\", card: None, items: [], extras: {}, note: \"for you\" }",
            "response sent Pay: Receipt { id: 1, token: \"\" }",
            "request received PayAll1: request.id = 2",
            "request received PayAll2: request.id = 3",
            "response sent List1: response.id = 4",
            "response sent List2: response.id = 5",
        ]
    );
    let plan = PerMethod::PLAN.to_string();
    let expected = "redact=[request.password, request.card, request.items, request.extras, response.token] max_bytes=1024 level=INFO";
    assert!(plan.contains(expected), "{plan}");
    assert!(
        plan.contains("show=[response.id] max_bytes=1024 level=DEBUG"),
        "{plan}"
    );
    PerMethod::PLAN.assert_no_notes();
}

/// Fails, or never ends its stream.
struct Slow;

#[intercept(payload(show = [request.id, response.id]), timeout(idle = "50ms"))]
#[tonic::async_trait]
impl Payments for Slow {
    type ListStream = Receipts;
    type FollowStream = Receipts;

    async fn pay(&self, _: Request<PayRequest>) -> Result<Response<Receipt>, Status> {
        Err(Status::not_found("told to fail"))
    }

    async fn pay_all(
        &self,
        _: Request<Streaming<PayRequest>>,
    ) -> Result<Response<Receipt>, Status> {
        Err(Status::not_found("told to fail"))
    }

    async fn list(&self, _: Request<PayRequest>) -> Result<Response<Receipts>, Status> {
        let first = tokio_stream::once(Ok(receipt(1)));
        Ok(Response::new(Box::pin(
            first.chain(tokio_stream::pending()),
        )))
    }

    async fn follow(
        &self,
        _: Request<Streaming<PayRequest>>,
    ) -> Result<Response<Receipts>, Status> {
        let answers = [Ok(receipt(1)), Err(Status::data_loss("told to fail"))];
        Ok(Response::new(Box::pin(tokio_stream::iter(answers))))
    }
}

#[tokio::test]
async fn failed_calls_log_only_the_messages_before_the_failure() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let mut client = PaymentsClient::new(channel(Slow).await);
    let status = client.pay(request(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(all_shown(&events), ["request received Pay: request.id = 1"]);

    let mut listed = client.list(request(1)).await.unwrap().into_inner();
    assert_eq!(listed.message().await.unwrap(), Some(receipt(1)));
    let status = listed.message().await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let expected = [
        "request received List: request.id = 1",
        "response sent List1: response.id = 1",
    ];
    assert_eq!(all_shown(&events), expected);

    let sent = tokio_stream::iter([request(1)]);
    let mut followed = client.follow(sent).await.unwrap().into_inner();
    assert_eq!(followed.message().await.unwrap(), Some(receipt(1)));
    assert_eq!(followed.message().await.unwrap_err().code(), Code::DataLoss);
    // The handler reads no request.
    assert_eq!(
        all_shown(&events),
        ["response sent Follow1: response.id = 1"]
    );
}

/// A hand-written client, around a generated one.
struct HandWritten(PaymentsClient<Channel>);

#[intercept(
    service = "payments.v1.Payments",
    payload(redact = [request.password, request.card, request.items, request.extras, response.token], except = [follow]),
    payload(show = [response.id], only = [follow]),
)]
impl HandWritten {
    async fn pay(&self, request: Request<PayRequest>) -> Result<Response<Receipt>, Status> {
        self.0.clone().pay(request).await
    }

    async fn list(
        &self,
        request: Request<PayRequest>,
    ) -> Result<Response<Streaming<Receipt>>, Status> {
        self.0.clone().list(request).await
    }

    async fn follow(
        &self,
        request: Request<tokio_stream::Iter<std::vec::IntoIter<PayRequest>>>,
    ) -> Result<Response<Streaming<Receipt>>, Status> {
        self.0.clone().follow(request).await
    }
}

#[tokio::test]
async fn hand_written_client_logs_messages_but_not_request_streams() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let till = Bare::default();
    let seen = Arc::clone(&till.0.seen);
    let hand_written = HandWritten(PaymentsClient::new(channel(till).await));
    let answer = hand_written.pay(Request::new(request(1))).await.unwrap();
    assert_eq!(*answer.get_ref(), receipt(1));
    let listed = hand_written.list(Request::new(request(2))).await.unwrap();
    let listed: Vec<_> = listed.into_inner().map(Result::unwrap).collect().await;
    assert_eq!(listed, [2, 3].map(receipt));
    let requests = tokio_stream::iter(vec![request(4), request(5)]);
    let followed = hand_written.follow(Request::new(requests)).await.unwrap();
    let followed: Vec<_> = followed.into_inner().map(Result::unwrap).collect().await;
    assert_eq!(followed, [4, 5].map(receipt));
    let request_of = |id| {
        format!(
            "PayRequest {{ id: {id}, password: \"\", card: None, items: [], extras: {{}}, note: \"for you\" }}"
        )
    };
    let receipt_of = |id| format!("Receipt {{ id: {id}, token: \"\" }}");
    assert_eq!(
        all_shown(&events),
        [
            format!("request sent Pay: {}", request_of(1)),
            format!("response received Pay: {}", receipt_of(1)),
            format!("request sent List: {}", request_of(2)),
            format!("response received List1: {}", receipt_of(2)),
            format!("response received List2: {}", receipt_of(3)),
            "response received Follow1: response.id = 4".to_owned(),
            "response received Follow2: response.id = 5".to_owned(),
        ]
    );
    assert_eq!(*seen.lock().unwrap(), [1, 2, 4, 5].map(request));
}

/// Rejects the first call after it has read one request.
#[derive(Clone, Default)]
struct Unready {
    calls: Arc<AtomicU32>,
}

impl Unready {
    fn is_ready(&self) -> Result<(), Status> {
        match self.calls.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Status::unavailable("not yet")),
            _ => Ok(()),
        }
    }
}

#[tonic::async_trait]
impl Payments for Unready {
    type ListStream = Receipts;
    type FollowStream = Receipts;

    async fn pay(&self, request: Request<PayRequest>) -> Result<Response<Receipt>, Status> {
        self.is_ready()?;
        Ok(Response::new(receipt(request.get_ref().id)))
    }

    async fn pay_all(
        &self,
        request: Request<Streaming<PayRequest>>,
    ) -> Result<Response<Receipt>, Status> {
        let mut requests = request.into_inner();
        let first = requests.message().await?.unwrap();
        self.is_ready()?;
        let mut last = first;
        while let Some(request) = requests.message().await? {
            last = request;
        }
        Ok(Response::new(receipt(last.id)))
    }

    async fn list(&self, _: Request<PayRequest>) -> Result<Response<Receipts>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn follow(
        &self,
        _: Request<Streaming<PayRequest>>,
    ) -> Result<Response<Receipts>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

#[tokio::test]
async fn payload_logs_once_outside_retry_and_per_attempt_inside() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let once = channel(Unready::default()).await;
    let mut client = retried::PaymentsClient::new(once);
    client.pay(request(1)).await.unwrap();
    assert_eq!(
        all_shown(&events),
        [
            "request sent Pay: request.id = 1",
            "response received Pay: response.id = 1"
        ]
    );

    let mut client = retried::PaymentsClient::new(channel(Unready::default()).await);
    let requests = tokio_stream::iter([request(1), request(2), request(3)]);
    client.pay_all(requests).await.unwrap();
    assert_eq!(
        all_shown(&events),
        [
            "request sent PayAll1: request.id = 1",
            "request sent PayAll2: request.id = 2",
            "request sent PayAll3: request.id = 3",
            "response received PayAll: response.id = 3",
        ]
    );

    let mut client = attempts::PaymentsClient::new(channel(Unready::default()).await);
    client.pay(request(1)).await.unwrap();
    let logged = events.take();
    let ids: BTreeSet<_> = logged
        .iter()
        .map(|event| format!("{:?}", event.get("request_id")))
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert!(matches!(logged[0].get("request_id"), Some(Field::Str(_))));
    assert_eq!(
        logged.iter().map(shown).collect::<Vec<_>>(),
        [
            "request sent Pay: request.id = 1",
            "request sent Pay: request.id = 1",
            "response received Pay: response.id = 1",
        ]
    );

    let mut client = attempts::PaymentsClient::new(channel(Unready::default()).await);
    // The first attempt reads only this message before it is rejected.
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    sender.send(request(1)).unwrap();
    let requests = tokio_stream::wrappers::UnboundedReceiverStream::new(receiver);
    let later = tokio::spawn(async move {
        let answer = client.pay_all(requests).await;
        answer.map(Response::into_inner)
    });
    while events.len() < 2 {
        tokio::task::yield_now().await;
    }
    sender.send(request(2)).unwrap();
    drop(sender);
    assert_eq!(later.await.unwrap().unwrap(), receipt(2));
    assert_eq!(
        all_shown(&events),
        [
            "request sent PayAll1: request.id = 1",
            "request sent PayAll1: request.id = 1",
            "request sent PayAll2: request.id = 2",
            "response received PayAll: response.id = 2",
        ]
    );
    let notes: Vec<_> = attempts::PaymentsClient::<Channel>::PLAN
        .notes()
        .map(|(_, note)| (note.outer(), note.inner()))
        .collect();
    assert_eq!(notes, [("retry", "payload"); 4]);
}

/// How often messages were copied and formatted.
static COPIES: AtomicU32 = AtomicU32::new(0);
static FORMATTED: AtomicU32 = AtomicU32::new(0);

fn copies_and_formats() -> (u32, u32) {
    let taken = |count: &AtomicU32| count.swap(0, Ordering::Relaxed);
    (taken(&COPIES), taken(&FORMATTED))
}

/// A message that counts its copies and formats.
#[derive(Default, PartialEq)]
struct Counted {
    secret: String,
    /// Boxed, as prost does for recursive messages.
    inner: Option<Box<Counted>>,
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        COPIES.fetch_add(1, Ordering::Relaxed);
        Self {
            secret: self.secret.clone(),
            inner: self.inner.clone(),
        }
    }
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FORMATTED.fetch_add(1, Ordering::Relaxed);
        f.debug_struct("Counted")
            .field("secret", &self.secret)
            .field("inner", &self.inner)
            .finish()
    }
}

type CountedStream = std::pin::Pin<Box<dyn Stream<Item = Result<Counted, Status>> + Send>>;

#[tonic::async_trait]
trait Counters: Send + Sync {
    type ManyStream: Stream<Item = Result<Counted, Status>> + Send + 'static;

    async fn one(&self, request: Request<Counted>) -> Result<Response<Counted>, Status>;
    async fn many(&self, request: Request<Counted>) -> Result<Response<Self::ManyStream>, Status>;
}

struct Mirror;

#[intercept(service = "counters.v1.Counters", payload(redact = [request.secret, request.inner?.inner?.secret]))]
#[tonic::async_trait]
impl Counters for Mirror {
    type ManyStream = CountedStream;

    async fn one(&self, request: Request<Counted>) -> Result<Response<Counted>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn many(&self, request: Request<Counted>) -> Result<Response<Self::ManyStream>, Status> {
        let answers = [Ok(request.into_inner()), Ok(Counted::default())];
        Ok(Response::new(Box::pin(tokio_stream::iter(answers))))
    }
}

#[tokio::test]
async fn nothing_is_copied_or_formatted_when_disabled() {
    let secret = || Counted {
        secret: "s3cret".to_owned(),
        inner: None,
    };
    let call = async || {
        let answer = Mirror.one(Request::new(secret())).await.unwrap();
        assert_eq!(answer.get_ref().secret, "s3cret");
        let answers = Mirror.many(Request::new(secret())).await.unwrap();
        let answers: Vec<_> = answers.into_inner().map(Result::unwrap).collect().await;
        assert_eq!(answers[0].secret, "s3cret");
    };
    for level in [LevelFilter::OFF, LevelFilter::INFO] {
        let (events, _guard) = Events::listen(level);
        copies_and_formats();
        call().await;
        assert_eq!(copies_and_formats(), (0, 0), "{level}");
        assert!(events.take().is_empty());
    }
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    call().await;
    // Two requests are copied for redaction. The three responses have no redacted field.
    assert_eq!(copies_and_formats(), (2, 5));
    let logged = all_shown(&events);
    assert_eq!(logged.len(), 5);
    assert_eq!(
        logged[0],
        "request received One: Counted { secret: \"\", inner: None }"
    );
    // No field of the response is redacted.
    assert_eq!(
        logged[1],
        "response sent One: Counted { secret: \"s3cret\", inner: None }"
    );
    let nested = |inner| Counted {
        inner: Some(Box::new(inner)),
        ..secret()
    };
    Mirror
        .one(Request::new(nested(nested(secret()))))
        .await
        .unwrap();
    let expected = "request received One: Counted { secret: \"\", inner: Some(Counted { secret: \"s3cret\", \
                    inner: Some(Counted { secret: \"\", inner: None }) }) }";
    assert_eq!(all_shown(&events)[0], expected);
}

/// Records the span of each event.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == "interceptors::payload" {
            let span = context.event_span(event).map(|span| span.name());
            self.0
                .lock()
                .unwrap()
                .push(span.unwrap_or("none").to_owned());
        }
    }
}

struct Traced(Till);

#[intercept(trace, timeout("60s"), payload(show = [request.id, response.id]))]
#[tonic::async_trait]
impl Payments for Traced {
    type ListStream = Receipts;
    type FollowStream = Receipts;

    async fn pay(&self, request: Request<PayRequest>) -> Result<Response<Receipt>, Status> {
        Ok(Response::new(self.0.receive(request.into_inner())))
    }

    async fn pay_all(
        &self,
        request: Request<Streaming<PayRequest>>,
    ) -> Result<Response<Receipt>, Status> {
        let receipts = self.0.all(request.into_inner()).await?;
        Ok(Response::new(receipts.into_iter().next_back().unwrap()))
    }

    #[intercept(skip(timeout))]
    async fn list(&self, request: Request<PayRequest>) -> Result<Response<Receipts>, Status> {
        let first = self.0.receive(request.into_inner());
        let second = receipt(first.id + 1);
        Ok(Response::new(Till::stream([first, second])))
    }

    async fn follow(
        &self,
        request: Request<Streaming<PayRequest>>,
    ) -> Result<Response<Receipts>, Status> {
        let receipts = self.0.all(request.into_inner()).await?;
        Ok(Response::new(Till::stream(receipts)))
    }
}

#[tokio::test]
async fn events_are_in_the_span_of_their_call() {
    ask_each_time();
    let spans = Spans::default();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    call_all!(PaymentsClient::new(channel(Traced(Till::default())).await));
    let spans = std::mem::take(&mut *spans.0.lock().unwrap());
    assert_eq!(spans.len(), 12, "{spans:?}");
    assert!(!spans.contains(&"none".to_owned()), "{spans:?}");
}

struct Unusual;

#[intercept(payload(redact = [request.secret]), auth(verifier = Nobody), request_id)]
#[tonic::async_trait]
impl Counters for Unusual {
    type ManyStream = CountedStream;

    async fn one(&self, request: Request<Counted>) -> Result<Response<Counted>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(skip(auth))]
    async fn many(&self, _: Request<Counted>) -> Result<Response<Self::ManyStream>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

#[derive(Debug)]
struct Nobody;

impl Verifier for Nobody {
    type Identity = ();

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<(), Status> {
        Err(Status::unauthenticated("unknown token"))
    }
}

#[tokio::test]
async fn payload_before_auth_logs_unverified_callers_and_has_a_note() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let status = Unusual
        .one(Request::new(Counted::default()))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(events.take().len(), 1);
    let plan = Unusual::PLAN.to_string();
    assert!(
        plan.contains(
            "note: `payload` is listed before `auth`, so messages of unverified callers are logged; usually `auth` comes first (One)"
        ),
        "{plan}"
    );
    assert!(
        plan.contains("so requests are logged without the ID"),
        "{plan}"
    );
}
