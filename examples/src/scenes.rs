//! The client, scene by scene. Each scene checks its result.

use std::time::{Duration, Instant};

use interceptors::intercept;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{
    ChatMessage, FlakyRequest, GetUserRequest, ListUsersRequest, LoginRequest, User,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt;

use crate::story::{client, scene, server};
use crate::users::ACCOUNTS;
use crate::{Error, connect};

macro_rules! ensure {
    ($holds:expr, $($otherwise:tt)*) => {
        if !$holds {
            return Err(format!($($otherwise)*).into());
        }
    };
}

/// Plays all scenes against the server at this address.
///
/// # Errors
///
/// Fails if a scene does not go as expected.
pub async fn play(address: &str) -> Result<(), Error> {
    let mut users = UserServiceClient::new(connect(address).await?);

    scene("ada logs in. `Login` is public, and returns the token that all other methods need.");
    let ada = log_in(&mut users).await?;

    scene("With the token she looks up user 2, who is bob.");
    get_user(&mut users, &ada).await?;

    scene(
        "She lists users, as a stream. The server logs the call once, at its end, with the number of messages.",
    );
    list_users(&mut users, &ada).await?;

    scene(
        "She imports users, as a stream. The handler checks her identity: only admins may import.",
    );
    import_users(&mut users, &ada).await?;

    scene(
        "She chats, with streams in both directions. A chat is one long call, so it skips `rate_limit`.",
    );
    chat(&mut users, &ada).await?;

    scene("A call without a token, and a call with an invented token: neither reaches a handler.");
    be_rejected(&mut users).await?;

    scene(
        "Somebody guesses bob's password. Five logins from one address pass at once, then one every 200 ms.",
    );
    guess_passwords(&mut users).await?;

    scene("A handler fails twice. The server retries it. The client and the log see one call.");
    be_retried(&mut users, &ada).await?;

    scene(
        "A stream fails after two users. It opened successfully, but the log has its final status.",
    );
    fail_half_way(&mut users, &ada).await?;

    scene(
        "The client drops a stream of a thousand users. The log says how many messages were sent.",
    );
    drop_half_way(&mut users, &ada).await?;

    scene(
        "A server hangs up twice. The client's `retry` opens new connections, with growing pauses.",
    );
    reconnect(address, &ada).await
}

type Users = UserServiceClient<Channel>;

/// The token that a request carries.
struct Token(MetadataValue<Ascii>);

impl Token {
    fn new(token: &str) -> Result<Self, Error> {
        let mut value = MetadataValue::try_from(format!("Bearer {token}"))?;
        // Hides it in the `Debug` output of a request.
        value.set_sensitive(true);
        Ok(Self(value))
    }

    fn sign<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        request
    }
}

fn credentials([name, password]: [&str; 2]) -> LoginRequest {
    let (name, password) = (name.to_owned(), password.to_owned());
    LoginRequest { name, password }
}

async fn log_in(users: &mut Users) -> Result<Token, Error> {
    let (name, password) = ACCOUNTS[0];
    // If the scenes ran against this server a moment ago, the limit is used up.
    let mut reply = users.login(credentials([name, password])).await;
    if let Some(wait) = reply.as_ref().err().and_then(wait_asked_for) {
        tokio::time::sleep(wait).await;
        reply = users.login(credentials([name, password])).await;
    }
    let token = reply?.into_inner().token;
    client(format_args!(
        "{name} has a token of {} characters",
        token.len()
    ));
    Token::new(&token)
}

async fn get_user(users: &mut Users, token: &Token) -> Result<(), Error> {
    let request = token.sign(GetUserRequest { id: 2 });
    let user = users.get_user(request).await?.into_inner();
    ensure!(user.name == "bob", "user 2 should be bob");
    Ok(())
}

async fn list_users(users: &mut Users, token: &Token) -> Result<(), Error> {
    let request = token.sign(ListUsersRequest {
        limit: 3,
        ..Default::default()
    });
    let mut stream = users.list_users(request).await?.into_inner();
    let mut names = Vec::new();
    while let Some(user) = stream.message().await? {
        names.push(user.name);
    }
    ensure!(
        names.len() == 3,
        "three users should come, not {}",
        names.len()
    );
    Ok(())
}

async fn import_users(users: &mut Users, token: &Token) -> Result<(), Error> {
    let new = ["grace", "edsger", "barbara"].map(str::to_owned);
    let new = (2001..).zip(new).map(|(id, name)| User { id, name });
    let request = token.sign(tokio_stream::iter(new));
    let imported = users.import_users(request).await?.into_inner().imported;
    ensure!(imported == 3, "three users should be imported");
    Ok(())
}

async fn chat(users: &mut Users, token: &Token) -> Result<(), Error> {
    let (say, said) = mpsc::channel(1);
    let request = token.sign(ReceiverStream::new(said));
    let mut replies = users.chat(request).await?.into_inner();
    for text in ["hello", "goodbye"] {
        let text = text.to_owned();
        say.send(ChatMessage { text: text.clone() }).await?;
        let reply = replies.message().await?.ok_or("the chat ended too early")?;
        ensure!(
            reply.text == format!("ada, you said: {text}"),
            "the handler should know its caller"
        );
    }
    drop(say);
    ensure!(
        replies.message().await?.is_none(),
        "the chat should be over"
    );
    Ok(())
}

