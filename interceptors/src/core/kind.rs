use std::fmt;

/// Which of gRPC's four kinds of RPC a method is.
///
/// ```
/// use interceptors::Kind;
///
/// assert!(Kind::BidiStreaming.request_is_stream());
/// assert_eq!(Kind::ServerStreaming.as_str(), "server_stream");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One request, one response.
    Unary,
    /// A stream of requests, one response.
    ClientStreaming,
    /// One request, a stream of responses.
    ServerStreaming,
    /// A stream of requests, a stream of responses.
    BidiStreaming,
}

impl Kind {
    /// The kind with these two directions.
    #[must_use]
    pub const fn new(request_is_stream: bool, response_is_stream: bool) -> Self {
        match (request_is_stream, response_is_stream) {
            (false, false) => Self::Unary,
            (true, false) => Self::ClientStreaming,
            (false, true) => Self::ServerStreaming,
            (true, true) => Self::BidiStreaming,
        }
    }

    /// Whether the client sends a stream.
    #[must_use]
    pub const fn request_is_stream(self) -> bool {
        matches!(self, Self::ClientStreaming | Self::BidiStreaming)
    }

    /// Whether the server sends a stream.
    #[must_use]
    pub const fn response_is_stream(self) -> bool {
        matches!(self, Self::ServerStreaming | Self::BidiStreaming)
    }

    /// Whether neither side sends a stream.
    #[must_use]
    pub const fn is_unary(self) -> bool {
        matches!(self, Self::Unary)
    }

    /// The name that go-grpc-middleware logs as `grpc.method_type`: `unary`, `client_stream`,
    /// `server_stream` or `bidi_stream`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unary => "unary",
            Self::ClientStreaming => "client_stream",
            Self::ServerStreaming => "server_stream",
            Self::BidiStreaming => "bidi_stream",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether an interceptor runs on a service or on a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// On a service: the call was received.
    Server,
    /// On a client: the call is being made.
    Client,
}

impl Side {
    /// `server` or `client`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
