//! A server that fails, to show what clients do then. It prints each attempt that arrives.

use std::pin::Pin;
use std::time::Duration;

use interceptors_proto::demo::user_service_server::UserService;
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use tokio_stream::{Stream, StreamExt};
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

/// The service.
#[derive(Debug)]
pub struct FlakyUsers;

type Messages<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Prints the attempt, and returns the number of attempts before it.
fn arrived(method: &str, metadata: &MetadataMap) -> u32 {
    let text = |key: &str| metadata.get(key).and_then(|value| value.to_str().ok());
    let previous = text("grpc-previous-rpc-attempts").and_then(|n| n.parse().ok());
    let previous = previous.unwrap_or(0);
    println!(
        "   server: {method}, attempt {}, {}, {} to go",
        previous + 1,
        text("x-trace-id").unwrap_or("no trace id"),
        text("grpc-timeout").map_or("no deadline".to_owned(), in_milliseconds),
    );
    previous
}

fn in_milliseconds(timeout: &str) -> String {
    let (digits, unit) = timeout.split_at(timeout.len() - 1);
    let per_millisecond = match unit {
        "n" => 1_000_000,
        "u" => 1_000,
        _ => return timeout.to_owned(),
    };
    let n: u64 = digits.parse().unwrap_or(0);
    format!("{} ms", n / per_millisecond)
}

fn must_be_known(metadata: &MetadataMap) -> Result<(), Status> {
    match metadata.get("authorization") {
        Some(token) if token == "Bearer s3cret" => Ok(()),
        _ => Err(Status::unauthenticated("unknown token")),
    }
}

#[tonic::async_trait]
impl UserService for FlakyUsers {
    type ListUsersStream = Messages<User>;
    type ChatStream = Messages<ChatMessage>;

    /// Always succeeds, also without a token.
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        arrived("Login", request.metadata());
        let token = "s3cret".to_owned();
        Ok(Response::new(LoginReply { token }))
    }

    /// Slow at the first attempt.
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        must_be_known(request.metadata())?;
        if arrived("GetUser", request.metadata()) == 0 {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let id = request.into_inner().id;
        let name = format!("user {id}");
        Ok(Response::new(User { id, name }))
    }

    /// Never answers.
    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        must_be_known(request.metadata())?;
        arrived("ListUsers", request.metadata());
        std::future::pending().await
    }

    /// The first two attempts fail after two messages.
    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        must_be_known(request.metadata())?;
        let fails = arrived("ImportUsers", request.metadata()) < 2;
        let mut users = request.into_inner();
        let mut imported = 0;
        while users.next().await.transpose()?.is_some() {
            imported += 1;
            if fails && imported == 2 {
                return Err(Status::unavailable("the database is being moved"));
            }
        }
        Ok(Response::new(ImportSummary { imported }))
    }

    /// Always succeeds.
    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        must_be_known(request.metadata())?;
        arrived("Chat", request.metadata());
        Ok(Response::new(Box::pin(request.into_inner())))
    }

    /// Fails as often as the request says.
    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        must_be_known(request.metadata())?;
        let previous = arrived("Flaky", request.metadata());
        let FlakyRequest { failures, code, .. } = request.into_inner();
        if previous < failures {
            return Err(Status::new(code.into(), "not yet"));
        }
        let attempts = previous + 1;
        Ok(Response::new(FlakyReply { attempts }))
    }
}
