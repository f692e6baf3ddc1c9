//! Where tokens and secret metadata go, and where they do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use interceptors::auth::{Token, TokenCache, TokenSource};
use interceptors::{CallDetails, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{GetUserRequest, LoginRequest};
use interceptors_tests::clients;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::common::server;

struct Fixed;

impl TokenSource for Fixed {
    async fn token(&self, call: &CallDetails) -> Result<String, Status> {
        Ok(format!("token-for-{}", call.method()))
    }
}

mod strict {
    //! A hand-written client, which cannot see its transport, and a channel.
    use super::*;

    #[intercept(auth(token = Fixed, public = ["/demo.v1.UserService/Login"]))]
    pub(super) struct Outbound;
}

fn with_origin(channel: Channel, origin: &'static str) -> UserServiceClient<impl Clients> {
    UserServiceClient::with_origin(strict::Outbound.wrap(channel), origin.parse().unwrap())
}

/// The transport of the tests' clients.
trait Clients:
    tonic::client::GrpcService<tonic::body::Body, ResponseBody = interceptors::client::ResponseBody>
{
}

impl<T> Clients for T where
    T: tonic::client::GrpcService<
            tonic::body::Body,
            ResponseBody = interceptors::client::ResponseBody,
        >
{
}

#[tokio::test]
async fn no_token_is_sent_to_a_known_http_origin() {
    let (script, channel) = server().await;
    let mut client = with_origin(channel.clone(), "http://users.example.com");
    let status = client.get_user(GetUserRequest { id: 1 }).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(script.runs(), 0, "nothing was sent");
    client
        .login(LoginRequest::default())
        .await
        .expect("public methods carry no token");

    let mut client = with_origin(channel.clone(), "https://users.example.com");
    client.get_user(GetUserRequest { id: 1 }).await.unwrap();
    // A channel alone does not show its scheme.
    let mut client = UserServiceClient::new(strict::Outbound.wrap(channel));
    client.get_user(GetUserRequest { id: 1 }).await.unwrap();
}

#[tokio::test]
async fn generated_client_withholds_tokens_for_an_http_origin() {
    let (script, channel) = server().await;
    let origin = |origin: &'static str| {
        clients::guarded::UserServiceClient::with_origin(channel.clone(), origin.parse().unwrap())
    };
    let status = origin("http://a.example")
        .get_user(GetUserRequest { id: 1 })
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(script.runs(), 0, "nothing was sent");
    origin("http://a.example")
        .login(LoginRequest::default())
        .await
        .unwrap();
    origin("https://a.example")
        .get_user(GetUserRequest { id: 1 })
        .await
        .unwrap();
    let mut client = clients::guarded::UserServiceClient::new(channel);
    client.get_user(GetUserRequest { id: 1 }).await.unwrap();
}

#[tokio::test]
async fn connected_generated_client_withholds_tokens_on_plaintext() {
    let address = interceptors_tests::listen(crate::common::routes()).await;
    let endpoint = format!("http://{address}");
    let mut client = clients::guarded::UserServiceClient::connect(endpoint)
        .await
        .unwrap();
    let status = client.get_user(GetUserRequest { id: 1 }).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert!(
        status.message().contains("allow_plaintext"),
        "{}",
        status.message()
    );
    client.clone().login(LoginRequest::default()).await.unwrap();
}

fn call() -> Request<GetUserRequest> {
    Request::new(GetUserRequest { id: 1 })
}

/// A channel whose chain records the tokens of its requests.
#[intercept(auth(token = self.tokens), with(self.seen))]
struct Seen {
    tokens: Arc<TokenCache>,
    seen: Tokens,
}

#[derive(Clone, Default)]
struct Tokens(Arc<std::sync::Mutex<Vec<String>>>);

