//! Clients that tonic generates for services of all shapes.

use std::pin::Pin;

use interceptors::{Intercepted as _, Kind, Outcome, Plan};
use interceptors_tests::clients::names::kv_client::KvClient;
use interceptors_tests::clients::odd::clients::v1::odd::Item;
use interceptors_tests::clients::odd::clients::v1::odd::deeper::Thing;
use interceptors_tests::clients::odd::clients::v1::odd::deeper::deeper_client::DeeperClient;
use interceptors_tests::clients::odd::clients::v1::odd::deeper::deeper_server::{
    Deeper, DeeperServer,
};
use interceptors_tests::clients::odd::clients::v1::odd::item::Part;
use interceptors_tests::clients::odd::clients::v1::odd::nothing_client::NothingClient;
use interceptors_tests::clients::odd::clients::v1::odd::odd_api_client::OddApiClient;
use interceptors_tests::clients::odd::clients::v1::odd::odd_api_server::{OddApi, OddApiServer};
use interceptors_tests::clients::odd::clients::v1::odd::second_client::SecondClient;
use interceptors_tests::clients::odd::clients::v1::odd::second_server::{Second, SecondServer};
use interceptors_tests::{Ends, serve};
use prost_types::Timestamp;
use tokio_stream::{Stream, StreamExt};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};

use crate::common::with;

struct Odd;

type Items = Pin<Box<dyn Stream<Item = Result<Item, Status>> + Send>>;

async fn total(request: Request<Streaming<Item>>) -> Result<u64, Status> {
    let mut items = request.into_inner();
    let mut total = 0;
    while let Some(item) = items.next().await {
        total += item?.value;
    }
    Ok(total)
}

#[tonic::async_trait]
impl OddApi for Odd {
    type TypeStream = Items;
    type FetchX509SVIDStream = Items;

    async fn ping(&self, _: Request<()>) -> Result<Response<()>, Status> {
        Ok(Response::new(()))
    }

    async fn now(&self, request: Request<String>) -> Result<Response<Timestamp>, Status> {
        let seconds = request.into_inner().len() as i64;
        Ok(Response::new(Timestamp { seconds, nanos: 0 }))
    }

    async fn r#move(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn r#type(&self, request: Request<Item>) -> Result<Response<Items>, Status> {
        let item = request.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::iter([
            Ok(item),
            Ok(item),
        ]))))
    }

    async fn get_url(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn fetch_x509svid(
        &self,
        request: Request<Streaming<Item>>,
    ) -> Result<Response<Items>, Status> {
        Ok(Response::new(Box::pin(request.into_inner())))
    }

    async fn lower_case(
        &self,
        request: Request<Streaming<Item>>,
    ) -> Result<Response<Item>, Status> {
        let value = total(request).await?;
        Ok(Response::new(Item { value }))
    }

    async fn old(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn elsewhere(&self, request: Request<Thing>) -> Result<Response<Thing>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn nested(&self, request: Request<Part>) -> Result<Response<Part>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tonic::async_trait]
impl Second for Odd {
    async fn only(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tonic::async_trait]
impl Deeper for Odd {
    type OnlyStream = Pin<Box<dyn Stream<Item = Result<Thing, Status>> + Send>>;

    async fn only(&self, request: Request<Thing>) -> Result<Response<Self::OnlyStream>, Status> {
        let thing = request.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(thing)))))
    }
}

async fn channel() -> Channel {
    let mut routes = Routes::new(OddApiServer::new(Odd));
    routes = routes.add_service(SecondServer::new(Odd));
    routes = routes.add_service(DeeperServer::new(Odd));
    serve(routes).await
}

/// The path and the kind of the next call that ended, which must have succeeded.
async fn ended(ends: &mut Ends) -> (String, Kind) {
    let end = ends.next().await;
    assert_eq!(end.outcome, Outcome::Ok);
    (end.path, end.kind)
}

