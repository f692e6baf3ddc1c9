//! Limits in Envoy's Rate Limit Service.

mod messages;

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue};
use http_body::Body as HttpBody;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::client::{Grpc, GrpcService};
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use self::messages::{
    Entry, RateLimitDescriptor, RateLimitOverride, RateLimitRequest, RateLimitResponse,
};
use super::shared::KeyKind;
use super::shared::patience::TimeoutBreaker;
use super::{Bucket, Configured, Decision, Rate, Store, StoreError};
use crate::kit::key::is_free;

const PATH: PathAndQuery =
    PathAndQuery::from_static("/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit");

/// `RateLimitResponse.Code`
const OK: i32 = 1;
const OVER_LIMIT: i32 = 2;

/// `RateLimitUnit`
const SECOND: i32 = 1;
const MINUTE: i32 = 2;

/// The protocol's longest unit is a year, so a longer time until a reset is invalid.
const LONGEST_RESET: Duration = Duration::from_secs(366 * 86_400);

/// A [`Store`](super::Store) that asks
/// [Envoy's Rate Limit Service](https://www.envoyproxy.io/docs/envoy/latest/configuration/other_features/rate_limit), or a service with the same
/// protocol: `envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit`.
///
/// ```
/// use interceptors::intercept;
/// use interceptors::rate_limit::Envoy;
/// # use interceptors_proto::guide::user_service_server::UserService;
/// # use interceptors_proto::guide::{GetUserRequest, User};
/// use tonic::transport::{Channel, Endpoint};
/// # use tonic::{Request, Response, Status};
///
/// struct Users {
///     limits: Envoy<Channel>,
/// }
///
/// // The limits are those of the service.
/// #[intercept(rate_limit(key = metadata("x-api-key"), store = self.limits, on_error = allow))]
/// # #[tonic::async_trait]
/// # impl UserService for Users {
/// #     async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
/// #         Ok(Response::new(User::default()))
/// #     }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let channel = Endpoint::from_static("http://ratelimit:8081").connect_lazy();
/// let users = Users { limits: Envoy::new(channel, "shop") };
/// # let _ = users.limits;
/// # }
/// ```
///
/// # Requests
///
/// A request has one hit on two descriptors: `service` and the key, and `service`, `method` and the key. So the operator decides which of the two is
/// limited. An entry on a method sends only the second descriptor. An entry with a `name` sends a single descriptor, with `generic_key` and the key.
/// The key is sent as follows:
///
/// | `key` | descriptor entry |
/// | --- | --- |
/// | `peer` | `remote_address`, or `masked_remote_address` for the /64 of an IPv6 address |
/// | `client_ip` | the same, with the address or network of [`client_ip`](crate::client_ip) |
/// | `metadata("x-api-key")` | `x-api-key`, with its value in plain text |
/// | `identity` | `identity`, with its [`SharedKey`](super::SharedKey), or a digest of its `Hash` |
///
/// Calls without a key have the value `-`. A limit in the attribute is sent with the first descriptor as `limit`. The burst is not sent, because the
/// protocol has no field for it.
///
/// # Responses
///
/// `OVER_LIMIT` rejects the call. The caller should wait for the longest `duration_until_reset` of the exceeded limits. Any other code except `OK` is
/// an error, so `on_error` decides. `response_headers_to_add` are added to the response of the call, except headers of gRPC and HTTP, and keys that
/// end in `-bin`.
///
/// If the service does not answer five calls in a row, later calls do not wait for it: it is asked again after a pause of 50 ms, which doubles up to
/// 500 ms.
///
/// Use a lazy channel, so that your service can start while the rate limit service is down. Clones share one store.
pub struct Envoy<T>(Arc<Shared<T>>);

struct Shared<T> {
    /// In a mutex so that `T` need not be `Sync`. It is locked only to clone it.
    channel: Mutex<T>,
    domain: String,
    patience: TimeoutBreaker,
}