impl<Req: Send, Res: Send> interceptors::Interceptor<Req, Res> for Tokens {
    async fn intercept(
        &self,
        call: &mut interceptors::Call<Req>,
        next: &mut impl interceptors::Next<Req, Res>,
    ) -> Result<tonic::Response<Res>, Status> {
        let value = call.metadata().get("authorization").unwrap();
        assert!(value.is_sensitive());
        self.0
            .lock()
            .unwrap()
            .push(value.to_str().unwrap().to_owned());
        assert!(!format!("{:?} {:?}", call.metadata(), call).contains("token-"));
        next.run(call).await
    }
}

fn cache(expires_in: Option<Duration>) -> (Arc<TokenCache>, Arc<AtomicU32>) {
    let fetched = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&fetched);
    let tokens = TokenCache::new(move || {
        let n = count.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            tokio::task::yield_now().await;
            let token = Token::new(format!("token-{n}"));
            Ok(match expires_in {
                Some(time) => token.expires_in(time),
                None => token,
            })
        }
    });
    (Arc::new(tokens), fetched)
}

#[tokio::test]
async fn waiting_calls_share_one_token_fetch() {
    let (_, channel) = server().await;
    let (tokens, fetched) = cache(None);
    let seen = Tokens::default();
    let outbound = Seen {
        tokens,
        seen: seen.clone(),
    };
    let client = UserServiceClient::new(outbound.wrap(channel));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut client = client.clone();
        calls.spawn(async move { client.get_user(call()).await.map(drop) });
    }
    while let Some(result) = calls.join_next().await {
        result.unwrap().unwrap();
    }
    assert_eq!(fetched.load(Ordering::Relaxed), 1);
    assert_eq!(*seen.0.lock().unwrap(), vec!["Bearer token-1"; 20]);
}

#[tokio::test(start_paused = true)]
async fn token_is_refreshed_before_it_expires() {
    let (tokens, fetched) = cache(Some(Duration::from_secs(3600)));
    let tokens = TokensOf(tokens);
    assert_eq!(tokens.next().await, "token-1");
    tokio::time::advance(Duration::from_secs(3539)).await;
    assert_eq!(tokens.next().await, "token-1");
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(tokens.next().await, "token-1", "it is still valid");
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(tokens.next().await, "token-2");
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn short_lived_token_is_used_for_half_its_lifetime() {
    let (tokens, _) = cache(Some(Duration::from_secs(60)));
    let tokens = TokensOf(tokens);
    assert_eq!(tokens.next().await, "token-1");
    tokio::time::advance(Duration::from_secs(29)).await;
    assert_eq!(tokens.next().await, "token-1");
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(tokens.next().await, "token-1", "it is still valid");
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(tokens.next().await, "token-2");
}

/// Gets a token from the cache through a call that is not sent.
struct TokensOf(Arc<TokenCache>);

impl TokensOf {
    async fn next(&self) -> String {
        let hand_written = HandWritten {
            tokens: Arc::clone(&self.0),
        };
        let response = hand_written.get_user(call()).await.unwrap();
        response.into_inner().name
    }
}

struct HandWritten {
    tokens: Arc<TokenCache>,
}

#[intercept(service = "demo.v1.UserService", auth(token = self.tokens, scheme = ""))]
impl HandWritten {
    async fn get_user(
        &self,
        request: Request<GetUserRequest>,
    ) -> Result<tonic::Response<interceptors_proto::demo::User>, Status> {
        let token = request.metadata().get("authorization").unwrap();
        let name = token.to_str().unwrap().to_owned();
        Ok(tonic::Response::new(interceptors_proto::demo::User {
            id: 1,
            name,
        }))
    }
}

#[tokio::test(start_paused = true)]
async fn failed_token_fetch_fails_the_call_and_is_retried_later() {
    let fetched = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&fetched);
    let tokens = TokenCache::new(move || {
        let n = count.fetch_add(1, Ordering::Relaxed);
        async move {
            match n {
                0 => Err(Status::unavailable("the token endpoint is down")),
                _ => Ok(Token::new("token")),
            }
        }
    });
    let hand_written = HandWritten {
        tokens: Arc::new(tokens),
    };
    let status = hand_written.get_user(call()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    tokio::time::sleep(Duration::from_millis(1201)).await;
    assert_eq!(
        hand_written
            .get_user(call())
            .await
            .unwrap()
            .into_inner()
            .name,
        "token"
    );
}

#[test]
fn debug_output_of_cache_and_token_hides_the_token() {
    let shown = format!("{:?} {:?}", cache(None).0, Token::new("s3cret"));
    assert!(!shown.contains("s3cret"), "{shown}");
}

/// Calls `GetUser`, which needs a token.
async fn get_user<T>(client: &mut clients::guarded::UserServiceClient<T>) -> Result<(), Status>
where
    T: tonic::client::GrpcService<tonic::body::Body> + Send,
    T::Future: Send,
    T::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error:
        Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    client.get_user(call()).await.map(drop)
}