#[tokio::test]
async fn every_method_is_called_by_its_exact_name() {
    let (watch, mut ends) = Ends::new();
    let mut odd = OddApiClient::new(channel().await);
    let item = Item { value: 7 };
    let mut expect = async |method: &str, kind| {
        let path = format!("/clients.v1.odd.OddAPI/{method}");
        assert_eq!(ended(&mut ends).await, (path, kind));
    };

    odd.ping(with(Request::new(()), &watch)).await.unwrap();
    expect("Ping", Kind::Unary).await;
    let now = odd
        .now(with(Request::new("four".to_owned()), &watch))
        .await
        .unwrap();
    assert_eq!(now.into_inner().seconds, 4);
    expect("Now", Kind::Unary).await;
    odd.r#move(with(Request::new(item), &watch)).await.unwrap();
    expect("Move", Kind::Unary).await;
    let stream = odd.r#type(with(Request::new(item), &watch)).await.unwrap();
    assert_eq!(stream.into_inner().collect::<Vec<_>>().await.len(), 2);
    expect("Type", Kind::ServerStreaming).await;
    odd.get_url(with(Request::new(item), &watch)).await.unwrap();
    expect("GetURL", Kind::Unary).await;
    let items = || tokio_stream::iter([item, item]);
    let stream = odd
        .fetch_x509svid(with(Request::new(items()), &watch))
        .await
        .unwrap();
    assert_eq!(stream.into_inner().collect::<Vec<_>>().await.len(), 2);
    expect("FetchX509SVID", Kind::BidiStreaming).await;
    let total = odd
        .lower_case(with(Request::new(items()), &watch))
        .await
        .unwrap();
    assert_eq!(total.into_inner().value, 14);
    expect("lower_case", Kind::ClientStreaming).await;
    #[allow(deprecated)]
    odd.old(with(Request::new(item), &watch)).await.unwrap();
    expect("Old", Kind::Unary).await;
    let thing = Thing {
        name: "a".to_owned(),
    };
    odd.elsewhere(with(Request::new(thing.clone()), &watch))
        .await
        .unwrap();
    expect("Elsewhere", Kind::Unary).await;
    odd.nested(with(Request::new(Part { value: 1 }), &watch))
        .await
        .unwrap();
    expect("Nested", Kind::Unary).await;
}

#[tokio::test]
async fn several_services_and_packages_keep_their_names() {
    let (watch, mut ends) = Ends::new();
    let channel = channel().await;
    let mut second = SecondClient::new(channel.clone());
    second
        .only(with(Request::new(Item { value: 1 }), &watch))
        .await
        .unwrap();
    let path = "/clients.v1.odd.Second/Only".to_owned();
    assert_eq!(ended(&mut ends).await, (path, Kind::Unary));

    let mut deeper = DeeperClient::new(channel);
    let stream = deeper
        .only(with(Request::new(Thing::default()), &watch))
        .await
        .unwrap();
    assert_eq!(stream.into_inner().collect::<Vec<_>>().await.len(), 1);
    let path = "/clients.v1.odd.deeper.Deeper/Only".to_owned();
    assert_eq!(ended(&mut ends).await, (path, Kind::ServerStreaming));
}

#[test]
fn one_policy_can_name_methods_of_several_services() {
    let logged = |plan: Plan| {
        let methods = plan.methods().iter();
        let logged =
            methods.filter(|method| method.interceptors().any(|it| it.name() == "logging"));
        logged.map(|method| method.path()).collect::<Vec<_>>()
    };
    let of_odd = logged(OddApiClient::<Channel>::PLAN);
    assert_eq!(of_odd, ["/clients.v1.odd.OddAPI/Ping"]);
    let of_second = logged(SecondClient::<Channel>::PLAN);
    assert_eq!(of_second, ["/clients.v1.odd.Second/Only"]);
}

#[test]
fn service_without_methods_has_an_empty_plan() {
    assert!(NothingClient::<Channel>::PLAN.methods().is_empty());
}

#[test]
fn generated_clients_plan_shows_retry_for_all_kinds() {
    for method in OddApiClient::<Channel>::PLAN.methods() {
        let mut entries = method.interceptors().map(|entry| entry.name());
        assert!(entries.any(|name| name == "retry"), "{}", method.path());
        assert!(!method.is_derived());
    }
}

#[test]
fn method_names_changed_by_rust_stay_exact() {
    let plan = KvClient::<Channel>::PLAN;
    let methods: Vec<&str> = plan
        .methods()
        .iter()
        .map(|method| method.method())
        .collect();
    let expected = [
        "HashKV",
        "GetURL",
        "FetchX509SVID",
        "GetSELinuxInfo",
        "NFTs",
        "Unstable_Crash",
        "tryAddLock",
        "stream_stats",
        "echo",
        "Move",
        "Connect",
        "Clone",
    ];
    assert_eq!(methods, expected);
    assert!(
        plan.methods()
            .iter()
            .all(|method| method.service() == "names.v1.KV")
    );
}
