//! The key of an identity in a store.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use interceptors::auth::Verifier;
use interceptors::rate_limit::{Bucket, Decision, SharedKey, Store, StoreError};
use interceptors::{CallDetails, intercept};
use interceptors_proto::guide::user_service_server::UserService;
use interceptors_proto::guide::{GetUserRequest, User};
use tonic::{Request, Response, Status};

#[derive(Default, Clone)]
struct Seen(Arc<Mutex<Vec<(String, String)>>>);

impl Store for Seen {
    async fn take(&self, bucket: &Bucket<'_>) -> Result<Decision, StoreError> {
        let (kind, value) = bucket.key().unwrap();
        assert_eq!(kind, "identity");
        let seen = (bucket.id().to_owned(), value.to_owned());
        self.0.lock().unwrap().push(seen);
        Ok(Decision::allowed())
    }
}

#[derive(Clone, Hash)]
struct ByText(&'static str, u32);

impl SharedKey for ByText {
    fn shared_key(&self) -> Cow<'_, str> {
        self.0.into()
    }
}

#[derive(Clone, Hash)]
struct ByHash(&'static str);

struct Users<I>(Seen, I);

impl<I: Clone + Send + Sync + 'static> Verifier for Users<I> {
    type Identity = I;

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<I, Status> {
        Ok(self.1.clone())
    }
}

macro_rules! service {
    ($identity:ty) => {
        #[intercept(
                            service = "demo.v1.UserService",
                            auth,
                            rate_limit(per_second = 1, burst = 9, key = identity, store = self.0),
                        )]
        #[tonic::async_trait]
        impl UserService for Users<$identity> {
            async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
                Ok(Response::new(User::default()))
            }
        }
    };
}

service!(ByText);
service!(ByHash);
service!(String);

async fn seen<I>(identity: I) -> (String, String)
where
    Users<I>: UserService,
{
    let service = Users(Seen::default(), identity);
    let mut request = Request::new(GetUserRequest::default());
    let token = "Bearer token".parse().unwrap();
    request.metadata_mut().insert("authorization", token);
    service.get_user(request).await.unwrap();
    let mut seen = service.0.0.lock().unwrap();
    seen.pop().unwrap()
}

#[tokio::test]
async fn identity_with_a_shared_key_uses_its_digest() {
    // `printf abc | sha256sum`
    let id = "demo.v1.UserService:1/1s:9:identity:ba7816bf8f01cfea414140de5dae2223";
    let expected = (id.to_owned(), "abc".to_owned());
    assert_eq!(seen(ByText("abc", 1)).await, expected);
    assert_eq!(seen(ByText("abc", 2)).await, expected);
    assert_eq!(seen("abc".to_owned()).await, expected);
}

#[tokio::test]
async fn identity_without_a_shared_key_uses_a_digest_of_its_hash() {
    let (id, value) = seen(ByHash("abc")).await;
    assert_eq!(value.len(), 32);
    assert!(
        value.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{value}"
    );
    assert_eq!(id, format!("demo.v1.UserService:1/1s:9:identity:{value}"));
    assert_eq!(seen(ByHash("abc")).await.0, id, "the same in each process");
    assert_ne!(seen(ByHash("abd")).await.0, id);
}
