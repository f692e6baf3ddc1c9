//! A call that panics has a request ID too.

use std::sync::{Arc, Mutex};

use interceptors::catch_panic::{Panic, PanicHandler};
use interceptors::request_id::RequestId;
use interceptors_proto::demo::ListUsersRequest;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Behaviour, Caller, KINDS, Script, scripted, serve};
use tonic::Code;
use tonic::service::Routes;

/// Records the request ID of each call that panicked.
#[derive(Clone, Default)]
struct Panicked(Arc<Mutex<Vec<Option<String>>>>);

impl PanicHandler for Panicked {
    fn panicked(&self, panic: &Panic<'_>) {
        let id = panic.request_id().map(RequestId::to_string);
        self.0.lock().unwrap().push(id);
    }
}

impl Panicked {
    fn take(&self) -> Vec<Option<String>> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

struct Outermost {
    script: Script,
    panicked: Panicked,
}

scripted!(self: Outermost, #[intercept(
    catch_panic(hook = self.panicked),
    request_id(header = "x-call"),
)]);

struct Inside {
    script: Script,
    panicked: Panicked,
}

scripted!(self: Inside, #[intercept(request_id, catch_panic(hook = self.panicked))]);

struct Unnamed {
    script: Script,
    panicked: Panicked,
}

scripted!(self: Unnamed, #[intercept(catch_panic(hook = self.panicked))]);

macro_rules! served {
    ($service:ident) => {{
        let panicked = Panicked::default();
        let service = $service {
            script: Script::default(),
            panicked: panicked.clone(),
        };
        let channel = serve(Routes::new(UserServiceServer::new(service))).await;
        (Caller::new(&channel), panicked)
    }};
}

#[tokio::test]
async fn request_id_of_a_panicked_call_reaches_client_and_hook() {
    let (outermost, inside) = (served!(Outermost), served!(Inside));
    for (header, (caller, panicked)) in [("x-call", outermost), ("x-request-id", inside)] {
        let caller = caller.with(header, "job-17");
        for kind in KINDS {
            let reply = caller.told(Behaviour::Panic).call(kind).await;
            assert_eq!(reply.code(), Code::Internal, "{header} {kind}");
            let id = reply.status.metadata().get(header);
            assert_eq!(id.unwrap(), "job-17", "{header} {kind}");
            assert_eq!(
                panicked.take(),
                [Some("job-17".to_owned())],
                "{header} {kind}"
            );
        }
        // A stream that panics half way has sent the ID in its headers.
        let caller = caller.told(Behaviour::PanicAfter(1));
        let request = caller.request(ListUsersRequest::default());
        let response = caller.client().list_users(request).await.unwrap();
        assert_eq!(response.metadata().get(header).unwrap(), "job-17");
        let mut users = response.into_inner();
        assert!(users.message().await.unwrap().is_some());
        assert_eq!(users.message().await.unwrap_err().code(), Code::Internal);
        assert_eq!(panicked.take(), [Some("job-17".to_owned())], "{header}");
    }
    let (caller, panicked) = served!(Unnamed);
    let caller = caller.with("x-request-id", "job-17").told(Behaviour::Panic);
    for kind in KINDS {
        let reply = caller.call(kind).await;
        assert!(
            reply.status.metadata().get("x-request-id").is_none(),
            "{kind}"
        );
        assert_eq!(panicked.take(), [None], "{kind}");
    }
}
