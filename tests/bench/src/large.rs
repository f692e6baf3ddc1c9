//! A service large enough for its compile time to be felt: which methods it has. The build script
//! makes tonic's code of it, and the benchmark of compile time the handlers.

/// Methods of the whole service. The half has the first half of them, in the same proportion, so
/// that the difference is what a method takes, without what there is once.
pub const METHODS: usize = 50;

/// What travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A message each way.
    Unary,
    /// Many messages back.
    ServerStreaming,
    /// Many messages there.
    ClientStreaming,
    /// Many messages each way.
    Bidi,
}

impl Kind {
    /// In 25 methods there are twenty unary ones.
    #[must_use]
    pub fn of(method: usize) -> Self {
        match method % 25 {
            5 | 15 => Self::ServerStreaming,
            10 | 20 => Self::ClientStreaming,
            0 => Self::Bidi,
            _ => Self::Unary,
        }
    }
}

/// Every method has messages of its own, as style guides for protos want it: no two of them share
/// what is generic.
#[must_use]
pub fn proto() -> String {
    let mut proto = "syntax = \"proto3\";\npackage large.v1;\n".to_owned();
    for (service, methods) in [("Whole", METHODS), ("Half", METHODS / 2)] {
        proto += &format!("service {service} {{\n");
        for n in 1..=methods {
            let (request, reply) = match Kind::of(n) {
                Kind::Unary => ("", ""),
                Kind::ServerStreaming => ("", "stream "),
                Kind::ClientStreaming => ("stream ", ""),
                Kind::Bidi => ("stream ", "stream "),
            };
            proto += &format!(
                "rpc Method{n:02}({request}Request{n:02}) returns ({reply}Reply{n:02});\n"
            );
        }
        proto += "}\n";
    }
    for n in 1..=METHODS {
        proto += &format!("message Request{n:02} {{ uint64 id = 1; string name = 2; }}\n");
        proto += &format!(
            "message Reply{n:02} {{ uint64 id = 1; string name = 2; uint64 version = 3; }}\n"
        );
    }
    proto
}
