//! Traits, types and modules with misleading names.

use crate::common::{Record, answered, ask, calls, text};

mod renamed {
    //! The trait is renamed on import, in one case to the name of a generated server.
    use interceptors::{Intercepted as _, intercept};
    use interceptors_proto::shapes::Word;
    use interceptors_proto::shapes::echo_server::Echo as ShapesEcho;
    use interceptors_proto::shapes::request_server::Request as RequestServer;
    use tonic::{Request, Response, Status};

    use super::Record;

    pub(super) struct Echo;

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl ShapesEcho for Echo {
        async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    pub(super) struct Answers;

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl RequestServer for Answers {
        async fn ask(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    #[test]
    fn plan_marks_its_names_as_derived() {
        assert_eq!(Echo::PLAN.methods()[0].path(), "/ShapesEcho/Say");
        assert!(Echo::PLAN.methods()[0].is_derived());
    }
}

mod homonyms {
    //! Services with the name of the trait or of the generated server.
    use interceptors::intercept;
    use interceptors_proto::shapes::Word;
    use interceptors_proto::shapes::echo_server::{self, EchoServer as Server};
    use tonic::{Request, Response, Status};

    use super::Record;

    pub(super) struct Echo;

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl echo_server::Echo for Echo {
        async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    #[derive(Clone)]
    pub(super) struct EchoServer;

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl echo_server::Echo for EchoServer {
        async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    pub(super) fn server() -> Server<EchoServer> {
        Server::new(EchoServer)
    }

    impl tonic::server::NamedService for EchoServer {
        const NAME: &'static str = "beside";
    }

    impl Drop for Echo {
        fn drop(&mut self) {}
    }
}

mod traits_called_like_tonics_types {
    use interceptors::intercept;
    use interceptors_proto::shapes::{Word, request_server::Request, service_server::*};
    use tonic::{Response, Status};

    use super::Record;

    pub(super) struct Both;

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl Request for Both {
        async fn ask(&self, request: tonic::Request<Word>) -> Result<Response<Word>, Status> {
            self.serve(request).await
        }
    }

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl Service for Both {
        async fn serve(&self, request: tonic::Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod module_called_tonic {
    //! A module `tonic` of the project, next to the crate.
    use ::interceptors::intercept;
    use ::interceptors_proto::shapes::{Word, echo_server::Echo};

    use super::Record;

    mod tonic {
        #[allow(dead_code)]
        pub(super) struct Status;
    }

    mod core {}
    mod std {}
    mod interceptors {}
    mod alloc {}

    pub(super) struct Service;

    #[intercept(with(Record), logging(slow = "1s"))]
    #[::tonic::async_trait]
    impl Echo for Service {
        async fn say(
            &self,
            request: ::tonic::Request<Word>,
        ) -> Result<::tonic::Response<Word>, ::tonic::Status> {
            let _: Option<tonic::Status> = None;
            Ok(::tonic::Response::new(request.into_inner()))
        }
    }
}

mod tonic_under_another_name {
    use ::tonic as grpc;
    use interceptors::intercept;
    use interceptors_proto::shapes::{Word, echo_server::Echo};

    use super::Record;

    pub(super) struct Service;

    #[intercept(with(Record))]
    #[grpc::async_trait]
    impl Echo for Service {
        async fn say(
            &self,
            request: grpc::Request<Word>,
        ) -> Result<grpc::Response<Word>, grpc::Status> {
            Ok(grpc::Response::new(request.into_inner()))
        }
    }
}

mod reexported {
    //! A path without the generated module.
    use interceptors::{Intercepted as _, intercept};
    use interceptors_proto::shapes::Word;
    use tonic::{Request, Response, Status};

    use super::Record;

    mod rpc {
        pub(in super::super) use interceptors_proto::shapes::echo_server::Echo as Service;
    }

    pub(super) struct Service;

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl rpc::Service for Service {
        async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    #[test]
    fn plan_marks_its_names_as_derived() {
        assert!(Service::PLAN.methods()[0].is_derived());
    }
}

#[tokio::test]
async fn misleading_names_in_scope_do_not_matter() {
    use interceptors_proto::shapes::echo_server::Echo;
    use interceptors_proto::shapes::request_server::Request;

    let services: [&dyn Echo; 6] = [
        &renamed::Echo,
        &homonyms::Echo,
        &homonyms::EchoServer,
        &module_called_tonic::Service,
        &tonic_under_another_name::Service,
        &reexported::Service,
    ];
    for service in services {
        assert_eq!(text(service.say(ask("a")).await), "a");
        assert_eq!(calls(), answered("Say"));
    }
    assert_eq!(text(renamed::Answers.ask(ask("a")).await), "a");
    assert_eq!(calls(), answered("Ask"));
    let both = traits_called_like_tonics_types::Both;
    assert_eq!(text(both.ask(ask("a")).await), "a");
    assert_eq!(
        calls(),
        ["unary Ask", "unary Serve", "Serve ok 1", "Ask ok 1"]
    );
    let _ = homonyms::server();
}
