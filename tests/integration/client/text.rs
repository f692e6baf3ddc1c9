//! Metadata values that HTTP allows and gRPC does not: the call ends before anything is sent.

use interceptors::auth::TokenSource;
use interceptors::{CallDetails, intercept};
use interceptors_proto::demo::GetUserRequest;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use tonic::{Code, Status};

use crate::common::server;

#[intercept(metadata("x-plain" = "plain", "x-user" = self.0.as_str()))]
struct Named(String);

struct Token(&'static str);

impl TokenSource for Token {
    async fn token(&self, _: &CallDetails) -> Result<String, Status> {
        Ok(self.0.to_owned())
    }
}

#[intercept(auth(token = self.0, allow_plaintext = true))]
struct Authorized(Token);

#[intercept(auth(token = self.0, header = "x-key", scheme = "", allow_plaintext = true))]
struct Keyed(Token);

#[tokio::test]
async fn invalid_metadata_value_ends_the_call_and_names_the_key() {
    let (script, channel) = server().await;
    let request = GetUserRequest { id: 7 };
    let refused = |status: Status, key: &str| {
        assert_eq!(status.code(), Code::Internal, "{status:?}");
        assert!(status.message().contains(key), "{status:?}");
        assert!(!status.message().contains("ukasz"), "{status:?}");
    };
    for name in ["Łukasz", "ukasz\t", "ukasz\u{7f}"] {
        let mut client = UserServiceClient::new(Named(name.to_owned()).wrap(channel.clone()));
        refused(client.get_user(request).await.unwrap_err(), "`x-user`");
        let mut client = UserServiceClient::new(Authorized(Token(name)).wrap(channel.clone()));
        let status = client.get_user(request).await.unwrap_err();
        refused(status, "`authorization`");
        let mut client = UserServiceClient::new(Keyed(Token(name)).wrap(channel.clone()));
        refused(client.get_user(request).await.unwrap_err(), "`x-key`");
    }
    assert_eq!(script.runs(), 0, "nothing was sent");
    let mut client = UserServiceClient::new(Named("L. ~".to_owned()).wrap(channel));
    assert!(client.get_user(request).await.is_ok());
}
