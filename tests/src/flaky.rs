//! A server that does as a script says, attempt by attempt, down to the frames of HTTP/2.
//!
//! It is connected in memory, so that tests can pause the clock and tell every moment exactly.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use interceptors_proto::demo::{ChatMessage, User};
use prost::Message;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::time::{Instant, sleep};
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

/// What the server does with one attempt: reads, waits, and answers.
#[derive(Debug, Clone)]
pub struct Action {
    read: Read,
    delay: Duration,
    answer: Answer,
    pushback: Vec<&'static str>,
    pushback_in_headers: bool,
    reads_on: bool,
}

#[derive(Debug, Clone, Copy)]
enum Read {
    All,
    Messages(usize),
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    /// Headers, so many messages, and how it goes on.
    Messages(u64, Then),
    TrailersOnly(Code),
    /// A message for each message, and `OK` when the client is done.
    Echo,
    Reset(Reason),
    GoAway(Reason, GoAway),
    Hang,
    Http(u16),
    Page(u16),
}

/// Which frames say so.
#[derive(Debug, Clone, Copy)]
enum GoAway {
    /// One, below the stream.
    Below,
    /// One far above, as a server begins that ends in good order, and one below the stream.
    AboveAndBelow,
    /// One at the stream, and one above it, which is not allowed.
    Rising,
}

#[derive(Debug, Clone, Copy)]
enum Then {
    End(Code),
    Hang,
}

fn action(answer: Answer) -> Action {
    Action {
        read: Read::All,
        delay: Duration::ZERO,
        answer,
        pushback: Vec::new(),
        pushback_in_headers: false,
        reads_on: false,
    }
}

/// Answers with so many messages, and `OK`.
pub fn answer(messages: u64) -> Action {
    action(Answer::Messages(messages, Then::End(Code::Ok)))
}

/// Fails with one HEADERS frame: Trailers-Only.
pub fn fail(code: Code) -> Action {
    action(Answer::TrailersOnly(code))
}

/// Sends headers and so many messages, and then fails.
pub fn fail_after(messages: u64, code: Code) -> Action {
    action(Answer::Messages(messages, Then::End(code)))
}

/// Sends headers and so many messages, and then nothing any more.
pub fn hang_after(messages: u64) -> Action {
    action(Answer::Messages(messages, Then::Hang))
}

/// Answers each message as it comes.
pub fn echo() -> Action {
    action(Answer::Echo)
}

/// Resets the stream.
pub fn reset(reason: Reason) -> Action {
    action(Answer::Reset(reason))
}

/// Says, with a GOAWAY frame, that this stream was not and will not be processed.
pub fn go_away() -> Action {
    go_away_with(Reason::NO_ERROR)
}

/// The same, for a reason.
pub fn go_away_with(reason: Reason) -> Action {
    action(Answer::GoAway(reason, GoAway::Below))
}

/// The same, with a first GOAWAY that announces the second.
pub fn go_away_twice() -> Action {
    action(Answer::GoAway(Reason::NO_ERROR, GoAway::AboveAndBelow))
}

/// Sends a second GOAWAY with a last stream above that of the first, which breaks the connection.
pub fn go_away_rising() -> Action {
    action(Answer::GoAway(Reason::NO_ERROR, GoAway::Rising))
}

/// Never answers.
pub fn hang() -> Action {
    action(Answer::Hang)
}

/// Answers as a proxy does: an HTTP status, and nothing of gRPC.
pub fn http(status: u16) -> Action {
    action(Answer::Http(status))
}

/// The same, with a page for people.
pub fn page(status: u16) -> Action {
    action(Answer::Page(status))
}

impl Action {
    /// Waits before it answers.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Reads only so many messages before it answers, and not the whole request.
    #[must_use]
    pub fn reading(mut self, messages: usize) -> Self {
        self.read = Read::Messages(messages);
        self
    }

    /// Goes on reading after it has failed, where others reset what is left of the request.
    #[must_use]
    pub fn reading_on(mut self) -> Self {
        self.reads_on = true;
        self
    }

    /// Adds a `grpc-retry-pushback-ms` to the trailers.
    #[must_use]
    pub fn pushback(mut self, value: &'static str) -> Self {
        self.pushback.push(value);
        self
    }

    /// Moves the pushback from the trailers to the headers.
    #[must_use]
    pub fn in_headers(mut self) -> Self {
        self.pushback_in_headers = true;
        self
    }
}

/// What the server saw of one attempt.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When it came, in milliseconds since the server was made.
    pub at: u64,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The encoded request messages that have been read so far.
    pub messages: Vec<Bytes>,
    /// The client has said that it will send no more.
    pub half_closed: bool,
    /// The client gave the attempt up: why, and when.
    pub reset: Option<(Reason, u64)>,
}

