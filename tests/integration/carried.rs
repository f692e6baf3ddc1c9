//! The attribute keeps the other attributes, the visibility and the generics of its item. This file has to compile.

#![deny(warnings)]
#![allow(dead_code, missing_docs, missing_debug_implementations)]
use interceptors::auth::TokenCache;
use interceptors::intercept;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::*;
use std::sync::Arc;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

#[intercept(logging, retry(throttle(tokens = 10, ratio = 0.1)))]
#[derive(Clone, Debug)]
pub struct Generic<const N: usize, T = String>
where
    T: Clone + Send + Sync + 'static,
{
    value: [T; N],
}

#[intercept(metadata("x-a" = self.0.clone(), "x-b" = format!("{}", self.0)))]
struct Tuple(String);

#[intercept(auth(token = self.tokens))]
struct Unsized<T: ?Sized + interceptors::auth::TokenSource + 'static> {
    tokens: Arc<T>,
}

#[intercept(logging)]
#[cfg(any())]
struct Gone;

#[cfg(any())]
#[intercept(logging)]
struct Gone2;

#[intercept(logging)]
#[cfg_attr(all(), derive(Clone))]
#[allow(clippy::all)]
#[deprecated]
struct Old;

pub mod inner {
    use super::*;
    #[intercept(logging)]
    pub(crate) struct Crate {
        pub wrap: u8,
        pub plan: u8,
        pub __state: u8,
        pub __call: u8,
    }
    #[intercept(logging)]
    pub(super) struct Super;
}

fn uses(channel: Channel) {
    let _ = inner::Super.wrap(channel.clone());
    let _ = Tuple(String::new()).wrap(channel.clone());
    let _ = Generic::<2> {
        value: [String::new(), String::new()],
    }
    .wrap(channel);
}

pub struct HandWritten<T = ()> {
    client: UserServiceClient<Channel>,
    tokens: TokenCache,
    other: T,
}

#[intercept(service = "demo.v1.UserService", logging, retry, auth(token = self.tokens))]
impl<T> HandWritten<T>
where
    T: Send + Sync,
{
    #[deprecated(note = "x")]
    #[must_use]
    #[inline]
    pub(crate) async fn get_user(
        &self,
        request: Request<GetUserRequest>,
    ) -> Result<Response<User>, Status> {
        self.client.clone().get_user(request).await
    }

    #[cfg(any())]
    pub async fn gone(&self, request: Request<Nothing>) -> Result<Response<User>, Status> {
        self.client.clone().get_user(request).await
    }

    #[cfg_attr(all(), doc = "docs")]
    #[allow(clippy::needless_return)]
    pub async fn send(
        &self,
        mut request: Request<GetUserRequest>,
    ) -> Result<Response<User>, Status> {
        request.get_mut().id += 1;
        return self.client.clone().get_user(request).await;
    }
}

#[tokio::test]
async fn annotated_items_keep_their_attributes_and_shapes() {
    uses(tonic::transport::Endpoint::from_static("http://[::1]:1").connect_lazy());
}