fn assert_is_withheld(result: Result<(), Status>, to: &str) {
    let status = result.expect_err(to);
    assert_eq!(status.code(), Code::Unauthenticated, "{to}");
    assert!(status.message().contains("allow_plaintext"), "{to}");
}

/// tonic connects without TLS to every scheme but `https`. Built without TLS, as here, it has no TLS for `https` either.
const PLAINTEXT: [&str; 8] = [
    "http", "HTTP", "grpc", "tcp", "dns", "h2c", "HTTPS", "https",
];

#[tokio::test]
async fn tokens_are_sent_only_over_encrypted_connections() {
    let address = interceptors_tests::listen(crate::common::routes()).await;
    for scheme in PLAINTEXT {
        let to = format!("{scheme}://{address}");
        let client = clients::guarded::UserServiceClient::connect(to.clone()).await;
        let mut client = client.expect("tonic connects to any scheme");
        assert_is_withheld(get_user(&mut client).await, &to);
        let public = client.login(LoginRequest::default()).await;
        public.expect("methods without a token can be called");
    }
}

#[tokio::test]
async fn non_https_origin_withholds_tokens() {
    let (_, channel) = server().await;
    for (origin, is_encrypted) in [
        ("grpc://a.example", false),
        ("h2c://a.example", false),
        ("HTTP://a.example", false),
        ("https://a.example", true),
        ("HTTPS://a.example", true),
    ] {
        let uri: http::Uri = origin.parse().unwrap();
        let mut client =
            clients::guarded::UserServiceClient::with_origin(channel.clone(), uri.clone());
        let mut wrapped =
            UserServiceClient::with_origin(strict::Outbound.wrap(channel.clone()), uri);
        let wrapped = wrapped.get_user(call()).await.map(drop);
        for result in [get_user(&mut client).await, wrapped] {
            match is_encrypted {
                true => result.expect(origin),
                false => assert_is_withheld(result, origin),
            }
        }
    }
}

#[intercept(auth(token = Fixed, allow_plaintext = true))]
struct Lenient;

#[tokio::test]
async fn connect_knows_whether_the_channel_is_encrypted() {
    use interceptors::client::Connect as _;
    let address = interceptors_tests::listen(crate::common::routes()).await;
    for scheme in PLAINTEXT {
        let to = format!("{scheme}://{address}");
        let endpoint = tonic::transport::Endpoint::from_shared(to.clone()).unwrap();
        for channel in [
            strict::Outbound.connect(to.clone()).await.unwrap(),
            strict::Outbound.connect_lazy(&endpoint),
        ] {
            let mut client = UserServiceClient::new(channel.clone());
            assert_is_withheld(client.get_user(call()).await.map(drop), &to);
            client.login(LoginRequest::default()).await.unwrap();
            // An `https` origin does not encrypt the connection.
            let origin = "https://a.example".parse().unwrap();
            let mut client = UserServiceClient::with_origin(channel, origin);
            assert_is_withheld(client.get_user(call()).await.map(drop), &to);
        }
        let mut client = UserServiceClient::new(Lenient.connect_lazy(endpoint));
        client.get_user(call()).await.unwrap();
    }
}