impl Attempt {
    /// A header, if there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        Some(value.to_str().unwrap())
    }
}

/// See the [module's documentation](self). A clone is the same server.
#[derive(Debug, Clone)]
pub struct FlakyServer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    started: Instant,
    script: Mutex<VecDeque<Action>>,
    attempts: Mutex<Vec<Attempt>>,
}

impl FlakyServer {
    /// A server that takes one action for each attempt, and answers with one message when there are no
    /// more.
    pub fn new(script: impl IntoIterator<Item = Action>) -> Self {
        Self(Arc::new(Shared {
            started: Instant::now(),
            script: Mutex::new(script.into_iter().collect()),
            attempts: Mutex::default(),
        }))
    }

    /// A channel to it.
    pub fn channel(&self) -> Channel {
        self.channel_after(0)
    }

    /// A channel to it that cannot be connected for so many times.
    pub fn channel_after(&self, failures: u32) -> Channel {
        let shared = Arc::clone(&self.0);
        let mut failures = failures;
        let connector = tower::service_fn(move |_| {
            let connected = match failures.checked_sub(1) {
                Some(left) => {
                    failures = left;
                    Err(io::Error::from(io::ErrorKind::ConnectionRefused))
                }
                None => {
                    let (client, server) = tokio::io::duplex(1 << 20);
                    tokio::spawn(serve(Arc::clone(&shared), server));
                    Ok(TokioIo::new(client))
                }
            };
            async move { connected }
        });
        Endpoint::from_static("http://flaky.test").connect_with_connector_lazy(connector)
    }

    /// A channel to it that hangs up on the first connections, so many, and how many there were in all.
    pub fn hanging_up(&self, hang_up: HangUp, times: u32) -> (Channel, Arc<AtomicU32>) {
        let connections = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&connections);
        let shared = Arc::clone(&self.0);
        let connector = tower::service_fn(move |_| {
            let (client, server) = tokio::io::duplex(1 << 20);
            let io = match count.fetch_add(1, Ordering::Relaxed) < times {
                true => {
                    tokio::spawn(hang_up.play(server));
                    Resetting {
                        io: client,
                        resets: hang_up == HangUp::Reset,
                    }
                }
                false => {
                    tokio::spawn(serve(Arc::clone(&shared), server));
                    Resetting {
                        io: client,
                        resets: false,
                    }
                }
            };
            async move { Ok::<_, io::Error>(TokioIo::new(io)) }
        });
        let endpoint = Endpoint::from_static("http://flaky.test");
        let channel = endpoint.connect_with_connector_lazy(connector);
        (channel, connections)
    }

    /// Adds to the script.
    pub fn then(&self, actions: impl IntoIterator<Item = Action>) {
        self.0.script.lock().unwrap().extend(actions);
    }

    /// Takes back what is left of the script.
    pub fn forget(&self) {
        self.0.script.lock().unwrap().clear();
    }

    /// The attempts so far.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.0.attempts.lock().unwrap().clone()
    }

    /// When the attempts so far were made, in milliseconds.
    pub fn times(&self) -> Vec<u64> {
        self.attempts().iter().map(|attempt| attempt.at).collect()
    }

    /// A header of each attempt so far; `-` where there was none.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let attempts = self.attempts();
        let values = attempts.iter().map(|attempt| attempt.header(name));
        values.map(|value| value.unwrap_or("-").into()).collect()
    }

    /// The milliseconds since the server was made.
    pub fn now(&self) -> u64 {
        self.0.now()
    }
}

/// When a server hangs up on a connection that it has accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    /// At once.
    AtOnce,
    /// When it has read the preface of HTTP/2.
    AfterThePreface,
    /// When it has sent its SETTINGS.
    AfterSettings,
    /// With RST.
    Reset,
}

impl HangUp {
    /// Each of them.
    pub const ALL: [Self; 4] = [
        Self::AtOnce,
        Self::AfterThePreface,
        Self::AfterSettings,
        Self::Reset,
    ];

    /// Does so, on any connection.
    pub async fn play(self, mut io: impl AsyncRead + AsyncWrite + Unpin) {
        const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        if self == Self::AfterThePreface {
            let _ = io.read_exact(&mut [0; 24]).await;
        }
        if self == Self::AfterSettings {
            let _ = io.write_all(&SETTINGS).await;
        }
    }
}

/// A connection that the other side may have reset.
struct Resetting {
    io: DuplexStream,
    resets: bool,
}

