//! What is logged of messages, and what is not.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use interceptors::intercept;
use interceptors_tests::{Event, Events, Field, ask_each_time, serve};
use tokio_stream::{Stream, StreamExt};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;

#[allow(missing_docs, unused_qualifications, unreachable_pub, dead_code, clippy::all)]
mod plain {
    include!(concat!(env!("OUT_DIR"), "/payments/plain/payments.v1.rs"));
}

macro_rules! clients {
    ($($name:ident),*) => {$(
        #[allow(missing_docs, unused_qualifications, unreachable_pub, dead_code, clippy::all)]
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

/// What must not be logged.
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

/// Answers with receipts, and keeps what its handlers are given.
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
till!(Everything, payload(redact = [], max_bytes = 60, level = "info"));

async fn channel(service: impl Payments) -> Channel {
    serve(Routes::new(PaymentsServer::new(service))).await
}

/// All four kinds, through a client.
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

#[tokio::test]
async fn first() {
    let (events, _guard) = Events::listen(LevelFilter::TRACE);
    let till = Redacted::default();
    let seen = Arc::clone(&till.0.seen);
    let channel = channel(till).await;
    call_all!(PaymentsClient::new(channel.clone()));
    println!("{:#?}", events.take());
    assert_eq!(seen.lock().unwrap().len(), 6);
    call_all!(redacted::PaymentsClient::new(channel.clone()));
    println!("{:#?}", events.take());
}