impl<T> Envoy<T> {
    /// Asks over this channel, for limits of this domain.
    #[must_use]
    pub fn new(channel: T, domain: impl Into<String>) -> Self {
        Self(Arc::new(Shared {
            channel: Mutex::new(channel),
            domain: domain.into(),
            patience: TimeoutBreaker::default(),
        }))
    }
}

impl<T> Clone for Envoy<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Envoy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envoy")
            .field("domain", &self.0.domain)
            .finish_non_exhaustive()
    }
}

impl<T> Configured for Envoy<T> where Self: Store {}

impl<T> Store for Envoy<T>
where
    T: GrpcService<Body> + Clone + Send,
    T::Error: Into<Box<dyn Error + Send + Sync>>,
    T::Future: Send,
    T::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
    <T::ResponseBody as HttpBody>::Error: Into<Box<dyn Error + Send + Sync>> + Send,
{
    async fn take(&self, bucket: &Bucket<'_>) -> Result<Decision, StoreError> {
        let Shared {
            channel,
            domain,
            patience,
        } = &*self.0;
        let asking = patience.ask(bucket.until)?;
        let channel = channel
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut request = Request::new(RateLimitRequest {
            domain: domain.clone(),
            descriptors: descriptors(bucket),
            hits_addend: 1,
        });
        request.set_timeout(bucket.until.saturating_duration_since(Instant::now()));
        let mut client = Grpc::new(channel);
        let ready: Result<(), Box<dyn Error + Send + Sync>> =
            client.ready().await.map_err(Into::into);
        if let Err(error) = ready {
            asking.answered();
            return Err(StoreError::new(format_args!("rate limit service: {error}")));
        }
        let codec = ProstCodec::<RateLimitRequest, RateLimitResponse>::default();
        let answer = client.unary(request, PATH, codec).await;
        match answer.as_ref().map_err(Status::code) {
            // The channel or the service enforces the request's timeout.
            Err(Code::Cancelled | Code::DeadlineExceeded) => asking.timed_out(),
            _ => asking.answered(),
        }
        match answer {
            Ok(answer) => decision(answer.get_ref()),
            Err(status) => {
                let (code, message) = (status.code(), status.message());
                Err(StoreError::new(format_args!(
                    "rate limit service: {code:?}: {message}"
                )))
            }
        }
    }
}

fn descriptors(bucket: &Bucket<'_>) -> Vec<RateLimitDescriptor> {
    let entry = |key: &str, value: &str| Entry {
        key: key.to_owned(),
        // The protocol has no empty values.
        value: if value.is_empty() { "-" } else { value }.to_owned(),
    };
    let key = bucket.key().map(|(name, value)| {
        let name = match bucket.kind_of_key() {
            Some(KeyKind::Peer | KeyKind::ClientIp) if value.contains('/') => {
                "masked_remote_address"
            }
            Some(KeyKind::Peer | KeyKind::ClientIp) => "remote_address",
            _ => name,
        };
        entry(name, value)
    });
    let service = entry("service", bucket.service());
    let method = entry("method", bucket.method());
    let descriptor = |entries: &[&Entry], limit: Option<RateLimitOverride>| RateLimitDescriptor {
        entries: entries.iter().copied().chain(&key).cloned().collect(),
        limit,
    };
    let limit = bucket.limit().map(as_override);
    match (bucket.sharing.name, bucket.sharing.is_of_method) {
        (Some(name), _) => vec![descriptor(&[&entry("generic_key", name)], limit)],
        (None, true) => vec![descriptor(&[&service, &method], limit)],
        (None, false) => vec![
            descriptor(&[&service], limit),
            descriptor(&[&service, &method], None),
        ],
    }
}

fn as_override(limit: &Rate) -> RateLimitOverride {
    let is_by_minute = limit.period() > Duration::from_secs(1);
    RateLimitOverride {
        requests_per_unit: limit.calls(),
        unit: if is_by_minute { MINUTE } else { SECOND },
    }
}

