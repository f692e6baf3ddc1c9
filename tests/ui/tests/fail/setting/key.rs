// Cause: A rate limit can distinguish callers in four ways, and this is not one of them.
// Cure: Write `key = peer` for the address of the connection, `key = client_ip` for the caller behind proxies, `key =
// identity` for the caller that `auth` verified, or `key = metadata("x-api-key")`. Without `key`, all callers share one
// limit.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(rate_limit(per_second = 1, key = user))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(rate_limit(per_second = 1, key = "x-tenant"))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

struct Shop;

#[intercept(rate_limit(per_second = 1, key = ip))]
#[tonic::async_trait]
impl UserService for Shop {
    type ListStream = Ids;

    #[intercept(rate_limit(per_second = 1, key = method))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
