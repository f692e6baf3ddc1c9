// Cause: Interceptors call the method as a safe `async` function with Rust's calling convention. They cannot call a
// `const`, `unsafe` or `extern` method.
// Cure: Take the word out: `pub async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status>`. If the
// method needs it, move it to a separate `impl` without the attribute.

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

struct HandWritten;

#[intercept(service = "user.v1.UserService", logging)]
impl HandWritten {
    pub async unsafe fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    pub async extern "C" fn put(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    pub const fn list(&self, _: Request<Id>) -> Result<Response<Id>, Status> {
        loop {}
    }
}

fn main() {}
