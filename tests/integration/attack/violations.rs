//! A caller chooses how many violations its message has.

use interceptors::validate::Violations;
use interceptors_proto::shapes::Word;
use interceptors_proto::shapes::echo_client::EchoClient;
use interceptors_proto::shapes::echo_server::{Echo, EchoServer};
use interceptors_tests::serve;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt;

/// Reports this many violations for every message, with this field and this description.
struct Finds(usize, String, String);

#[tonic::async_trait]
impl Echo for Finds {
    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        let Self(number, field, description) = self;
        let mut violations = Violations::new();
        for _ in 0..*number {
            violations.add(field, description);
        }
        Err(violations.into())
    }
}

#[tokio::test]
async fn any_number_of_violations_reaches_the_client() {
    for finds in [
        Finds(1, "name".to_owned(), "must not be empty".to_owned()),
        Finds(
            100,
            "items[0].price".to_owned(),
            "must be above 0".to_owned(),
        ),
        Finds(100, "labels".to_owned(), "ä".repeat(500)),
        Finds(
            1,
            format!("labels[{}]", "k".repeat(20_000)),
            "ä".repeat(20_000),
        ),
        Finds(1_000_000, String::new(), "\n".to_owned()),
    ] {
        let channel = serve(Routes::new(EchoServer::new(finds))).await;
        let status = EchoClient::new(channel)
            .say(Word::default())
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert!(status.message().starts_with("the request is not valid: "));
        let details = status.get_details_bad_request().unwrap();
        assert!(!details.field_violations.is_empty());
    }
}