impl AsyncRead for Resetting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.resets {
            true => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            false => Pin::new(&mut self.io).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Resetting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap()
    }

    fn arrived<B>(self: &Arc<Self>, request: &Request<B>) -> (Record, Action) {
        let attempt = Attempt {
            at: self.now(),
            headers: request.headers().clone(),
            messages: Vec::new(),
            half_closed: false,
            reset: None,
        };
        let mut attempts = self.attempts.lock().unwrap();
        attempts.push(attempt);
        let record = Record {
            shared: Arc::clone(self),
            number: attempts.len(),
        };
        let action = self.script.lock().unwrap().pop_front();
        (record, action.unwrap_or_else(|| answer(1)))
    }
}

/// Where what is seen of an attempt is written down.
#[derive(Clone)]
struct Record {
    shared: Arc<Shared>,
    /// 1 for the first.
    number: usize,
}

impl Record {
    fn write(&self, write: impl FnOnce(&mut Attempt)) {
        write(&mut self.shared.attempts.lock().unwrap()[self.number - 1]);
    }

    fn reset(&self, reason: Reason) {
        let now = self.shared.now();
        self.write(|attempt| {
            attempt.reset.get_or_insert((reason, now));
        });
    }
}

async fn serve(shared: Arc<Shared>, io: DuplexStream) {
    let injected = Injected::default();
    let io = Injecting {
        io,
        injected: Arc::clone(&injected),
    };
    let mut builder = h2::server::Builder::new();
    builder
        // Large enough for every test, so that nothing waits for what is not read.
        .initial_window_size(1 << 20)
        .initial_connection_window_size(1 << 20);
    let Ok(mut connection) = builder.handshake::<_, Bytes>(io).await else {
        return;
    };
    let mut refused = Vec::new();
    // Accepting is also what drives the connection.
    while let Some(Ok((request, respond))) = connection.accept().await {
        let (record, action) = shared.arrived(&request);
        if let Answer::GoAway(reason, frames) = action.answer {
            let stream = respond.stream_id().as_u32();
            let last_streams = match frames {
                GoAway::Below => vec![stream.saturating_sub(2)],
                GoAway::AboveAndBelow => vec![u32::MAX >> 1, stream.saturating_sub(2)],
                GoAway::Rising => vec![stream, stream + 2],
            };
            for last in last_streams {
                let frame = goaway(last, reason);
                injected.lock().unwrap().extend_from_slice(&frame);
            }
            refused.push((request, respond));
            continue;
        }
        tokio::spawn(play(action, request, respond, record));
    }
}

/// The frame that says that nothing after this stream is processed.
fn goaway(last_stream: u32, reason: Reason) -> [u8; 17] {
    let mut frame = [0; 17];
    frame[2] = 8; // the payload's length
    frame[3] = 7; // GOAWAY
    frame[9..13].copy_from_slice(&last_stream.to_be_bytes());
    frame[13..].copy_from_slice(&u32::from(reason).to_be_bytes());
    frame
}

