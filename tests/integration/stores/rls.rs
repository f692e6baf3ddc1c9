//! A Rate Limit Service with the messages and field numbers of Envoy's `envoy/service/ratelimit/v3/rls.proto`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use prost_types::Duration;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RateLimitRequest {
    #[prost(string, tag = "1")]
    pub(crate) domain: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) descriptors: Vec<RateLimitDescriptor>,
    #[prost(uint32, tag = "3")]
    pub(crate) hits_addend: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RateLimitDescriptor {
    #[prost(message, repeated, tag = "1")]
    pub(crate) entries: Vec<Entry>,
    #[prost(message, optional, tag = "2")]
    pub(crate) limit: Option<RateLimitOverride>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Entry {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct RateLimitOverride {
    #[prost(uint32, tag = "1")]
    pub(crate) requests_per_unit: u32,
    #[prost(enumeration = "Unit", tag = "2")]
    pub(crate) unit: i32,
}

/// `envoy.type.v3.RateLimitUnit`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum Unit {
    Unknown = 0,
    Second = 1,
    Minute = 2,
    Hour = 3,
    Day = 4,
    Month = 5,
    Year = 6,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RateLimitResponse {
    #[prost(enumeration = "Code", tag = "1")]
    pub(crate) overall_code: i32,
    #[prost(message, repeated, tag = "2")]
    pub(crate) statuses: Vec<DescriptorStatus>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) response_headers_to_add: Vec<HeaderValue>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) request_headers_to_add: Vec<HeaderValue>,
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) raw_body: Vec<u8>,
}

/// `envoy.service.ratelimit.v3.RateLimitResponse.Code`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum Code {
    Unknown = 0,
    Ok = 1,
    OverLimit = 2,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct DescriptorStatus {
    #[prost(enumeration = "Code", tag = "1")]
    pub(crate) code: i32,
    #[prost(message, optional, tag = "2")]
    pub(crate) current_limit: Option<RateLimit>,
    #[prost(uint32, tag = "3")]
    pub(crate) limit_remaining: u32,
    #[prost(message, optional, tag = "4")]
    pub(crate) duration_until_reset: Option<Duration>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RateLimit {
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    #[prost(uint32, tag = "1")]
    pub(crate) requests_per_unit: u32,
    #[prost(enumeration = "Unit", tag = "2")]
    pub(crate) unit: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HeaderValue {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) raw_value: Vec<u8>,
}

/// How the service answers the next calls.
#[derive(Clone, Default)]
pub(crate) enum Mood {
    /// Counts hits on the first descriptor, and denies those beyond its limit.
    #[default]
    Counts,
    Hangs,
    Fails,
    Says(RateLimitResponse),
}

#[derive(Clone, Default)]
pub(crate) struct Rls(Arc<Inner>);

#[derive(Default)]
struct Inner {
    mood: Mutex<Mood>,
    asked: Mutex<Vec<RateLimitRequest>>,
    hits: Mutex<HashMap<String, u32>>,
}

impl Rls {
    pub(crate) fn is(&self, mood: Mood) {
        *self.0.mood.lock().unwrap() = mood;
    }

    pub(crate) fn says(&self, response: RateLimitResponse) {
        self.is(Mood::Says(response));
    }

    /// The requests since the last call of this function.
    pub(crate) fn asked(&self) -> Vec<RateLimitRequest> {
        std::mem::take(&mut self.0.asked.lock().unwrap())
    }

    fn count(&self, request: &RateLimitRequest) -> RateLimitResponse {
        let descriptor = &request.descriptors[0];
        let limit = descriptor.limit.map_or(3, |limit| limit.requests_per_unit);
        let key = format!("{:?}", descriptor.entries);
        let mut hits = self.0.hits.lock().unwrap();
        let hits = hits.entry(key).or_default();
        *hits += request.hits_addend;
        let code = if *hits > limit {
            Code::OverLimit
        } else {
            Code::Ok
        };
        RateLimitResponse {
            overall_code: code.into(),
            statuses: vec![DescriptorStatus {
                code: code.into(),
                duration_until_reset: Some(Duration {
                    seconds: 40,
                    nanos: 500_000_000,
                }),
                ..DescriptorStatus::default()
            }],
            ..RateLimitResponse::default()
        }
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<RateLimitResponse>, Status>> + Send>>;

impl UnaryService<RateLimitRequest> for Rls {
    type Response = RateLimitResponse;
    type Future = Answer;

    fn call(&mut self, request: Request<RateLimitRequest>) -> Answer {
        let request = request.into_inner();
        self.0.asked.lock().unwrap().push(request.clone());
        let mood = self.0.mood.lock().unwrap().clone();
        let rls = self.clone();
        Box::pin(async move {
            match mood {
                Mood::Counts => Ok(Response::new(rls.count(&request))),
                Mood::Hangs => std::future::pending().await,
                Mood::Fails => Err(Status::internal("out of order")),
                Mood::Says(response) => Ok(Response::new(response)),
            }
        })
    }
}

impl NamedService for Rls {
    const NAME: &'static str = "envoy.service.ratelimit.v3.RateLimitService";
}

impl tower::Service<http::Request<Body>> for Rls {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        assert_eq!(
            request.uri().path(),
            "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit"
        );
        assert!(request.headers().contains_key("grpc-timeout"));
        let rls = self.clone();
        Box::pin(async move {
            let codec = ProstCodec::default();
            Ok(Grpc::new(codec).unary(rls, request).await)
        })
    }
}
