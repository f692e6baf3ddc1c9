use std::borrow::Borrow;
use std::future::Future;

use tonic::transport::{Channel, Endpoint, Error};

use super::channel::{ChannelChain, InterceptedChannel};
#[allow(unused_imports)] // where tonic is built with TLS
use super::encrypted::WithoutTls as _;
use super::encrypted::connects_in_plaintext;
use crate::wire::status::BoxError;

/// Connects, and wraps the new channel in an annotated struct. Feature `channel`.
///
/// `wrap` takes a ready-made channel, and cannot know whether it is encrypted. A channel that is made here knows. `auth` then sends tokens only if
/// the channel is encrypted (`https://`), or if `allow_plaintext = true`. A Unix socket (`unix:`) counts as plaintext, because tonic does not
/// distinguish it from TCP.
///
/// ```
/// use interceptors::client::{Connect as _, InterceptedChannel};
/// use interceptors::intercept;
/// use interceptors_proto::demo::user_service_client::UserServiceClient;
/// use tonic::transport::{Channel, Endpoint, Error};
///
/// #[intercept(logging, retry(max = 3))]
/// struct Outbound;
///
/// async fn users() -> Result<UserServiceClient<InterceptedChannel<Outbound, Channel>>, Error> {
///     let channel = Outbound.connect("https://users.example.com").await?;
///     Ok(UserServiceClient::new(channel))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let endpoint = Endpoint::from_static("http://[::1]:50051");
/// let users = UserServiceClient::new(Outbound.connect_lazy(endpoint));
/// # let _ = (users, self::users);
/// # }
/// ```
pub trait Connect: ChannelChain + Sized {
    /// Connects to an [`Endpoint`](https://docs.rs/tonic/0.14/tonic/transport/struct.Endpoint.html), or to a value that converts into one, such as a
    /// string or a `Uri`.
    ///
    /// # Errors
    ///
    /// If the value is not a valid endpoint, or if the connection fails.
    fn connect<D>(
        self,
        destination: D,
    ) -> impl Future<Output = Result<InterceptedChannel<Self, Channel>, Error>> + Send
    where
        D: TryInto<Endpoint>,
        D::Error: Into<BoxError>,
    {
        let endpoint = Endpoint::new(destination);
        async move {
            let endpoint = endpoint?;
            Ok(wrap(self, &endpoint, endpoint.connect().await?))
        }
    }

    /// Returns at once, and connects at the first call.
    fn connect_lazy(self, endpoint: impl Borrow<Endpoint>) -> InterceptedChannel<Self, Channel> {
        let endpoint = endpoint.borrow();
        wrap(self, endpoint, endpoint.connect_lazy())
    }
}

impl<C: ChannelChain> Connect for C {}

fn wrap<C: ChannelChain>(
    chain: C,
    endpoint: &Endpoint,
    channel: Channel,
) -> InterceptedChannel<C, Channel> {
    let is_plaintext = connects_in_plaintext(endpoint.uri(), Endpoint::tls_config);
    InterceptedChannel::over(chain, channel, is_plaintext)
}
