use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use interceptors::auth::StaticTokens;
use interceptors::intercept;
use interceptors::server::{InterceptLayer, ServerChain};
use interceptors_proto::demo::GetUserRequest;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Behaviour, Caller, Ends, Script, WatchEnds, scripted};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint, Server};

pub(crate) const LOGIN: &str = "/demo.v1.UserService/Login";
pub(crate) const GET_USER: &str = "/demo.v1.UserService/GetUser";
pub(crate) const LIST_USERS: &str = "/demo.v1.UserService/ListUsers";
pub(crate) const IMPORT_USERS: &str = "/demo.v1.UserService/ImportUsers";
pub(crate) const CHAT: &str = "/demo.v1.UserService/Chat";

pub(crate) const TOKEN: &str = "Bearer a-token-of-ann";
pub(crate) const SECRET: &str = "a-token-of-ann";
pub(crate) const WITH_TOKEN: (&str, &str) = ("authorization", TOKEN);
pub(crate) const GRPC: (&str, &str) = ("content-type", "application/grpc");

/// The demo service without interceptors.
#[derive(Clone, Default)]
pub(crate) struct Plain {
    pub(crate) script: Script,
}

scripted!(self: Plain);

impl Plain {
    pub(crate) fn routes(&self) -> Routes {
        Routes::new(UserServiceServer::new(self.clone()))
    }
}

