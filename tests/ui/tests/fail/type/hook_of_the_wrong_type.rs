// Cause: A hook of `catch_panic` is a function of one `&Panic<'_>`, or a value whose type implements `PanicHandler` and
// `Clone`. Each response stream gets a clone of it.
// Cure: Write `fn on_panic(panic: &Panic<'_>) { … }` and `catch_panic(hook = on_panic)`. Keep state behind an `Arc` in
// a type that derives `Clone`.

use interceptors::catch_panic::{Panic, PanicHandler};
use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;
struct Posts {
    report: Report,
}

fn on_panic(_: String) {}

#[intercept(catch_panic(hook = on_panic))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

struct Report;

impl PanicHandler for Report {
    fn panicked(&self, _: &Panic<'_>) {}
}

#[intercept(catch_panic(hook = self.report))]
#[tonic::async_trait]
impl UserService for Posts {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
