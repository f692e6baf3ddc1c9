use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

struct Stub;

#[intercept(service = "user.v1.UserService", logging)]
impl Stub {
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
