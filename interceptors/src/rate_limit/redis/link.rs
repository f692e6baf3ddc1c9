//! The store's own connection, shared by all calls. A task reconnects it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use super::super::shared::patience::{FIRST_PAUSE, LONGEST_PAUSE, TIME_OUTS};
use super::super::{Rate, StoreError};
use super::{TakeCommand, decision, failed, is_unknown_script};

/// The timeout of one attempt to connect, including the server's first response.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The limit of the bucket that tests a new connection. It is full again after a millisecond.
static TRIAL_RATE: Rate = Rate::per_second(1_000);

pub(super) struct Link {
    client: redis::Client,
    state: watch::Sender<State>,
    time_outs: AtomicU32,
}

#[derive(Clone)]
enum State {
    /// No call has come yet, or the runtime of the connecting task was dropped.
    Idle,
    /// Calls wait for the result of the first attempt.
    Connecting,
    Up(Connection),
    /// Calls fail with this error while a task connects.
    Down(StoreError),
}

#[derive(Clone)]
struct Connection {
    redis: MultiplexedConnection,
    /// Wakes the calls that wait for responses when the connection is given up. Its address also identifies the
    /// connection.
    given_up: Arc<Notify>,
}

impl Link {
    pub(super) fn new(client: redis::Client) -> Self {
        Self {
            client,
            state: watch::Sender::new(State::Idle),
            time_outs: AtomicU32::new(0),
        }
    }

    /// Sends the script, and once more if the connection is lost meanwhile.
    pub(super) async fn ask(
        self: &Arc<Self>,
        take: &TakeCommand<'_>,
        until: Instant,
    ) -> Result<Value, StoreError> {
        // If it is dropped after `until`, it counts as a timeout.
        let prefix = take.key[0];
        let mut waiting = Waiting {
            link: self,
            prefix,
            until,
            is_answered: false,
        };
        let mut is_resent = false;
        loop {
            let connection = self.connection(prefix).await?;
            let error = match answer(&connection, take).await {
                Some(Ok(value)) => {
                    waiting.answered();
                    return Ok(value);
                }
                Some(Err(error)) => error,
                // The next attempt finds out why.
                None => continue,
            };
            if !is_lost(&error) {
                waiting.answered();
                return Err(failed(&error));
            }
            self.reconnect(&connection, prefix);
            if is_resent {
                return Err(failed(&error));
            }
            is_resent = true;
        }
    }

    /// The current connection, or the one that is being made.
    async fn connection(self: &Arc<Self>, prefix: &str) -> Result<Connection, StoreError> {
        match &*self.state.borrow() {
            State::Up(connection) => return Ok(connection.clone()),
            State::Down(why) => return Err(why.clone()),
            State::Idle | State::Connecting => {}
        }
        let mut changes = self.state.subscribe();
        let begins = self.state.send_if_modified(|state| {
            let is_idle = matches!(state, State::Idle);
            if is_idle {
                *state = State::Connecting;
            }
            is_idle
        });
        if begins {
            self.connect(prefix);
        }
        let is_decided = |state: &State| !matches!(state, State::Connecting);
        let decided = changes.wait_for(is_decided).await;
        match decided.as_deref() {
            Ok(State::Up(connection)) => Ok(connection.clone()),
            Ok(State::Down(why)) => Err(why.clone()),
            _ => Err(StoreError::new("the runtime that connected is gone")),
        }
    }

    /// Replaces this connection with a new one.
    fn reconnect(self: &Arc<Self>, lost: &Connection, prefix: &str) {
        let is_first = self.state.send_if_modified(|state| {
            let is_it = matches!(state, State::Up(connection) if Arc::ptr_eq(&connection.given_up, &lost.given_up));
            if is_it {
                *state = State::Connecting;
            }
            is_it
        });
        if is_first {
            self.connect(prefix);
        }
    }

    /// Gives up the connection, because the server does not respond.
    #[cold]
    fn give_up(self: &Arc<Self>, prefix: &str) {
        let why = StoreError::new(format_args!("Redis: {TIME_OUTS} calls in a row timed out"));
        let mut given_up = None;
        self.state.send_if_modified(|state| {
            match state {
                State::Up(connection) => given_up = Some(Arc::clone(&connection.given_up)),
                State::Connecting => {} // the task goes on
                State::Idle | State::Down(_) => return false,
            }
            *state = State::Down(why);
            true
        });
        if let Some(given_up) = given_up {
            self.connect(prefix);
            given_up.notify_waiters();
        }
    }

