//! The name of a call in metrics and spans.

use std::fmt;

/// Shows `service/Method`, or the path of a request that is not gRPC.
#[derive(Debug)]
pub(crate) struct FullName<'a> {
    pub(crate) service: &'a str,
    pub(crate) method: &'a str,
}

impl fmt::Display for FullName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.service {
            "" if self.method.starts_with('/') => f.write_str(self.method),
            service => write!(f, "{service}/{}", self.method),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_not_grpc_stay_as_they_are() {
        for (service, method, shown) in [
            ("user.v1.UserService", "Login", "user.v1.UserService/Login"),
            ("", "/healthz", "/healthz"),
            ("", "Login", "/Login"),
        ] {
            assert_eq!(FullName { service, method }.to_string(), shown);
        }
    }
}