async fn play(
    action: Action,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    record: Record,
) {
    let is_chat = request.uri().path().ends_with("/Chat");
    let mut reader = Reader {
        body: request.into_body(),
        buffer: BytesMut::new(),
        received: 0,
        record: record.clone(),
    };
    let wait = async {
        reader.read(action.read).await;
        reader.on_during(sleep(action.delay)).await;
    };
    tokio::select! {
        biased;
        reason = poll_fn(|cx| respond.poll_reset(cx)) => {
            if let Ok(reason) = reason {
                record.reset(reason);
            }
            return;
        }
        () = wait => {}
    }
    let message = |i: u64| {
        let id = record.number as u64 * 10 + i;
        let data = match is_chat {
            // The other responses have a number in their first field.
            false => User {
                id,
                ..User::default()
            }
            .encode_to_vec(),
            true => ChatMessage {
                text: id.to_string(),
            }
            .encode_to_vec(),
        };
        let mut frame = BytesMut::new();
        frame.put_u8(0);
        frame.put_u32(u32::try_from(data.len()).unwrap());
        frame.put_slice(&data);
        frame.freeze()
    };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    let mut trailers = HeaderMap::new();
    for value in &action.pushback {
        let to = match action.pushback_in_headers {
            true => &mut headers,
            false => &mut trailers,
        };
        to.append("grpc-retry-pushback-ms", HeaderValue::from_static(value));
    }
    let status = |code: Code, mut trailers: HeaderMap| {
        trailers.insert("grpc-status", (code as i32).into());
        if code != Code::Ok {
            let text = format!("attempt {} failed", record.number);
            trailers.insert("grpc-message", text.try_into().unwrap());
        }
        trailers
    };
    let response = |status: StatusCode, headers: HeaderMap| {
        let mut response = Response::new(());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    };
    // What fails here failed because the client has gone, which is seen elsewhere.
    match action.answer {
        Answer::TrailersOnly(code) => {
            headers.extend(status(code, trailers));
            let sent = respond.send_response(response(StatusCode::OK, headers), true);
            if let (Ok(mut stream), true) = (sent, action.reads_on) {
                let given_up = poll_fn(|cx| stream.poll_reset(cx));
                if let Ok(reason) = reader.on_during(given_up).await {
                    record.reset(reason);
                }
            }
        }
        Answer::Http(code) => {
            let code = StatusCode::from_u16(code).unwrap();
            let _ = respond.send_response(response(code, HeaderMap::new()), true);
        }
        Answer::Page(code) => {
            let code = StatusCode::from_u16(code).unwrap();
            headers.insert("content-type", HeaderValue::from_static("text/html"));
            if let Ok(mut stream) = respond.send_response(response(code, headers), false) {
                let _ = stream.send_data("<p>Sorry".into(), true);
            }
        }
        Answer::Reset(reason) => respond.send_reset(reason),
        Answer::GoAway(..) => unreachable!("done where the connection is"),
        Answer::Hang => {
            let given_up = poll_fn(|cx| respond.poll_reset(cx));
            if let Ok(reason) = reader.on_during(given_up).await {
                record.reset(reason);
            }
        }
        Answer::Messages(messages, then) => {
            let response = response(StatusCode::OK, headers);
            let Ok(mut stream) = respond.send_response(response, false) else {
                return;
            };
            for i in 0..messages {
                let _ = stream.send_data(message(i), false);
            }
            match then {
                Then::End(code) => {
                    let _ = stream.send_trailers(status(code, trailers));
                }
                Then::Hang => {
                    let given_up = poll_fn(|cx| stream.poll_reset(cx));
                    if let Ok(reason) = reader.on_during(given_up).await {
                        record.reset(reason);
                    }
                }
            }
        }
        Answer::Echo => {
            let response = response(StatusCode::OK, headers);
            let Ok(mut stream) = respond.send_response(response, false) else {
                return;
            };
            reader.echo(&mut stream, message).await;
            let _ = stream.send_trailers(status(Code::Ok, trailers));
        }
    }
}

/// Reads a request, and writes down what it reads.
struct Reader {
    body: RecvStream,
    buffer: BytesMut,
    received: usize,
    record: Record,
}

impl Reader {
    /// Reads until there is another message. `None` at the end of the request; never returns where the
    /// client has reset the stream, which is waited for elsewhere.
    async fn message(&mut self) -> Option<()> {
        loop {
            if self.buffer.len() >= 5 {
                let length = (&self.buffer[1..5]).get_u32() as usize;
                if self.buffer.len() >= 5 + length {
                    self.buffer.advance(5);
                    let message = self.buffer.split_to(length).freeze();
                    self.received += 1;
                    self.record.write(|attempt| attempt.messages.push(message));
                    return Some(());
                }
            }
            match self.body.data().await {
                Some(Ok(data)) => {
                    let _ = self.body.flow_control().release_capacity(data.len());
                    self.buffer.extend_from_slice(&data);
                }
                Some(Err(error)) => {
                    if let Some(reason) = error.reason() {
                        self.record.reset(reason);
                    }
                    pending().await
                }
                None => {
                    self.record.write(|attempt| attempt.half_closed = true);
                    return None;
                }
            }
        }
    }

    async fn read(&mut self, what: Read) {
        let enough = |received| matches!(what, Read::Messages(n) if received >= n);
        while !enough(self.received) && self.message().await.is_some() {}
    }

    /// Reads on while something else happens.
    async fn on_during<F: Future>(&mut self, other: F) -> F::Output {
        let reading = async {
            while self.message().await.is_some() {}
            pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            never = reading => match never {},
            output = other => output,
        }
    }

    async fn echo(&mut self, stream: &mut SendStream<Bytes>, message: impl Fn(u64) -> Bytes) {
        for i in 0.. {
            if i as usize == self.received && self.message().await.is_none() {
                return;
            }
            let _ = stream.send_data(message(i), false);
        }
    }
}

/// Bytes that are to be written between the frames of a connection.
type Injected = Arc<Mutex<BytesMut>>;

struct Injecting {
    io: DuplexStream,
    injected: Injected,
}

impl Injecting {
    fn poll_inject(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut injected = self.injected.lock().unwrap();
        while !injected.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &injected))?;
            injected.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Injecting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Injecting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, data)
    }

    // What was written before is on its way then, so this is between two frames.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_inject(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
