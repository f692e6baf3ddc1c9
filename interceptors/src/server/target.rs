use http::Method;

/// What a request asks for, as its first line has it. Lists of a server name it byte for byte.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
}

impl<'a> Target<'a> {
    /// The path, without a query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// Whether it is this RPC: `/user.v1.UserService/Login`. Whatever else the request says of itself, this is where it goes.
    #[must_use]
    pub fn is_rpc(&self, path: &str) -> bool {
        self.path == path
    }

    /// Whether it is an RPC of a service: `/user.v1.UserService/`.
    #[must_use]
    pub fn is_rpc_of(&self, service: &str) -> bool {
        let method = self.path.strip_prefix(service);
        method.is_some_and(|method| is_identifier(method.as_bytes()))
    }

    /// Whether it is anything beneath a service: `/user.v1.UserService/`.
    #[must_use]
    pub fn is_beneath(&self, service: &str) -> bool {
        self.path.starts_with(service)
    }

    /// Whether it is this request of plain HTTP: `GET` and `/healthz`. A `HEAD` is answered by what answers a `GET`.
    #[must_use]
    pub fn is_http(&self, method: &str, path: &str) -> bool {
        let is_method =
            || self.method.as_str() == method || *self.method == Method::HEAD && method == "GET";
        self.path == path && is_method()
    }
}

/// The name of an RPC is an identifier. A pattern matches nothing else.
fn is_identifier(name: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    let rest = |byte: &u8| is_letter(byte) || byte.is_ascii_digit();
    name.first().is_some_and(is_letter) && name.iter().all(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_matches_only_methods_of_its_service() {
        let is = |path| {
            let target = Target {
                method: &Method::POST,
                path,
            };
            target.is_rpc_of("/grpc.health.v1.Health/")
        };
        assert!(is("/grpc.health.v1.Health/Check"));
        for path in [
            "/grpc.health.v1.Health/",
            "/grpc.health.v1.Health",
            "/grpc.health.v1.Health/Check/",
            "/grpc.health.v1.Health//Check",
            "/grpc.health.v1.Health/Check/../../user.v1.Users/Delete",
            "/grpc.health.v1.Health/%43heck",
            "/grpc.health.v1.Health/Check;a",
            "/grpc.health.v1.Health/1",
            "/grpc.health.v1.health/Check",
            "//grpc.health.v1.Health/Check",
            "/x/grpc.health.v1.Health/Check",
            "/grpc.health.v1.HealthX/Check",
        ] {
            assert!(!is(path), "{path}");
        }
    }

    #[test]
    fn plain_http_is_matched_by_method_and_path() {
        let target = Target {
            method: &Method::GET,
            path: "/healthz",
        };
        assert!(target.is_http("GET", "/healthz"));
        let head = Target {
            method: &Method::HEAD,
            ..target
        };
        assert!(head.is_http("GET", "/healthz") && head.is_http("HEAD", "/healthz"));
        assert!(!head.is_http("POST", "/healthz") && !target.is_http("HEAD", "/healthz"));
        for (method, path) in [
            ("POST", "/healthz"),
            ("get", "/healthz"),
            ("GET", "/healthz/"),
        ] {
            assert!(!target.is_http(method, path), "{method} {path}");
        }
    }
}
