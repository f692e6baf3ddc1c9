//! Limits in Redis or Valkey.

mod link;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, ErrorKind, RedisError, RedisResult, Script, ServerErrorKind, Value};

use self::link::Link;
use super::shared::patience::TimeoutBreaker;
use super::{Bucket, Decision, Rate, Store, StoreError};

static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(SOURCE));
const SOURCE: &str = include_str!("gcra.lua");

/// A [`Store`](super::Store) in Redis 5 or later, or in Valkey. All processes with the same server and prefix share their limits.
///
/// ```
/// use interceptors::intercept;
/// use interceptors::rate_limit::{Redis, StoreError};
/// # use interceptors_proto::guide::user_service_server::UserService;
/// # use interceptors_proto::guide::{GetUserRequest, User};
/// # use tonic::{Request, Response, Status};
///
/// struct Users {
///     limits: Redis,
/// }
///
/// #[intercept(rate_limit(per_second = 200, burst = 50, key = peer, store = self.limits, store_timeout = "50ms"))]
/// # #[tonic::async_trait]
/// # impl UserService for Users {
/// #     async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
/// #         Ok(Response::new(User::default()))
/// #     }
/// # }
///
/// # fn main() -> Result<(), StoreError> {
/// let users = Users { limits: Redis::new("redis://127.0.0.1:6379")?.prefix("shop:") };
/// # let _ = users.limits;
/// # Ok(())
/// # }
/// ```
///
/// A decision takes one round trip. It runs a script (GCRA, by `EVALSHA`) on one key, whose name is the prefix and [`Bucket::id`]. A key expires when
/// its bucket is full again. The script uses the clock of the Redis server, so the clocks of the processes do not have to agree.
///
/// # Connection
///
/// All calls share one connection, which is opened at the first call. If it breaks, the call is sent once more on a new connection. In these cases,
/// calls get an error at once, and `on_error` decides without a wait: if no connection can be opened, if the server is read-only or loading its data,
/// and after five timeouts in a row. Meanwhile a task reconnects, with pauses of 50 ms that double up to 500 ms.
///
/// For TLS, enable a feature of the crate `redis` (such as `tokio-rustls-comp`) and write `rediss://`. For a cluster, for sentinels, and for
/// everything else, use [`with_connection`](Self::with_connection).
///
/// Clones share one store.
#[derive(Clone)]
pub struct Redis {
    server: Server,
    prefix: Arc<str>,
}

#[derive(Clone)]
enum Server {
    Own(Arc<Link>),
    UserConnection(Arc<UserConnection>),
}

impl Redis {
    /// A store at this URL: `redis://[user:password@]host[:port][/database]`. It connects at the first call.
    ///
    /// # Errors
    ///
    /// If the URL is malformed.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let client = redis::Client::open(url).map_err(|error| failed(&error))?;
        Ok(Self::of(Server::Own(Arc::new(Link::new(client)))))
    }

    /// A store over your own connection: to a cluster, through sentinels, or with your own TLS. The connection must reconnect by itself. After five
    /// timeouts in a row, it is asked again with pauses of 50 ms that double up to 500 ms.
    ///
    /// The connection is cloned for each call, so it should be multiplexed, like `redis::cluster_async::ClusterConnection` and
    /// `redis::aio::ConnectionManager`.
    #[must_use]
    pub fn with_connection(
        connection: impl ConnectionLike + Clone + Send + Sync + 'static,
    ) -> Self {
        let ask =
            move |command: Arc<Cmd>| -> Pin<Box<dyn Future<Output = RedisResult<Value>> + Send>> {
                let mut connection = connection.clone();
                Box::pin(async move {
                    let answer = connection.req_packed_command(&command).await;
                    answer.and_then(Value::extract_error)
                })
            };
        Self::of(Server::UserConnection(Arc::new(UserConnection {
            ask: Box::new(ask),
            patience: TimeoutBreaker::default(),
        })))
    }

    fn of(server: Server) -> Self {
        Self {
            server,
            prefix: "rate_limit:".into(),
        }
    }

    /// The prefix of all keys in Redis. Default: `rate_limit:`.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL is left out because it holds a password.
        f.debug_struct("Redis")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Store for Redis {
    async fn take(&self, bucket: &Bucket<'_>) -> Result<Decision, StoreError> {
        let limit = bucket.limit();
        let limit = limit.ok_or_else(|| StoreError::new("`Redis` has no limits of its own"))?;
        let take = TakeCommand {
            key: [&*self.prefix, bucket.id()],
            limit,
        };
        let value = match &self.server {
            Server::Own(link) => link.ask(&take, bucket.until).await?,
            Server::UserConnection(given) => given.ask(&take, bucket.until).await?,
        };
        decision(&value)
    }
}

