//! Names of interceptors in other systems for which there is no entry here, and what to use instead.

pub(crate) struct Elsewhere {
    pub(crate) names: &'static [&'static str],
    /// What to use instead.
    pub(crate) instead: &'static str,
}

pub(crate) static ELSEWHERE: &[Elsewhere] = &[
    Elsewhere {
        names: &["cors"],
        instead: "there is no interceptor for CORS; put `tower_http::cors::CorsLayer` on the server, outside its interceptors",
    },
    Elsewhere {
        names: &["compression", "compress", "gzip", "zstd", "deflate"],
        instead: "tonic compresses messages; call `accept_compressed` and `send_compressed` on the generated server or client",
    },
    Elsewhere {
        names: &["tls", "mtls", "ssl"],
        instead: "tonic encrypts connections; give a `ServerTlsConfig` to the server or a `ClientTlsConfig` to the endpoint",
    },
    Elsewhere {
        names: &["health", "health_check", "healthcheck"],
        instead: "there is no interceptor for health checks; serve the crate `tonic-health`",
    },
    Elsewhere {
        names: &["reflection"],
        instead: "there is no interceptor for reflection; serve the crate `tonic-reflection`",
    },
    Elsewhere {
        names: &["cache", "caching", "memoize"],
        instead: "there is no interceptor that caches responses; keep them in the handler, with a crate such as `moka`",
    },
    Elsewhere {
        names: &["load_balance", "load_balancing", "load_balancer", "balance"],
        instead: "tonic balances load; make the channel with `tonic::transport::Channel::balance_list`",
    },
    Elsewhere {
        names: &["keepalive", "keep_alive", "ping"],
        instead: "tonic sends keepalive pings; call `http2_keepalive_interval` on the server, or `http2_keep_alive_interval` on the endpoint",
    },
    Elsewhere {
        names: &["grpc_web", "web"],
        instead: "there is no interceptor for gRPC-Web; put `tonic_web::GrpcWebLayer` on the server",
    },
    Elsewhere {
        names: &[
            "max_message_size",
            "message_size",
            "max_size",
            "body_limit",
            "size_limit",
        ],
        instead: "tonic limits the size of messages; call `max_decoding_message_size` on the generated server or client",
    },
    Elsewhere {
        names: &["fault", "fault_injection", "chaos"],
        instead: "there is no interceptor that injects faults; write one and list it as `with(…)`",
    },
    Elsewhere {
        names: &[
            "chain",
            "interceptors",
            "layers",
            "middleware",
            "service_builder",
            "stack",
        ],
        instead: "the list is the chain; write one interceptor after the other: `logging, retry(max = 3)`",
    },
    Elsewhere {
        names: &["selector", "matcher"],
        instead: "each interceptor has its own lists of methods: `logging(only = […])` or `logging(except = […])`",
    },
    Elsewhere {
        names: &["idempotency", "idempotency_key", "deduplicate"],
        instead: "there is no interceptor that answers a repeated call; keep the keys in the handler",
    },
    Elsewhere {
        names: &["sentry"],
        instead: "there is no interceptor for Sentry; put the layers of the crate `sentry-tower` on the server",
    },
];

/// What to use instead of an interceptor of this name.
pub(super) fn instead_of(name: &str) -> Option<&'static str> {
    let found = ELSEWHERE.iter().find(|it| it.names.contains(&name));
    found.map(|it| it.instead)
}
