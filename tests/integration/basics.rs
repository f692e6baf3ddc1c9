//! scratch
use interceptors::{
    Call, CallDetails, Intercepted as _, Interceptor, Next,
    auth::{RequestExt, Verifier},
    intercept,
};
use interceptors_proto::demo::{
    user_service_client::UserServiceClient,
    user_service_server::{UserService, UserServiceServer},
    *,
};
use std::pin::Pin;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

struct Users {
    audit: Audit,
}
struct Audit;
impl<Req: Send, Res: Send> Interceptor<Req, Res> for Audit {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        println!("audit {call:?}");
        next.run(call).await
    }
}
#[derive(Clone, Hash)]
struct Id(String);
impl Verifier for Users {
    type Identity = Id;
    async fn verify(&self, token: &str, _: &CallDetails) -> Result<Id, Status> {
        if token == "good" {
            Ok(Id(token.into()))
        } else {
            Err(Status::unauthenticated("bad token"))
        }
    }
}

#[intercept(
    logging(fields(n = %1, kind = ?request), level = "info"),
    auth(public = [login]),
    rate_limit(per_second = 200, burst = 50, key = identity, except = ["Login"]),
    retry(max = 3, base_delay = "1ms"),
    with(self.audit),
    with(Audit, only = [login]),
)]
#[tonic::async_trait]
impl UserService for Users {
    type ListUsersStream = Pin<Box<dyn Stream<Item = Result<User, Status>> + Send>>;
    type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatMessage, Status>> + Send>>;
    async fn login(&self, _request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        Ok(Response::new(LoginReply {
            token: "good".into(),
        }))
    }
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let who = request.identity::<Id>()?.0.clone();
        Ok(Response::new(User {
            id: request.get_ref().id,
            name: who,
        }))
    }
    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        let n = request.into_inner().limit;
        Ok(Response::new(Box::pin(tokio_stream::iter((0..n).map(
            |n| {
                Ok(User {
                    id: n.into(),
                    name: String::new(),
                })
            },
        )))))
    }
    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        let mut s = request.into_inner();
        let mut imported = 0;
        while let Some(_u) = s.next().await.transpose()? {
            imported += 1;
        }
        Ok(Response::new(ImportSummary { imported }))
    }
    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Ok(Response::new(Box::pin(request.into_inner())))
    }
    #[intercept(skip(auth, rate_limit), name = "Flaky")]
    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        let _ = request;
        Err(Status::unavailable("no"))
    }
}

#[tokio::test]
async fn scratch() {
    tracing_subscriber::fmt().init();
    println!("{}", Users::PLAN);
    println!("{:#}", Users::PLAN.to_json());
    let channel =
        interceptors_tests::serve(tonic::service::Routes::new(UserServiceServer::new(Users {
            audit: Audit,
        })))
        .await;
    let mut c = UserServiceClient::new(channel);
    println!("{:?}", c.login(LoginRequest::default()).await);
    println!("{:?}", c.get_user(GetUserRequest::default()).await);
    let with = |mut r: Request<GetUserRequest>| {
        r.metadata_mut()
            .insert("authorization", "bearer good".parse().unwrap());
        r
    };
    println!(
        "{:?}",
        c.get_user(with(Request::new(GetUserRequest { id: 3 })))
            .await
    );
    println!("{:?}", c.flaky(FlakyRequest::default()).await);
    let mut r = Request::new(ListUsersRequest {
        limit: 3,
        ..Default::default()
    });
    r.metadata_mut()
        .insert("authorization", "bearer good".parse().unwrap());
    let s: Vec<_> = c.list_users(r).await.unwrap().into_inner().collect().await;
    println!("{s:?}");
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
}