/// The script's command for one bucket.
struct TakeCommand<'a> {
    /// Prefix and ID.
    key: [&'a str; 2],
    limit: &'a Rate,
}

impl TakeCommand<'_> {
    /// Sends only the hash, once the server has cached the script.
    fn by_hash(&self) -> Cmd {
        self.command("EVALSHA", SCRIPT.get_hash())
    }

    /// Sends the whole script.
    fn whole(&self) -> Cmd {
        self.command("EVAL", SOURCE)
    }

    fn command(&self, name: &'static str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        let step = self.limit.period().as_secs_f64() * 1e6 / f64::from(self.limit.calls());
        command
            .arg(script)
            .arg(1)
            .arg(self.key.concat())
            .arg(step)
            .arg(self.limit.burst_size());
        command
    }
}

fn decision(value: &Value) -> Result<Decision, StoreError> {
    match *value {
        Value::Int(remaining @ 0..) => {
            let remaining = u32::try_from(remaining).unwrap_or(u32::MAX);
            Ok(Decision::allowed().remaining(remaining))
        }
        Value::Int(wait) => Ok(Decision::denied(Duration::from_micros(wait.unsigned_abs()))),
        _ => Err(StoreError::new("Redis answered with something else")),
    }
}

fn failed(error: &RedisError) -> StoreError {
    StoreError::new(format_args!("Redis: {error}"))
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

type Ask =
    dyn Fn(Arc<Cmd>) -> Pin<Box<dyn Future<Output = RedisResult<Value>> + Send>> + Send + Sync;

/// A connection that the user provides.
struct UserConnection {
    ask: Box<Ask>,
    patience: TimeoutBreaker,
}

impl UserConnection {
    async fn ask(
        &self,
        take: &TakeCommand<'_>,
        until: tokio::time::Instant,
    ) -> Result<Value, StoreError> {
        let asking = self.patience.ask(until)?;
        let mut answer = (self.ask)(Arc::new(take.by_hash())).await;
        if answer.as_ref().is_err_and(is_unknown_script) {
            answer = (self.ask)(Arc::new(take.whole())).await;
        }
        match &answer {
            Err(error) if error.is_timeout() => asking.timed_out(),
            _ => asking.answered(),
        }
        answer.map_err(|error| failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_hidden_in_debug_output_and_errors() {
        let redis = Redis::new("redis://:s3cret@127.0.0.1").unwrap();
        assert!(!format!("{redis:?}").contains("s3cret"));
        let error = Redis::new("http://:s3cret@127.0.0.1").unwrap_err();
        assert!(!format!("{error:?} {error}").contains("s3cret"), "{error}");
    }

    #[test]
    fn command_has_the_exact_limit() {
        let limit = Rate::per_second(3).burst(1);
        let take = TakeCommand {
            key: ["rate_limit:", "S:3/1s:1"],
            limit: &limit,
        };
        let packed = take.by_hash().get_packed_command();
        let text = String::from_utf8(packed).unwrap();
        let words: Vec<&str> = text.split("\r\n").collect();
        assert!(words.contains(&"rate_limit:S:3/1s:1"), "{words:?}");
        assert!(
            words.iter().any(|word| word.starts_with("333333.33333")),
            "{words:?}"
        );
    }

    #[test]
    fn replies_are_parsed() {
        assert_eq!(decision(&Value::Int(7)).unwrap().remaining_calls(), Some(7));
        let denied = decision(&Value::Int(-1_500)).unwrap();
        assert_eq!(denied.retry_after(), Some(Duration::from_micros(1_500)));
        decision(&Value::Nil).unwrap_err();
    }
}
