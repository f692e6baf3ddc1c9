use std::pin::Pin;

use interceptors::Kind;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{ChatMessage, GetUserRequest, ListUsersRequest, User};
use tokio_stream::{Stream, StreamExt};
use tonic::client::GrpcService;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::Behaviour;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// All kinds of RPC; the demo service has a method of each.
pub const KINDS: [Kind; 4] = [
    Kind::Unary,
    Kind::ClientStreaming,
    Kind::ServerStreaming,
    Kind::BidiStreaming,
];

/// Response messages, each as a number; a single response is a stream of one.
pub type Messages = Pin<Box<dyn Stream<Item = Result<u64, Status>> + Send>>;

/// Makes calls of any kind to the demo service, with metadata.
#[derive(Debug, Clone)]
pub struct Caller<T = Channel> {
    client: UserServiceClient<T>,
    metadata: MetadataMap,
}

/// What came of a call.
#[derive(Debug)]
pub struct Reply {
    /// The messages that came before the end.
    pub messages: Vec<u64>,
    /// `OK`, or what the call ended with.
    pub status: Status,
}

impl Reply {
    /// The code of the status.
    pub fn code(&self) -> Code {
        self.status.code()
    }
}

impl Caller {
    /// Calls without metadata.
    pub fn new(channel: &Channel) -> Self {
        Self::over(channel.clone())
    }
}

impl<T> Caller<T>
where
    T: GrpcService<tonic::body::Body> + Clone,
    T::Error: Into<BoxError>,
    T::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<BoxError> + Send,
{
    /// Calls over any transport, without metadata.
    pub fn over(transport: T) -> Self {
        Self {
            client: UserServiceClient::new(transport),
            metadata: MetadataMap::new(),
        }
    }

    /// Adds a value to the metadata of every call.
    #[must_use]
    pub fn with(&self, key: &'static str, value: impl AsRef<[u8]>) -> Self {
        let mut with = self.clone();
        let value = MetadataValue::try_from(value.as_ref()).unwrap();
        with.metadata.append(key, value);
        with
    }

    /// Tells the handler what to do.
    #[must_use]
    pub fn told(&self, behaviour: Behaviour) -> Self {
        self.with(Behaviour::KEY, behaviour.to_string())
    }

    /// The generated client.
    pub fn client(&self) -> UserServiceClient<T> {
        self.client.clone()
    }

    /// A request with the metadata.
    pub fn request<M>(&self, message: M) -> Request<M> {
        Request::from_parts(self.metadata.clone(), tonic::Extensions::default(), message)
    }

    /// Makes a call to `GetUser`, `ImportUsers`, `ListUsers` or `Chat`, until there are response
    /// headers.
    pub async fn open(&self, kind: Kind) -> Result<Messages, Status> {
        let mut client = self.client();
        let users = [User::default(), User::default()];
        let chat = [ChatMessage::default(), ChatMessage::default()];
        Ok(match kind {
            Kind::Unary => {
                let request = self.request(GetUserRequest { id: 7 });
                let id = client.get_user(request).await?.into_inner().id;
                Box::pin(tokio_stream::once(Ok(id)))
            }
            Kind::ClientStreaming => {
                let request = self.request(tokio_stream::iter(users));
                let imported = client.import_users(request).await?.into_inner().imported;
                Box::pin(tokio_stream::once(Ok(imported)))
            }
            Kind::ServerStreaming => {
                let request = self.request(ListUsersRequest::default());
                let users = client.list_users(request).await?.into_inner();
                Box::pin(users.map(|user| Ok(user?.id)))
            }
            Kind::BidiStreaming => {
                let request = self.request(tokio_stream::iter(chat));
                let chat = client.chat(request).await?.into_inner();
                Box::pin(chat.map(|message| Ok(message?.text.parse().unwrap())))
            }
        })
    }

    /// Makes a call, and reads everything.
    pub async fn call(&self, kind: Kind) -> Reply {
        let mut reply = Reply {
            messages: Vec::new(),
            status: Status::new(Code::Ok, ""),
        };
        match self.open(kind).await {
            Err(status) => reply.status = status,
            Ok(mut messages) => {
                while let Some(message) = messages.next().await {
                    match message {
                        Ok(message) => reply.messages.push(message),
                        Err(status) => {
                            reply.status = status;
                            break;
                        }
                    }
                }
            }
        }
        reply
    }
}
