//! `client_ip(by = Inbound)`: the server's struct in front of the service has found the address.

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;

use tonic::{Response, Status};

use crate::{Call, CallDetails, Interceptor, Next};

/// A server's struct whose `client_ip` says where calls come from: the attribute implements it.
///
/// It is what `client_ip(by = Inbound)` on the `impl` of a service takes.
#[diagnostic::on_unimplemented(
    message = "[I0813] `{Self}` is not the struct of a server that finds the addresses of callers",
    label = "not a struct with `#[intercept(server, client_ip(trusted = [\"10.0.0.0/8\"]), …)]`"
)]
pub trait FindsClientIp: Send + Sync + 'static {}

/// The interceptor behind `client_ip(by = Inbound)`. See the [module documentation](super).
pub struct By<C>(PhantomData<fn() -> C>);

/// Uses the address that the mount `C` has found. A function, so that the compiler prints this crate's own message if
/// `C` is no such mount.
#[must_use]
pub const fn by_mount<C: FindsClientIp>() -> By<C> {
    By(PhantomData)
}

impl<C> fmt::Debug for By<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("By").field(&type_name::<C>()).finish()
    }
}

impl<C, Req, Res> Interceptor<Req, Res> for By<C>
where
    C: 'static, // `by_mount` checks the rest, so there is one error
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        match call.client().copied() {
            Some(client) if client.is_by::<C>() => call.set_client(client),
            _ => return Err(mount_bypassed(call, type_name::<C>())),
        }
        next.run(call).await
    }
}

/// The call reached the service without the mount that the service relies on, or the mount's `client_ip` does not apply
/// to it.
#[cold]
fn mount_bypassed(call: &CallDetails, mount: &str) -> Status {
    tracing::error!(
        path = call.path(),
        mount,
        "a call reached a service with `client_ip(by = …)`, but did not pass the `client_ip` of the named struct; wrap the service with `layer()` or \
         `wrap(…)` of that struct, and let its `client_ip` cover the call",
    );
    Status::internal("the server is not set up to find the address of the caller")
}
