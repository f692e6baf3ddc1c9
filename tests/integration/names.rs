//! Names of calls: exact at run time, and marked as derived where the plan cannot know them.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use interceptors::{Call, Intercepted as _, Interceptor, Next, intercept};
use interceptors_proto::names::Empty;
use interceptors_proto::names::kv_client::KvClient;
use interceptors_proto::names::kv_server::{self, Kv, KvServer};
use interceptors_proto::names::twins_client::TwinsClient;
use interceptors_proto::names::twins_server::{Twins, TwinsServer};
use tonic::codegen::BoxStream;
use tonic::service::Routes;
use tonic::transport::{Channel, Uri};
use tonic::{Request, Response, Status};

/// Path, service and method of each call.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<[String; 3]>>>);

impl Names {
    fn take(&self) -> Vec<[String; 3]> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Names {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let before = [call.path(), call.service(), call.method()].map(String::from);
        let result = next.run(call).await;
        // The request is gone, and the names stay.
        assert_eq!(before, [call.path(), call.service(), call.method()]);
        self.0.lock().unwrap().push(before);
        result
    }
}

type Answer = Result<Response<Empty>, Status>;

/// The same twelve methods, with different attributes and trait paths.
macro_rules! serve_names {
    ($(#[$attribute:meta])* $service:ident implements $path:path $({ $(#[$name:meta])* })?) => {
        #[derive(Clone, Default)]
        struct $service {
            names: Names,
        }

        $(#[$attribute])*
        #[tonic::async_trait]
        impl $path for $service {
            type FetchX509SVIDStream = BoxStream<Empty>;
            type stream_statsStream = BoxStream<Empty>;

            async fn hash_kv(&self, _: Request<Empty>) -> Answer {
                Ok(Response::new(Empty {}))
            }
            $($(#[$name])*)?
            async fn get_url(&self, _: Request<Empty>) -> Answer {
                Ok(Response::new(Empty {}))
            }
            async fn fetch_x509svid(
                &self,
                _: Request<Empty>,
            ) -> Result<Response<Self::FetchX509SVIDStream>, Status> {
                Ok(Response::new(Box::pin(tokio_stream::empty())))
            }
            async fn get_se_linux_info(&self, _: Request<Empty>) -> Answer {
                Ok(Response::new(Empty {}))
            }
            async fn nf_ts(&self, _: Request<Empty>) -> Answer {
                Ok(Response::new(Empty {}))
            }
            async fn unstable_crash(&self, _: Request<Empty>) -> Answer {
                Ok(Response::new(Empty {}))
            }
            async fn try_add_lock(&self, _: Request<Empty>) -> Answer {
                Ok(Response::new(Empty {}))
            }
            async fn stream_stats(
                &self,
                _: Request<Empty>,
            ) -> Result<Response<Self::stream_statsStream>, Status> {
                Ok(Response::new(Box::pin(tokio_stream::empty())))
            }
            async fn echo(&self, request: Request<Empty>) -> Answer {
                // The sibling's name is a keyword. The request still carries the path of `echo`.
                self.r#move(request).await
            }
            async fn r#move(&self, _: Request<Empty>) -> Answer {
                Ok(Response::new(Empty {}))
            }
            async fn connect(&self, _: Request<Empty>) -> Answer {
                Ok(Response::new(Empty {}))
            }
            async fn clone(&self, _: Request<Empty>) -> Answer {
                Ok(Response::new(Empty {}))
            }
        }
    };
}

serve_names! {
    #[intercept(with(self.names))]
    Bare implements Kv
}

serve_names! {
    #[allow(unused_qualifications)]
    #[intercept(with(self.names), with(Unused, only = [r#move, "FetchX509SVID", "/names.v1.KV/echo"]))]
    ByModule implements kv_server::Kv {
        #[intercept(name = "GetURL")]
    }
}

serve_names! {
    #[intercept(service = "names.v1.KV", with(self.names), with(Unused, only = ["/names.v1.KV/GetURL"]))]
    ByText implements Kv {
        #[intercept(name = "GetURL")]
    }
}

serve_names! {
    #[intercept(service = kv_server::SERVICE_NAME, with(self.names), with(Unused, only = ["/names.v1.KV/GetURL"]))]
    ByConstant implements Kv {
        #[intercept(name = "GetURL")]
    }
}

/// Does nothing; the lists of its entries are tested.
struct Unused;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Unused {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await
    }
}

/// The names in the proto, in the order of the calls.
const METHODS: [&str; 12] = [
    "HashKV",
    "GetURL",
    "FetchX509SVID",
    "GetSELinuxInfo",
    "NFTs",
    "Unstable_Crash",
    "tryAddLock",
    "stream_stats",
    "Move",
    "Connect",
    "Clone",
    "echo",
];

async fn call_all(client: &mut KvClient<Channel>) {
    client.hash_kv(Empty {}).await.unwrap();
    client.get_url(Empty {}).await.unwrap();
    client.fetch_x509svid(Empty {}).await.unwrap();
    client.get_se_linux_info(Empty {}).await.unwrap();
    client.nf_ts(Empty {}).await.unwrap();
    client.unstable_crash(Empty {}).await.unwrap();
    client.try_add_lock(Empty {}).await.unwrap();
    client.stream_stats(Empty {}).await.unwrap();
    client.r#move(Empty {}).await.unwrap();
    client.connect(Empty {}).await.unwrap();
    KvClient::clone(client, Empty {}).await.unwrap();
}

fn expected(prefix: &str) -> Vec<[String; 3]> {
    let name = |method: &&str| {
        let path = format!("{prefix}/names.v1.KV/{method}");
        [path, "names.v1.KV".to_owned(), (*method).to_owned()]
    };
    METHODS[..11].iter().map(name).collect()
}

#[tokio::test]
async fn names_are_exact_behind_tonics_router() {
    let (bare, by_module) = (Bare::default(), ByModule::default());
    let (by_text, by_constant) = (ByText::default(), ByConstant::default());
    for (names, routes) in [
        (bare.names.clone(), Routes::new(KvServer::new(bare))),
        (
            by_module.names.clone(),
            Routes::new(KvServer::new(by_module)),
        ),
        (by_text.names.clone(), Routes::new(KvServer::new(by_text))),
        (
            by_constant.names.clone(),
            Routes::new(KvServer::new(by_constant)),
        ),
    ] {
        let mut client = KvClient::new(interceptors_tests::serve(routes).await);
        call_all(&mut client).await;
        assert_eq!(names.take(), expected(""));
    }
}

#[tokio::test]
async fn path_includes_the_router_prefix() {
    let bare = Bare::default();
    let names = bare.names.clone();
    let inner = Routes::new(KvServer::new(bare)).into_axum_router();
    let routes = Routes::from(axum::Router::new().nest("/outer/v2", inner));
    let channel = interceptors_tests::serve(routes).await;
    let mut client = KvClient::with_origin(channel, Uri::from_static("http://nested/outer/v2"));
    call_all(&mut client).await;
    assert_eq!(names.take(), expected("/outer/v2"));
}

#[tokio::test]
async fn direct_calls_use_the_names_of_the_plan() {
    let bare = Bare::default();
    Kv::hash_kv(&bare, Request::new(Empty {})).await.unwrap();
    assert_eq!(bare.names.take(), [["/Kv/HashKv", "Kv", "HashKv"]]);
    let by_text = ByText::default();
    Kv::get_url(&by_text, Request::new(Empty {})).await.unwrap();
    assert_eq!(
        by_text.names.take(),
        [["/names.v1.KV/GetURL", "names.v1.KV", "GetURL"]]
    );
}

#[tokio::test]
async fn sibling_method_keeps_its_own_name() {
    let bare = Bare::default();
    let names = bare.names.clone();
    let routes = Routes::new(KvServer::new(bare));
    let mut client = KvClient::new(interceptors_tests::serve(routes).await);
    client.echo(Empty {}).await.unwrap();
    let methods = names.take().map_methods();
    assert_eq!(methods, ["Move", "echo"]);
}

trait MapMethods {
    fn map_methods(self) -> Vec<String>;
}

impl MapMethods for Vec<[String; 3]> {
    fn map_methods(self) -> Vec<String> {
        self.into_iter().map(|[_, _, method]| method).collect()
    }
}

fn plan_of(plan: interceptors::Plan) -> Vec<(&'static str, bool)> {
    let methods = plan.methods().iter();
    methods
        .map(|method| (method.path(), method.is_derived()))
        .collect()
}

#[test]
fn plan_marks_derived_names() {
    assert_eq!(
        plan_of(Bare::PLAN),
        [
            ("/Kv/HashKv", true),
            ("/Kv/GetUrl", true),
            ("/Kv/FetchX509SVID", true),
            ("/Kv/GetSeLinuxInfo", true),
            ("/Kv/NfTs", true),
            ("/Kv/UnstableCrash", true),
            ("/Kv/TryAddLock", true),
            ("/Kv/stream_stats", true),
            ("/Kv/Echo", true),
            ("/Kv/Move", true),
            ("/Kv/Connect", true),
            ("/Kv/Clone", true),
        ]
    );
    // The service name is exact. A method name is exact if a stream's type or `name` gives it.
    let exact_service = [
        ("/names.v1.KV/HashKv", true),
        ("/names.v1.KV/GetURL", false),
        ("/names.v1.KV/FetchX509SVID", false),
        ("/names.v1.KV/GetSeLinuxInfo", true),
        ("/names.v1.KV/NfTs", true),
        ("/names.v1.KV/UnstableCrash", true),
        ("/names.v1.KV/TryAddLock", true),
        ("/names.v1.KV/stream_stats", false),
        ("/names.v1.KV/Echo", true),
        ("/names.v1.KV/Move", true),
        ("/names.v1.KV/Connect", true),
        ("/names.v1.KV/Clone", true),
    ];
    assert_eq!(plan_of(ByModule::PLAN), exact_service);
    assert_eq!(plan_of(ByText::PLAN), exact_service);
    assert_eq!(plan_of(ByConstant::PLAN), exact_service);
}

#[test]
fn method_lists_accept_each_name_of_a_method() {
    let covered = |plan: interceptors::Plan| -> Vec<_> {
        let methods = plan.methods().iter();
        methods
            .filter(|method| method.interceptors().count() == 2)
            .map(|method| method.method())
            .collect()
    };
    assert_eq!(covered(ByModule::PLAN), ["FetchX509SVID", "Echo", "Move"]);
    assert_eq!(covered(ByText::PLAN), ["GetURL"]);
    assert_eq!(covered(ByConstant::PLAN), ["GetURL"]);
}

mod other_server {
    //! A module of the project itself. Only its name ends like that of a generated module.
    use interceptors_proto::names::Empty;
    use tonic::{Request, Response, Status};

    #[tonic::async_trait]
    pub(super) trait Other {
        async fn one(&self, request: Request<Empty>) -> Result<Response<Empty>, Status>;
    }
}

/// A constant of the project itself, with the name that a generated module uses.
#[allow(dead_code)]
const SERVICE_NAME: u8 = 0;

struct InOtherServer;

#[intercept(with(Unused))]
#[tonic::async_trait]
impl other_server::Other for InOtherServer {
    async fn one(&self, _: Request<Empty>) -> Answer {
        Ok(Response::new(Empty {}))
    }
}

#[tokio::test]
async fn service_name_stays_derived_without_a_generated_module() {
    use other_server::Other as _;

    InOtherServer.one(Request::new(Empty {})).await.unwrap();
    assert_eq!(plan_of(InOtherServer::PLAN), [("/Other/One", true)]);
}

/// RPCs whose Rust names differ only in underscores.
mod alike {
    use super::{Answer, Empty, Names, Request, Response, intercept};

    #[tonic::async_trait]
    pub(super) trait Alike {
        async fn a_1(&self, request: Request<Empty>) -> Answer;
        async fn a1(&self, request: Request<Empty>) -> Answer;
    }

    #[derive(Default)]
    pub(super) struct Service {
        pub(super) names: Names,
    }

    #[intercept(with(self.names))]
    #[tonic::async_trait]
    impl Alike for Service {
        #[intercept(name = "A_1")]
        async fn a_1(&self, _: Request<Empty>) -> Answer {
            Ok(Response::new(Empty {}))
        }

        async fn a1(&self, _: Request<Empty>) -> Answer {
            Ok(Response::new(Empty {}))
        }
    }
}

#[tokio::test]
async fn names_that_differ_in_underscores_are_different_methods() {
    use alike::Alike as _;

    let service = alike::Service::default();
    service.a_1(Request::new(Empty {})).await.unwrap();
    service.a1(Request::new(Empty {})).await.unwrap();
    assert_eq!(service.names.take().map_methods(), ["A_1", "A1"]);
}

/// RPCs whose names differ only in case or underscores. One of each pair forwards its request to the other.
#[derive(Clone, Default)]
struct Pairs {
    names: Names,
}

type Stream = Result<Response<BoxStream<Empty>>, Status>;

#[intercept(with(self.names), with(Unused, only = ["SetUp", s_ync]))]
#[tonic::async_trait]
impl Twins for Pairs {
    type SyncStream = BoxStream<Empty>;
    type S_yncStream = BoxStream<Empty>;

    async fn set_up(&self, request: Request<Empty>) -> Answer {
        self.setup(request).await
    }

    async fn setup(&self, _: Request<Empty>) -> Answer {
        Ok(Response::new(Empty {}))
    }

    async fn sync(&self, _: Request<Empty>) -> Stream {
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }

    async fn s_ync(&self, request: Request<Empty>) -> Stream {
        let answer = self.sync(request).await?;
        Ok(answer.map(|stream| Box::pin(stream) as BoxStream<Empty>))
    }
}

#[tokio::test]
async fn nearly_identical_rpcs_keep_their_own_names() {
    let service = Pairs::default();
    let names = service.names.clone();
    let routes = Routes::new(TwinsServer::new(service));
    let mut client = TwinsClient::new(interceptors_tests::serve(routes).await);
    client.set_up(Empty {}).await.unwrap();
    assert_eq!(names.take().map_methods(), ["Setup", "SetUp"]);
    client.setup(Empty {}).await.unwrap();
    assert_eq!(names.take().map_methods(), ["Setup"]);
    client.s_ync(Empty {}).await.unwrap();
    assert_eq!(names.take().map_methods(), ["Sync", "S_ync"]);
    let covered = Pairs::PLAN.methods().iter();
    let covered = covered.filter(|method| method.interceptors().count() == 2);
    let covered: Vec<_> = covered.map(|method| method.method()).collect();
    assert_eq!(covered, ["SetUp", "S_ync"]);
}

/// The same in a hand-written trait, where only the case may differ, and on a client.
mod cases {
    use super::{Answer, Empty, Names, Request, Response, Unused, intercept};

    #[tonic::async_trait]
    #[allow(non_snake_case)]
    pub(super) trait Cases {
        async fn get(&self, request: Request<Empty>) -> Answer;
        async fn Get(&self, request: Request<Empty>) -> Answer;
        async fn setup(&self, request: Request<Empty>) -> Answer;
        async fn SetUp(&self, request: Request<Empty>) -> Answer;
    }

    #[derive(Default)]
    pub(super) struct Service {
        pub(super) names: Names,
    }

    #[intercept(with(self.names), with(Unused, only = [get, "SetUp"]), with(Unused, except = ["Get", setup]))]
    #[tonic::async_trait]
    impl Cases for Service {
        #[intercept(name = "get")]
        async fn get(&self, request: Request<Empty>) -> Answer {
            self.Get(request).await
        }

        #[intercept(name = "Get")]
        async fn Get(&self, _: Request<Empty>) -> Answer {
            Ok(Response::new(Empty {}))
        }

        async fn setup(&self, request: Request<Empty>) -> Answer {
            self.SetUp(request).await
        }

        async fn SetUp(&self, _: Request<Empty>) -> Answer {
            Ok(Response::new(Empty {}))
        }
    }

    #[derive(Default)]
    pub(super) struct Client {
        pub(super) names: Names,
    }

    #[intercept(service = "names.v1.Cases", with(self.names), with(Unused, only = [Get]))]
    #[allow(non_snake_case)]
    impl Client {
        #[intercept(name = "get")]
        pub(super) async fn get(&self, request: Request<Empty>) -> Answer {
            self.Get(request).await
        }

        pub(super) async fn Get(&self, _: Request<Empty>) -> Answer {
            Ok(Response::new(Empty {}))
        }
    }
}

/// The number of interceptors of each method.
fn counts(plan: interceptors::Plan) -> Vec<(&'static str, usize)> {
    let methods = plan.methods().iter();
    methods
        .map(|method| (method.method(), method.interceptors().count()))
        .collect()
}

#[tokio::test]
async fn names_that_differ_in_case_are_different_methods() {
    use cases::Cases as _;

    let service = cases::Service::default();
    service.get(Request::new(Empty {})).await.unwrap();
    assert_eq!(service.names.take().map_methods(), ["Get", "get"]);
    service.setup(Request::new(Empty {})).await.unwrap();
    assert_eq!(service.names.take().map_methods(), ["SetUp", "Setup"]);
    assert_eq!(
        counts(cases::Service::PLAN),
        [("get", 3), ("Get", 1), ("Setup", 1), ("SetUp", 3)]
    );
    let client = cases::Client::default();
    client.get(Request::new(Empty {})).await.unwrap();
    assert_eq!(client.names.take().map_methods(), ["Get", "get"]);
    assert_eq!(counts(cases::Client::PLAN), [("get", 1), ("Get", 2)]);
}
