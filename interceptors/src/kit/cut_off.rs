/// The plan's note for an interceptor that judges calls by how they end; see
/// [`Entry::REQUEST_STREAM_NOTE`](crate::Entry::REQUEST_STREAM_NOTE).
pub const CUT_OFF_IS_OK: &str = "a client that goes away half way through its request stream is taken for one that has sent all, so such a call may \
    end as `OK`; `interceptors::server::RequestCancellationLayer` at the server makes it `CANCELLED`";
