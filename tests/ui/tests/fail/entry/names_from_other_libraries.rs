// Cause: These names are for something that the entry does not do, for an entry of clients, or are in quotes.
// Cure: Use the lists of an entry to leave methods out. Write the other names as the messages say.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(no_auth, no_logging, "logging", hedging, deadline("2s"), validate("all"))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn main() {}
