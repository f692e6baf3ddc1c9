//! Where implementations may be, and how many may be in one place.

use interceptors::{Intercepted, intercept};
use interceptors_proto::shapes::{
    Word, echo_server, echo_server::Echo, request_server, service_server,
};
use tonic::{Request, Response, Status};

use crate::common::{Record, answered, answered_times, ask, calls, text, word};

#[tokio::test]
async fn implementations_inside_functions_and_sibling_blocks_work() {
    {
        struct Service;

        #[intercept(with(Record))]
        #[tonic::async_trait]
        impl Echo for Service {
            async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
                Ok(Response::new(word("first")))
            }
        }
        assert_eq!(text(Service.say(ask("")).await), "first");
    }
    {
        use interceptors_proto::shapes::echo_server as local_server;
        type Reply = Result<Response<Word>, Status>;
        struct Service {
            text: &'static str,
        }
        struct Local;

        impl<Req: Send, Res: Send> interceptors::Interceptor<Req, Res> for Local {
            async fn intercept(
                &self,
                call: &mut interceptors::Call<Req>,
                next: &mut impl interceptors::Next<Req, Res>,
            ) -> Result<Response<Res>, Status> {
                Record.intercept(call, next).await
            }
        }

        #[intercept(with(Local))]
        #[tonic::async_trait]
        impl local_server::Echo for Service {
            async fn say(&self, request: Request<Word>) -> Reply {
                if request.get_ref().text.is_empty() {
                    return self.say(ask("again")).await;
                }
                Ok(Response::new(word(self.text)))
            }
        }
        assert_eq!(
            text(Service { text: "second" }.say(ask("a")).await),
            "second"
        );
        assert_eq!(Service::PLAN.methods()[0].path(), "/shapes.v1.Echo/Say");
        assert_eq!(calls(), answered_times("Say", 2));
        assert_eq!(
            text(Service { text: "second" }.say(ask("")).await),
            "second"
        );
        assert_eq!(calls(), ["unary Say", "unary Say", "Say ok 1", "Say ok 1"]);
    }
}

/// One type with several services. The types of `plan` separate their plans.
struct Everything;

struct EchoPolicy;
struct RequestPolicy;

#[intercept(plan = EchoPolicy, with(Record))]
#[tonic::async_trait]
impl echo_server::Echo for Everything {
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        // A method of another service of the same type.
        request_server::Request::ask(self, request).await
    }
}

#[intercept(plan = RequestPolicy, with(Record))]
#[tonic::async_trait]
impl request_server::Request for Everything {
    async fn ask(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[intercept(with(Record))]
#[tonic::async_trait]
impl service_server::Service for Everything {
    async fn serve(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn one_type_may_implement_several_services() {
    assert_eq!(text(Everything.say(ask("a")).await), "a");
    assert_eq!(calls(), ["unary Say", "unary Ask", "Ask ok 1", "Say ok 1"]);
    assert_eq!(
        text(service_server::Service::serve(&Everything, ask("b")).await),
        "b"
    );
    assert_eq!(calls(), answered("Serve"));

    let path = |plan: interceptors::Plan| plan.methods()[0].path();
    assert_eq!(
        path(<Everything as Intercepted<EchoPolicy>>::PLAN),
        "/shapes.v1.Echo/Say"
    );
    assert_eq!(
        path(<Everything as Intercepted<RequestPolicy>>::PLAN),
        "/shapes.v1.Request/Ask"
    );
}

/// One service, implemented for several types of this module.
struct Another;

#[intercept(with(Record))]
#[tonic::async_trait]
impl Echo for Another {
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn one_module_may_implement_a_service_for_several_types() {
    assert_eq!(text(Another.say(ask("a")).await), "a");
    assert_eq!(calls(), answered("Say"));
}

mod nested {
    pub(super) mod deeper {
        use interceptors_proto::shapes as pb;

        pub(in super::super) struct Service;

        // Imports nothing except the module of the messages.
        #[interceptors::intercept(with(super::super::Record), logging)]
        #[tonic::async_trait]
        impl pb::echo_server::Echo for Service {
            async fn say(
                &self,
                request: tonic::Request<pb::Word>,
            ) -> Result<tonic::Response<pb::Word>, tonic::Status> {
                Ok(tonic::Response::new(request.into_inner()))
            }
        }
    }
}

#[tokio::test]
async fn nested_module_needs_no_imports() {
    assert_eq!(text(nested::deeper::Service.say(ask("a")).await), "a");
    assert_eq!(calls(), answered("Say"));
}
