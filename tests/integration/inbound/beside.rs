//! Health checks and reflection behind a server's policy.

use interceptors_tests::Caller;
use tonic::Code;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use super::common::*;

#[tokio::test]
async fn health_is_public_and_reflection_is_not() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_service_status("demo.v1.UserService", ServingStatus::Serving)
        .await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .unwrap();
    let routes = Routes::from(plain.routes().into_axum_router())
        .add_service(health)
        .add_service(reflection);
    let channel = channel(serve(guard.layer(), routes).await).await;

    let mut health = HealthClient::new(channel.clone());
    let asked = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    let known = health.check(asked("demo.v1.UserService")).await.unwrap();
    assert_eq!(known.into_inner().status, 1);
    assert_eq!(told.next().await.code, Code::Ok);
    let unknown = health.check(asked("x")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert_eq!(told.next().await.code, Code::NotFound);
    let mut watched = health
        .watch(asked("demo.v1.UserService"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status, 1);
    reporter
        .set_service_status("demo.v1.UserService", ServingStatus::NotServing)
        .await;
    assert_eq!(watched.message().await.unwrap().unwrap().status, 2);
    drop(watched);
    let end = told.next().await;
    assert_eq!((end.code, end.messages), (Code::Cancelled, 2));

    let listed = async |token: Option<&str>| {
        let mut client = ServerReflectionClient::new(channel.clone());
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let mut request = tonic::Request::new(tokio_stream::once(request));
        if let Some(token) = token {
            request
                .metadata_mut()
                .insert("authorization", token.parse().unwrap());
        }
        let mut answers = client.server_reflection_info(request).await?.into_inner();
        answers.message().await
    };
    let refused = listed(None).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(told.next().await.code, Code::Unauthenticated);
    let answer = listed(Some(TOKEN)).await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}");
    };
    assert!(
        list.service
            .iter()
            .any(|it| it.name == "grpc.health.v1.Health")
    );
    // The user's own service, beside them.
    let caller = Caller::new(&channel);
    assert_eq!(
        caller.call(interceptors::Kind::Unary).await.code(),
        Code::Unauthenticated
    );
}
