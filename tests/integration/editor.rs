//! Compiles the hints that the macro writes for editors: they are valid Rust, and name existing items.
//!
//! A test of the macro crate generates the files in `editor/`.
#![allow(
    dead_code,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub
)]

#[path = "../../interceptors/src/ide.rs"]
mod ide;

/// The runtime crate, as rust-analyzer sees it.
mod shown {
    pub(crate) use interceptors::__private;

    pub(crate) use super::ide as __ide;
}

use std::time::Duration;

use interceptors_proto::demo;
use tonic::{Request, Response, Status};

const SLOW: Duration = Duration::from_secs(2);
const BURST: u32 = 7;
const SET: &[u8] = &[];

struct Keys;

mod service {
    use super::*;

    struct Users {
        keys: Keys,
    }

    #[tonic::async_trait]
    impl demo::user_service_server::UserService for Users {
        type ListUsersStream = tokio_stream::Empty<Result<demo::User, Status>>;
        type ChatStream = tokio_stream::Empty<Result<demo::ChatMessage, Status>>;

        async fn login(
            &self,
            _: Request<demo::LoginRequest>,
        ) -> Result<Response<demo::LoginReply>, Status> {
            Err(Status::unimplemented(""))
        }

        async fn get_user(
            &self,
            _: Request<demo::GetUserRequest>,
        ) -> Result<Response<demo::User>, Status> {
            Err(Status::unimplemented(""))
        }

        async fn list_users(
            &self,
            _: Request<demo::ListUsersRequest>,
        ) -> Result<Response<Self::ListUsersStream>, Status> {
            Err(Status::unimplemented(""))
        }

        async fn import_users(
            &self,
            _: Request<tonic::Streaming<demo::User>>,
        ) -> Result<Response<demo::ImportSummary>, Status> {
            Err(Status::unimplemented(""))
        }

        async fn chat(
            &self,
            _: Request<tonic::Streaming<demo::ChatMessage>>,
        ) -> Result<Response<Self::ChatStream>, Status> {
            Err(Status::unimplemented(""))
        }

        async fn flaky(
            &self,
            _: Request<demo::FlakyRequest>,
        ) -> Result<Response<demo::FlakyReply>, Status> {
            Err(Status::unimplemented(""))
        }
    }

    include!("editor/service.rs");
}

mod hand_written {
    use super::*;

    struct Policy;

    struct HandWritten<T> {
        tokens: T,
    }

    impl<T: Clone> HandWritten<T> {
        async fn get_user(
            &self,
            _: Request<demo::GetUserRequest>,
        ) -> Result<Response<demo::User>, Status> {
            Err(Status::unimplemented(""))
        }

        fn name(&self) -> Result<String, Status> {
            Err(Status::unimplemented(""))
        }
    }

    include!("editor/hand_written_client.rs");
}

mod channel {
    use super::*;

    struct Outbound<T> {
        tokens: T,
    }

    include!("editor/channel.rs");
}

/// That this file compiles is the test.
#[test]
fn hints_compile() {}
