//! A Redis that rejects commands: with `LOADING` after a restart, and with `MASTERDOWN` on a replica without its master.
//!
//! A small Redis server of the test sends these errors. A real one is in these states too briefly.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use interceptors::intercept;
use interceptors::rate_limit::Redis;
use interceptors_proto::guide::user_service_server::UserService;
use interceptors_proto::guide::{GetUserRequest, User};
use interceptors_tests::{Events, Field};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tonic::{Code, Request, Response, Status};
use tracing_subscriber::filter::LevelFilter;

const LOADING: &str = "-LOADING Redis is loading the dataset in memory\r\n";
const MASTERDOWN: &str =
    "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n";
/// The reply for a call that passes with seven calls left.
const READY: &str = ":7\r\n";

/// Answers scripts with the reply that the test has set, and other commands with `OK`.
#[derive(Clone)]
struct Server(Arc<Told>);

struct Told {
    answer: Mutex<&'static str>,
    scripts: Mutex<usize>,
    port: u16,
}

impl Server {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self(Arc::new(Told {
            answer: Mutex::new(answer),
            scripts: Mutex::new(0),
            port: listener.local_addr().unwrap().port(),
        }));
        let told = Arc::clone(&server.0);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer_commands(stream, Arc::clone(&told)));
            }
        });
        server
    }

    fn store(&self) -> Redis {
        Redis::new(&format!("redis://127.0.0.1:{}", self.0.port)).unwrap()
    }

    fn answers(&self, answer: &'static str) {
        *self.0.answer.lock().unwrap() = answer;
    }

    /// How many scripts were requested since the last call of this function.
    fn scripts(&self) -> usize {
        std::mem::take(&mut self.0.scripts.lock().unwrap())
    }
}

async fn answer_commands(stream: TcpStream, told: Arc<Told>) {
    let mut stream = BufReader::new(stream);
    while let Some(command) = command(&mut stream).await {
        let is_script = command.eq_ignore_ascii_case(b"EVALSHA");
        let answer = match is_script {
            true => *told.answer.lock().unwrap(),
            false => "+OK\r\n",
        };
        *told.scripts.lock().unwrap() += usize::from(is_script);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The first word of the next command, which is an array of strings.
async fn command(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut first = None;
    for _ in 0..number(stream, '*').await? {
        let mut word = vec![0; number(stream, '$').await? + 2];
        stream.read_exact(&mut word).await.ok()?;
        word.truncate(word.len() - 2);
        first.get_or_insert(word);
    }
    first
}

async fn number(stream: &mut BufReader<TcpStream>, mark: char) -> Option<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.trim_end().strip_prefix(mark)?.parse().ok()
}

/// Each test uses separate types, because entries keep their state until the process ends.
macro_rules! services {
    ($($name:ident($($settings:tt)*);)*) => {$(
        struct $name(Redis);

        #[intercept(
            service = "demo.v1.UserService",
            rate_limit(per_second = 1, burst = 2, store = self.0, store_timeout = "5s", $($settings)*),
        )]
        #[tonic::async_trait]
        impl UserService for $name {
            async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
                Ok(Response::new(User::default()))
            }
        }
    )*};
}

services! {
    LoadingDenies(on_error = deny);
    LoadingAllows(on_error = allow);
    LoadingFalls(on_error = local);
    MasterdownDenies(on_error = deny);
    MasterdownAllows(on_error = allow);
    MasterdownFalls(on_error = local);
    TurnsUnready(on_error = deny);
}

async fn get(service: &impl UserService) -> Result<Response<User>, Status> {
    let request = Request::new(GetUserRequest::default());
    service.get_user(request).await
}

async fn code(service: &impl UserService) -> Code {
    get(service)
        .await
        .map_or_else(|status| status.code(), |_| Code::Ok)
}

async fn assert_denied(service: &impl UserService) {
    let status = get(service).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert_eq!(status.message(), "rate limit cannot be checked");
    assert_eq!(status.metadata().as_ref()["grpc-retry-pushback-ms"], "1000");
}

/// Calls until the store decides again.
async fn until_ready(service: &impl UserService) {
    let began = Instant::now();
    while code(service).await == Code::Unavailable {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the store does not recover"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Calls do not wait, `on_error` decides, and the store decides again once it is ready.
async fn on_error_decides<D: UserService, A: UserService, L: UserService>(
    answer: &'static str,
    word: &str,
    denies: fn(Redis) -> D,
    allows: fn(Redis) -> A,
    falls: fn(Redis) -> L,
) {
    let (log, _guard) = Events::listen(LevelFilter::INFO);
    let server = Server::start(answer).await;
    let began = Instant::now();
    let denies = denies(server.store());
    for _ in 0..20 {
        assert_denied(&denies).await;
    }
    let told = log.take();
    let warned = told.iter().filter(|it| it.get("on_error").is_some());
    let [warned] = &warned.collect::<Vec<_>>()[..] else {
        panic!("one event for the outage: {told:?}");
    };
    let Some(Field::Text(why)) = warned.get("error") else {
        panic!("{warned:?}");
    };
    assert!(why.contains(word), "{why}");

    let allows = allows(server.store());
    for _ in 0..20 {
        assert_eq!(code(&allows).await, Code::Ok);
    }
    let falls = falls(server.store());
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(code(&falls).await);
    }
    let local = [
        Code::Ok,
        Code::Ok,
        Code::ResourceExhausted,
        Code::ResourceExhausted,
    ];
    assert_eq!(codes, local, "the limit in the process decides");
    assert!(began.elapsed() < Duration::from_secs(4), "calls waited");

    server.answers(READY);
    until_ready(&denies).await;
    assert_eq!(code(&denies).await, Code::Ok);
}

#[tokio::test]
async fn on_error_decides_while_the_server_is_loading() {
    on_error_decides(
        LOADING,
        "loading",
        LoadingDenies,
        LoadingAllows,
        LoadingFalls,
    )
    .await;
}

#[tokio::test]
async fn on_error_decides_for_a_replica_without_master() {
    on_error_decides(
        MASTERDOWN,
        "MASTER",
        MasterdownDenies,
        MasterdownAllows,
        MasterdownFalls,
    )
    .await;
}

/// A server becomes unready. The call is retried on a new connection, and later attempts follow the pauses.
#[tokio::test]
async fn unready_server_is_asked_with_pauses() {
    for (n, answer) in [LOADING, MASTERDOWN].into_iter().enumerate() {
        let server = Server::start(READY).await;
        let service = TurnsUnready(server.store());
        assert_eq!(code(&service).await, Code::Ok, "{n}");
        server.answers(answer);
        server.scripts();
        for _ in 0..1_000 {
            assert_denied(&service).await;
        }
        // The first call, and the attempts of the task that connects, which are at least 50 ms apart.
        let asked = server.scripts();
        assert!((2..20).contains(&asked), "{asked}");
        server.answers(READY);
        until_ready(&service).await;
        assert_eq!(code(&service).await, Code::Ok);
    }
}