/// The policy of most tests.
#[intercept(
    server,
    with(self.ends),
    catch_panic,
    auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login", "/grpc.health.v1.Health/*", "GET /healthz"]),
)]
pub(crate) struct Guard {
    pub(crate) ends: WatchEnds,
    pub(crate) tokens: StaticTokens<&'static str>,
}

pub(crate) fn tokens() -> StaticTokens<&'static str> {
    StaticTokens::new([(SECRET, "ann")]).unwrap()
}

impl Guard {
    pub(crate) fn new() -> (Self, Ends) {
        let (ends, told) = Ends::new();
        let tokens = tokens();
        (Self { ends, tokens }, told)
    }
}

/// Serves with tonic, also HTTP/1.1.
pub(crate) async fn serve<C: ServerChain>(layer: InterceptLayer<C>, routes: Routes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        Server::builder()
            .accept_http1(true)
            .layer(layer)
            .add_routes(routes)
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    address
}

/// Serves with axum.
pub(crate) async fn serve_axum(router: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

pub(crate) async fn channel(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}

pub(crate) async fn caller(address: SocketAddr) -> Caller {
    Caller::new(&channel(address).await)
}

/// Turns a hang into a failure.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    let soon = tokio::time::timeout(Duration::from_secs(20), future).await;
    soon.expect("it takes for ever")
}

/// A message as gRPC frames it.
pub(crate) fn framed(message: &impl Message) -> Vec<u8> {
    let message = message.encode_to_vec();
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend(message);
    framed
}

/// A connection on which the test writes raw requests.
pub(crate) struct Wire {
    pub(crate) client: h2::client::SendRequest<Bytes>,
    pub(crate) connection: tokio::task::AbortHandle,
    address: SocketAddr,
    is_patient: bool,
}

/// A complete response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) data: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Answer {
    /// `grpc-status`, of the trailers or the headers.
    pub(crate) fn grpc_status(&self) -> Option<i32> {
        let trailers = self.trailers.as_ref().and_then(|it| it.get("grpc-status"));
        let status = trailers.or_else(|| self.headers.get("grpc-status"))?;
        Some(status.to_str().unwrap().parse().unwrap())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.data).unwrap()
    }
}

pub(crate) type Pairs<'a> = &'a [(&'a str, &'a str)];

impl Wire {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (client, connection) = h2::client::handshake(stream).await.unwrap();
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        Self {
            client,
            connection: connection.abort_handle(),
            address,
            is_patient: false,
        }
    }

    /// For tests with a paused clock: a timeout around a wait for a socket would fire at once.
    pub(crate) async fn patient(address: SocketAddr) -> Self {
        Self {
            is_patient: true,
            ..Self::to(address).await
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: Pairs<'_>) -> Request<()> {
        let uri = Uri::builder()
            .scheme("http")
            .authority(self.address.to_string());
        let mut request = Request::new(());
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        *request.uri_mut() = uri.path_and_query(path).build().unwrap();
        request
            .headers_mut()
            .insert(header::TE, HeaderValue::from_static("trailers"));
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        request
    }

    /// Sends this request, and begins its body.
    pub(crate) fn begin(
        &mut self,
        request: Request<()>,
        is_all: bool,
    ) -> (h2::client::ResponseFuture, h2::SendStream<Bytes>) {
        self.client.send_request(request, is_all).unwrap()
    }

    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: Pairs<'_>,
        body: impl Into<Bytes>,
    ) -> Answer {
        let request = self.request(method, path, headers);
        let is_patient = self.is_patient;
        let answer = self.send(request, body.into());
        match is_patient {
            true => answer.await.unwrap(),
            false => soon(answer).await.unwrap(),
        }
    }

    pub(crate) async fn send(
        &mut self,
        request: Request<()>,
        body: Bytes,
    ) -> Result<Answer, h2::Error> {
        let mut client = self.client.clone().ready().await?;
        let (response, mut send) = client.send_request(request, body.is_empty())?;
        if !body.is_empty() {
            // A server that answers at once may have closed the stream.
            let _ = send.send_data(body, true);
        }
        answer(response).await
    }
}

/// Reads a response to its end.
pub(crate) async fn answer(response: h2::client::ResponseFuture) -> Result<Answer, h2::Error> {
    let (mut head, mut body) = response.await?.into_parts();
    head.headers.remove(header::DATE);
    let mut data = BytesMut::new();
    while let Some(chunk) = body.data().await {
        let chunk = match chunk {
            // The answer is complete, and the rest of the request is not wanted.
            Err(error) if error.reason() == Some(h2::Reason::NO_ERROR) => break,
            chunk => chunk?,
        };
        let _ = body.flow_control().release_capacity(chunk.len());
        data.extend_from_slice(&chunk);
    }
    let trailers = match body.trailers().await {
        Err(error) if error.reason() == Some(h2::Reason::NO_ERROR) => None,
        trailers => trailers?,
    };
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        data: data.freeze(),
        trailers,
    })
}

/// Sends this text over a connection, and returns the answer until the server closes the connection.
pub(crate) async fn http1(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that rejects the text may reset the connection.
    let _ = soon(stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request that gRPC clients do not send, or seldom: headers beside the usual ones, the HTTP method, the path, and the parts of the body.
pub(crate) type Odd = (
    Vec<(&'static str, String)>,
    &'static str,
    &'static str,
    Vec<Vec<u8>>,
);

/// What a hostile client may send. Not gRPC-Web, which an unwrapped server does not speak.
pub(crate) fn odd_requests() -> Vec<Odd> {
    let message = || framed(&GetUserRequest { id: 7 });
    let grpc = || vec![("content-type", "application/grpc".to_owned())];
    let with = |name: &'static str, value: &str| {
        let mut headers = grpc();
        headers.push((name, value.to_owned()));
        headers
    };
    let mut all = Vec::new();
    for path in [
        GET_USER,
        LIST_USERS,
        IMPORT_USERS,
        CHAT,
        "/demo.v1.UserService/Nothing",
    ] {
        let mut flagged = message();
        flagged[0] = 1;
        let junk = vec![0, 0, 0, 0, 3, 0xff, 0xff, 0xff];
        for body in [
            vec![],
            vec![vec![]],
            vec![vec![], message(), vec![], vec![]],
            vec![[message(), message()].concat()],
            vec![message(), message()],
            vec![[message(), junk].concat()],
            vec![[message(), vec![0, 0]].concat()],
            vec![flagged.clone()],
            vec![message(), flagged.clone()],
            message().into_iter().map(|byte| vec![byte]).collect(),
        ] {
            all.push((grpc(), "POST", path, body));
        }
        for (encoding, body) in [
            ("gzip", flagged.clone()),
            ("gzip", message()),
            ("identity", flagged.clone()),
            ("x", message()),
        ] {
            all.push((with("grpc-encoding", encoding), "POST", path, vec![body]));
        }
        for timeout in [
            "",
            "1",
            "S",
            "-1S",
            "1.5S",
            "999999999S",
            "99999999H",
            "1 S",
            "10S10S",
            "1X",
        ] {
            all.push((with("grpc-timeout", timeout), "POST", path, vec![message()]));
        }
        for content_type in [
            "text/plain",
            "",
            "application/grpc+json",
            "application/grpc; a=b",
            "APPLICATION/GRPC",
            "application/grpcx",
        ] {
            all.push((
                vec![("content-type", content_type.to_owned())],
                "POST",
                path,
                vec![message()],
            ));
            let failing = vec![
                ("content-type", content_type.to_owned()),
                (
                    Behaviour::KEY,
                    Behaviour::FailAfter(1, tonic::Code::NotFound).to_string(),
                ),
            ];
            all.push((failing, "POST", path, vec![message()]));
        }
        all.push((vec![], "POST", path, vec![message()]));
        all.push((with("x-bin", "***"), "POST", path, vec![message()]));
        all.push((with("x", "y"), "POST", path, vec![message()]));
        all.push((
            with("x", &"y".repeat(12_000)),
            "POST",
            path,
            vec![message()],
        ));
        all.push((with("grpc-status", "5"), "POST", path, vec![message()]));
        all.push((with("content-length", "7"), "POST", path, vec![message()]));
        for method in ["GET", "PUT", "OPTIONS", "DELETE", "X"] {
            all.push((grpc(), method, path, vec![message()]));
        }
    }
    all
}

/// Sends it with a token, part by part.
pub(crate) async fn send_odd(
    wire: &mut Wire,
    (headers, method, path, parts): &Odd,
) -> Result<Answer, String> {
    let mut pairs: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    pairs.push(WITH_TOKEN);
    let request = wire.request(method, path, &pairs);
    let mut client = wire.client.clone().ready().await.unwrap();
    let (response, mut body) = client.send_request(request, parts.is_empty()).unwrap();
    for (i, part) in parts.iter().enumerate() {
        // A server that answers at once may have closed the stream.
        let _ = body.send_data(part.clone().into(), i + 1 == parts.len());
        tokio::task::yield_now().await;
    }
    soon(answer(response))
        .await
        .map_err(|error| error.to_string())
}