fn decision(answer: &RateLimitResponse) -> Result<Decision, StoreError> {
    let statuses = &answer.statuses;
    let decision = match answer.overall_code {
        OK => {
            let limited = statuses.iter().filter(|it| it.current_limit.is_some());
            let remaining = limited.map(|status| status.limit_remaining).min();
            match remaining {
                Some(calls) => Decision::allowed().remaining(calls),
                None => Decision::allowed(),
            }
        }
        OVER_LIMIT => {
            let over = statuses.iter().filter(|status| status.code == OVER_LIMIT);
            let resets = over.filter_map(|status| reset(status.duration_until_reset?));
            Decision::denied(resets.max())
        }
        code => {
            return Err(StoreError::new(format_args!(
                "rate limit service: code {code}"
            )));
        }
    };
    let metadata = metadata(answer);
    Ok(match metadata.is_empty() {
        true => decision,
        false => decision.metadata(metadata),
    })
}

/// A time until a reset, if it is valid.
fn reset(duration: messages::Duration) -> Option<Duration> {
    let nanos = u32::try_from(duration.nanos).ok();
    let nanos = nanos.filter(|nanos| *nanos < 1_000_000_000)?;
    let reset = Duration::new(u64::try_from(duration.seconds).ok()?, nanos);
    (!reset.is_zero() && reset <= LONGEST_RESET).then_some(reset)
}

/// The metadata for the caller. Invalid headers are left out.
fn metadata(answer: &RateLimitResponse) -> MetadataMap {
    let mut headers = http::HeaderMap::new();
    for header in &answer.response_headers_to_add {
        let value = match header.value.is_empty() {
            true => &header.raw_value[..],
            false => header.value.as_bytes(),
        };
        let key = HeaderName::from_bytes(header.key.as_bytes());
        if let (Ok(key), Ok(value)) = (key, HeaderValue::from_bytes(value))
            && is_free(key.as_str())
        {
            headers.append(key, value);
        }
    }
    MetadataMap::from_headers(headers)
}

#[cfg(test)]
mod tests {
    use super::messages::DescriptorStatus;
    use super::*;

    fn over_limit(seconds: i64, nanos: i32) -> DescriptorStatus {
        DescriptorStatus {
            code: OVER_LIMIT,
            duration_until_reset: Some(messages::Duration { seconds, nanos }),
            ..DescriptorStatus::default()
        }
    }

    fn answer(overall_code: i32, statuses: Vec<DescriptorStatus>) -> RateLimitResponse {
        RateLimitResponse {
            overall_code,
            statuses,
            response_headers_to_add: Vec::new(),
        }
    }

    #[test]
    fn longest_valid_reset_applies() {
        let wait = |statuses| {
            let decision = decision(&answer(OVER_LIMIT, statuses)).unwrap();
            assert!(!decision.is_allowed());
            decision.retry_after()
        };
        assert_eq!(
            wait(vec![
                over_limit(1, 0),
                over_limit(3, 500_000_000),
                over_limit(2, 0)
            ]),
            Some(Duration::from_millis(3_500))
        );
        let fine = DescriptorStatus {
            code: OK,
            ..over_limit(100, 0)
        };
        assert_eq!(
            wait(vec![fine, over_limit(2, 0)]),
            Some(Duration::from_secs(2)),
            "descriptors below their limit do not count"
        );
        for absurd in [
            over_limit(-1, 0),
            over_limit(0, 0),
            over_limit(1, -1),
            over_limit(1, 1_000_000_000),
            over_limit(i64::MAX, 0),
            over_limit(i64::MIN, i32::MIN),
        ] {
            assert_eq!(wait(vec![absurd.clone()]), None, "{absurd:?}");
        }
        assert_eq!(wait(Vec::new()), None);
    }

    #[test]
    fn unknown_overall_code_is_an_error() {
        for code in [0, 3, -1, i32::MAX] {
            decision(&answer(code, vec![over_limit(1, 0)])).unwrap_err();
        }
    }
}