    fn connect(self: &Arc<Self>, prefix: &str) {
        let task = Connecting {
            link: Arc::downgrade(self),
            is_done: false,
        };
        let prefix = prefix.to_owned();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(task.run(prefix))),
            // Dropped outside of a runtime. The next call connects.
            Err(_) => drop(task),
        }
    }

    /// Opens a connection and runs the script on it.
    async fn open(&self, prefix: &str) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let client = &self.client;
        let redis = client.get_multiplexed_async_connection_with_config(&config);
        let connection = Connection {
            redis: redis.await?,
            given_up: Arc::default(),
        };
        // Only a write shows whether the server accepts writes and has loaded its data. It also makes the server cache
        // the script.
        let trial = TakeCommand {
            key: [prefix, "trial"],
            limit: &TRIAL_RATE,
        };
        let answer = send(&connection, &trial).await?;
        match decision(&answer) {
            Ok(_) => Ok(connection),
            Err(_) => Err(RedisError::from((
                ErrorKind::UnexpectedReturnType,
                "the script answered with something else",
            ))),
        }
    }
}

/// The server's response. `None` if the connection is given up meanwhile.
async fn answer(connection: &Connection, take: &TakeCommand<'_>) -> Option<RedisResult<Value>> {
    let mut given_up = pin!(connection.given_up.notified());
    let mut answer = pin!(send(connection, take));
    poll_fn(|cx| match answer.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => given_up.as_mut().poll(cx).map(|()| None),
    })
    .await
}

async fn send(connection: &Connection, take: &TakeCommand<'_>) -> RedisResult<Value> {
    let mut redis = connection.redis.clone();
    let answer = redis.send_packed_command(&take.by_hash()).await;
    match answer.and_then(Value::extract_error) {
        Err(error) if is_unknown_script(&error) => {
            let answer = redis.send_packed_command(&take.whole()).await;
            answer.and_then(Value::extract_error)
        }
        answer => answer,
    }
}

/// Whether another connection may help.
fn is_lost(error: &RedisError) -> bool {
    use ServerErrorKind::{BusyLoading, MasterDown, ReadOnly};
    let is_elsewhere = matches!(
        error.kind(),
        ErrorKind::Server(BusyLoading | MasterDown | ReadOnly)
    );
    is_elsewhere || error.is_io_error() || error.is_unrecoverable_error()
}

/// A call that waits for a response. Dropped after its time, it counts as a timeout. Dropped earlier, its caller has
/// cancelled it.
struct Waiting<'a> {
    link: &'a Arc<Link>,
    prefix: &'a str,
    until: Instant,
    is_answered: bool,
}

impl Waiting<'_> {
    fn answered(&mut self) {
        self.is_answered = true;
        // Read first, so that calls do not write to memory that threads share.
        if self.link.time_outs.load(Ordering::Relaxed) != 0 {
            self.link.time_outs.store(0, Ordering::Relaxed);
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.is_answered || Instant::now() < self.until {
            return;
        }
        let time_outs = self.link.time_outs.fetch_add(1, Ordering::Relaxed) + 1;
        if time_outs >= TIME_OUTS {
            self.link.give_up(self.prefix);
        }
    }
}

/// The connecting task. It ends once there is a connection, or once no store is left to use one.
struct Connecting {
    link: Weak<Link>,
    is_done: bool,
}

impl Connecting {
    async fn run(mut self, prefix: String) {
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(link) = self.link.upgrade() else {
                return;
            };
            let state = match timeout(CONNECT_TIMEOUT, link.open(&prefix)).await {
                Ok(Ok(connection)) => State::Up(connection),
                Ok(Err(error)) => State::Down(failed(&error)),
                Err(_) => State::Down(StoreError::new("Redis: no answer to a new connection")),
            };
            self.is_done = matches!(state, State::Up(_));
            if self.is_done {
                link.time_outs.store(0, Ordering::Relaxed);
            }
            link.state.send_replace(state);
            drop(link);
            if self.is_done {
                return;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        // Its runtime was dropped. The next call connects in another one.
        if !self.is_done
            && let Some(link) = self.link.upgrade()
        {
            link.state.send_replace(State::Idle);
        }
    }
}
