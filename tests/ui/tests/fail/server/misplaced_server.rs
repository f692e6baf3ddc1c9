// Cause: `server` marks a struct as a chain for servers. The `impl` of a service needs no such mark.
// Cure: Write it first on a struct, and nowhere else.

use interceptors::intercept;

#[intercept(server, logging, server)]
struct Twice;

#[intercept(logging, server)]
struct Later;

#[intercept(server, logging, service = "user.v1.UserService")]
struct Named;

struct Users;

#[intercept(server, logging)]
enum Either {
    One,
}

#[intercept(server, logging)]
#[tonic::async_trait]
impl interceptors_ui_tests::UserService for Users {
    type ListStream = interceptors_ui_tests::Ids;

    async fn get(
        &self,
        request: tonic::Request<interceptors_ui_tests::Id>,
    ) -> Result<tonic::Response<interceptors_ui_tests::Id>, tonic::Status> {
        Ok(tonic::Response::new(request.into_inner()))
    }
}

fn main() {}
