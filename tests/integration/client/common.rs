use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Behaviour, Script, scripted, serve};
use tonic::Request;
use tonic::service::Routes;
use tonic::transport::Channel;

pub(crate) struct Bare {
    pub(crate) script: Script,
}

scripted!(self: Bare, #[intercept()]);

pub(crate) async fn server() -> (Script, Channel) {
    let script = Script::default();
    let service = Bare {
        script: script.clone(),
    };
    (
        script,
        serve(Routes::new(UserServiceServer::new(service))).await,
    )
}

pub(crate) fn told<T>(message: T, behaviour: Behaviour) -> Request<T> {
    let mut request = Request::new(message);
    let behaviour = behaviour.to_string().parse().unwrap();
    request.metadata_mut().insert(Behaviour::KEY, behaviour);
    request
}

/// A request whose extensions tell the interceptors of generated clients where to write.
pub(crate) fn with<T, E: Clone + Send + Sync + 'static>(
    mut request: Request<T>,
    extension: &E,
) -> Request<T> {
    request.extensions_mut().insert(extension.clone());
    request
}

pub(crate) fn routes() -> Routes {
    let service = Bare {
        script: Script::default(),
    };
    Routes::new(UserServiceServer::new(service))
}