async fn be_rejected(users: &mut Users) -> Result<(), Error> {
    let without = users.get_user(GetUserRequest { id: 2 }).await;
    refused(without, Code::Unauthenticated)?;
    let invented = Token::new("let-me-in")?.sign(GetUserRequest { id: 2 });
    refused(users.get_user(invented).await, Code::Unauthenticated)?;
    Ok(())
}

async fn guess_passwords(users: &mut Users) -> Result<(), Error> {
    let (name, password) = ACCOUNTS[1];
    let mut refusal = None;
    for guess in 1..=100 {
        let request = credentials([name, &format!("password{guess}")]);
        let status = match users.login(request).await {
            Ok(_) => return Err("a guess should not be right".into()),
            Err(status) => status,
        };
        if status.code() != Code::Unauthenticated {
            refusal = Some(refused::<()>(Err(status), Code::ResourceExhausted)?);
            break;
        }
    }
    let refusal = refusal.ok_or("the guesses should have been limited")?;
    let wait = wait_asked_for(&refusal).ok_or("the refusal should say how long to wait")?;
    let milliseconds = wait.as_millis();
    client(format_args!(
        "waits for {milliseconds} ms, as `RetryInfo` says"
    ));
    tokio::time::sleep(wait).await;
    users.login(credentials([name, password])).await?;
    Ok(())
}

async fn be_retried(users: &mut Users, token: &Token) -> Result<(), Error> {
    let request = token.sign(FlakyRequest {
        key: "demo".to_owned(),
        failures: 2,
        code: Code::Unavailable.into(),
    });
    let attempts = users.flaky(request).await?.into_inner().attempts;
    client(format_args!("one response, after {attempts} attempts"));
    ensure!(attempts == 3, "the third attempt should succeed");
    Ok(())
}

async fn fail_half_way(users: &mut Users, token: &Token) -> Result<(), Error> {
    let request = token.sign(ListUsersRequest {
        limit: 10,
        fail_after: 2,
        fail_code: Code::Unavailable.into(),
    });
    let mut stream = users.list_users(request).await?.into_inner();
    let mut received = 0;
    let end = loop {
        match stream.message().await {
            Ok(Some(_)) => received += 1,
            Ok(None) => break Ok(Response::new(())),
            Err(status) => break Err(status),
        }
    };
    refused(end, Code::Unavailable)?;
    ensure!(received == 2, "two users should come first");
    Ok(())
}

async fn drop_half_way(users: &mut Users, token: &Token) -> Result<(), Error> {
    let request = token.sign(ListUsersRequest {
        limit: 1000,
        ..Default::default()
    });
    let mut stream = users.list_users(request).await?.into_inner();
    for _ in 0..2 {
        ensure!(stream.message().await?.is_some(), "two users should come");
    }
    drop(stream);
    // The server notices it a moment later. Its log line belongs to this scene.
    tokio::time::sleep(Duration::from_millis(50)).await;
    Ok(())
}

/// The policy of the last scene's client.
#[intercept(deadline("10s"), retry(max = 3, base_delay = "20ms"))]
struct Reconnecting;

async fn reconnect(address: &str, token: &Token) -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let channel = Endpoint::from_shared(format!("http://{}", listener.local_addr()?))?;
    let door = tokio::spawn(hang_up(listener, 2, address.to_owned()));
    let mut users = UserServiceClient::new(Reconnecting.wrap(channel.connect_lazy()));
    let request = token.sign(GetUserRequest { id: 2 });
    let started = Instant::now();
    let user = users.get_user(request).await?.into_inner();
    client(format_args!(
        "user {} is {}, after {:.1} ms",
        user.id,
        user.name,
        started.elapsed().as_secs_f64() * 1e3
    ));
    door.abort();
    ensure!(user.name == "bob", "user 2 should be bob");
    Ok(())
}

/// Hangs up on the first `times` connections, and forwards the next one to the server.
async fn hang_up(listener: TcpListener, times: u32, address: String) -> std::io::Result<()> {
    for _ in 0..times {
        drop(listener.accept().await?);
    }
    server(format_args!("hung up on {times} connections"));
    let (mut caller, _) = listener.accept().await?;
    let mut server = TcpStream::connect(address).await?;
    tokio::io::copy_bidirectional(&mut caller, &mut server).await?;
    Ok(())
}

/// Checks that the call was rejected with this code.
fn refused<M>(reply: Result<Response<M>, Status>, expected: Code) -> Result<Status, Error> {
    match reply {
        Err(status) if status.code() == expected => Ok(status),
        Err(status) => Err(format!("expected {expected:?}: {status}").into()),
        Ok(_) => Err(format!("expected {expected:?}, and the call succeeded").into()),
    }
}

/// How long the server asks to wait.
fn wait_asked_for(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}
