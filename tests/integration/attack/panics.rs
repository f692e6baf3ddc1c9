//! The location of one panic is never reported with another.

use std::panic::{catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use interceptors::catch_panic::{Panic, PanicHandler, record_locations};
use interceptors::intercept;
use tonic::{Code, Request, Response, Status};

/// Records the message of each panic, and whether its location is known.
#[derive(Clone, Default)]
struct Panicked(Arc<Mutex<Vec<(String, bool)>>>);

impl PanicHandler for Panicked {
    fn panicked(&self, panic: &Panic<'_>) {
        let message = panic.message().unwrap_or_default().to_owned();
        let is_known = panic.location().is_some();
        self.0.lock().unwrap().push((message, is_known));
    }
}

#[derive(Default)]
struct Careless {
    panicked: Panicked,
}

#[allow(async_fn_in_trait)]
trait Panicking {
    async fn swallow(&self, request: Request<()>) -> Result<Response<()>, Status>;
    async fn resume(&self, request: Request<()>) -> Result<Response<()>, Status>;
    async fn panic(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

#[intercept(service = "panics.v1.Panics", catch_panic(hook = self.panicked))]
impl Panicking for Careless {
    async fn swallow(&self, _: Request<()>) -> Result<Response<()>, Status> {
        catch_unwind(|| panic!("swallowed")).unwrap_err();
        Ok(Response::new(()))
    }

    /// A panic from elsewhere, for example from another thread. Its location is not known here.
    async fn resume(&self, _: Request<()>) -> Result<Response<()>, Status> {
        resume_unwind(Box::new("carried over"))
    }

    async fn panic(&self, _: Request<()>) -> Result<Response<()>, Status> {
        panic!("here")
    }
}

#[tokio::test]
async fn location_is_reported_only_with_its_own_panic() {
    record_locations();
    let service = Careless::default();
    for _ in 0..2 {
        service.swallow(Request::new(())).await.unwrap();
        let status = service.resume(Request::new(())).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        service.panic(Request::new(())).await.unwrap_err();
        let told = std::mem::take(&mut *service.panicked.0.lock().unwrap());
        let expected = [("carried over", false), ("here", true)];
        assert_eq!(told, expected.map(|(text, known)| (text.to_owned(), known)));
    }
}
