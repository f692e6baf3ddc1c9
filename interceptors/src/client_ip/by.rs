//! `client_ip(by = Inbound)`: the address comes from the server's struct in front of the service.

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

/// Relies on what the mount `C` has found. It is a function, so that the compiler says in our words what `C` is not.
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
    C: 'static, // what it has to be is said once, where it is made
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
            _ => return Err(unreached(call, type_name::<C>())),
        }
        next.run(call).await
    }
}

/// The service was reached past the mount that it relies on, or its `client_ip` leaves this call out.
#[cold]
fn unreached(call: &CallDetails, mount: &str) -> Status {
    tracing::error!(
        path = call.path(),
        mount,
        "a call has not come through the `client_ip` of the mount that this service relies on; serve it behind `layer()` or `wrap(…)` of that struct, whose \
         `client_ip` has to cover it",
    );
    Status::internal("the server is not set up to tell where this call comes from")
}
