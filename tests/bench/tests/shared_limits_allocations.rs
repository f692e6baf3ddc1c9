//! Allocations of one decision in Redis, on the thread of the calls.
//!
//! The server is a thread that gives every script the same reply, so the test needs no Redis.
#![allow(unsafe_code, clippy::unwrap_used)] // the counting allocator is unsafe code

mod counting;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use interceptors::intercept;
use interceptors::rate_limit::Redis;
use interceptors_proto::guide::user_service_server::UserService;
use interceptors_proto::guide::{GetUserRequest, User};
use tonic::{Request, Response, Status};

struct Shared(Redis);

#[intercept(rate_limit(per_second = 1_000, key = metadata("x-api-key"), store = self.0, on_error = deny, store_timeout = "10s"))]
#[tonic::async_trait]
impl UserService for Shared {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

struct Plain;

#[tonic::async_trait]
impl UserService for Plain {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

fn request() -> Request<GetUserRequest> {
    let mut request = Request::new(GetUserRequest::default());
    let key = "a-key-of-a-customer".parse().unwrap();
    request.metadata_mut().insert("x-api-key", key);
    request
}

fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || answer(stream));
        }
    });
    port
}

/// Replies to each script that seven calls are left.
fn answer(stream: TcpStream) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut first = None;
        for _ in 0..number(&mut stream)? {
            let mut word = vec![0; number(&mut stream)? + 2];
            stream.read_exact(&mut word).ok()?;
            first.get_or_insert(word);
        }
        let answer: &[u8] = match first?.eq_ignore_ascii_case(b"EVALSHA\r\n") {
            true => b":7\r\n",
            false => b"+OK\r\n",
        };
        stream.get_mut().write_all(answer).ok()?;
    }
}

/// The number after the first byte of a line of the Redis protocol.
fn number(stream: &mut impl BufRead) -> Option<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).ok()?;
    line.get(1..)?.trim_end().parse().ok()
}

/// The allocations per call, over many sequential calls on one thread.
fn per_call(service: &impl UserService) -> usize {
    const CALLS: usize = 200;
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        // The connection, and other one-time allocations.
        for _ in 0..20 {
            service.get_user(request()).await.unwrap();
        }
        let before = counting::so_far();
        for _ in 0..CALLS {
            service.get_user(request()).await.unwrap();
        }
        (counting::so_far() - before).div_ceil(CALLS)
    })
}

#[test]
fn redis_decision_takes_at_most_13_allocations() {
    let store = Redis::new(&format!("redis://127.0.0.1:{}", serve())).unwrap();
    let (shared, plain) = (per_call(&Shared(store)), per_call(&Plain));
    let decision = shared - plain;
    println!("{decision} allocations per decision");
    assert!((1..=13).contains(&decision), "{decision} allocations");
}
