//! What a user of the packages writes: the attribute on all that it goes on, so that what it generates is compiled with the
//! oldest Rust and the lowest dependencies. `.ci/package` compiles it.

use greeter::greeter_client::GreeterClient;
use greeter::greeter_server::{Greeter, GreeterServer};
use greeter::{HelloReply, HelloRequest};
use interceptors::auth::{RequestExt, StaticTokens, Token, TokenCache};
use interceptors::{Call, Intercepted, Interceptor, Next, intercept};
use tonic::codegen::BoxStream;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};

#[allow(missing_docs)]
pub mod greeter {
    tonic::include_proto!("greeter.v1");
}

struct Audit;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Audit {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await
    }
}

/// A policy for a whole server.
#[intercept(server, catch_panic, logging, auth(verifier = self.tokens), rate_limit(per_second = 100, key = peer))]
pub struct Inbound {
    tokens: StaticTokens<String>,
}

/// A service.
#[derive(Debug)]
pub struct Hello;

#[intercept(
    auth(by = Inbound),
    timeout("2s"),
    concurrency(max = 100),
    with(Audit),
    retry(max = 3, only = [hello]),
)]
#[tonic::async_trait]
impl Greeter for Hello {
    async fn hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let text = request.identity::<String>()?.clone();
        Ok(Response::new(HelloReply { text }))
    }

    type WaveStream = BoxStream<HelloReply>;

    async fn wave(&self, _: Request<HelloRequest>) -> Result<Response<Self::WaveStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }

    async fn meet(
        &self,
        mut request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        while request.get_mut().message().await?.is_some() {}
        Ok(Response::new(HelloReply::default()))
    }

    type ChatStream = BoxStream<HelloReply>;

    async fn chat(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }
}

/// A channel.
#[intercept(logging, retry(max = 3, except = ["/greeter.v1.Greeter/Hello"]), hedge(delay = "1s", only = ["/greeter.v1.Greeter/Hello"]), auth(token = self.tokens))]
pub struct Outbound {
    tokens: TokenCache,
}

/// A hand-written client.
#[derive(Debug)]
pub struct Greetings {
    client: GreeterClient<Channel>,
}

#[intercept(service = "greeter.v1.Greeter", logging, circuit_breaker, request_id)]
impl Greetings {
    /// Says hello.
    pub async fn hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        self.client.clone().hello(request).await
    }
}

/// Puts them together.
pub async fn serve(
    channel: Channel,
    tokens: StaticTokens<String>,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut server = Server::builder().layer(Inbound { tokens }.layer());
    let serving = server.add_service(GreeterServer::new(Hello));
    let outbound = Outbound {
        tokens: TokenCache::new(|| async { Ok(Token::new("s3cret")) }),
    };
    let mut client = GreeterClient::new(outbound.wrap(channel.clone()));
    client.hello(HelloRequest::default()).await?;
    let mut client = Greetings {
        client: GreeterClient::new(channel),
    };
    client.client.wave(HelloRequest::default()).await?;
    client.hello(Request::new(HelloRequest::default())).await?;
    serving.serve("[::1]:50051".parse()?).await?;
    let plans = [
        Hello::PLAN,
        Inbound::PLAN,
        Outbound::PLAN,
        Greetings::PLAN,
        GreeterClient::<Channel>::PLAN,
    ];
    Ok(plans.map(|plan| plan.to_string()).concat())
}
