use std::net::IpAddr;

use http::uri::PathAndQuery;

use super::id::RequestId;
use super::kind::{Kind, Side};
use super::plan::MethodPlan;

/// The names of a call: those of the plan, corrected by the path of the request.
#[derive(Debug, Clone)]
pub struct CallName {
    plan: &'static MethodPlan,
    /// Set only if the request's path differs from the plan's. Each use decides whether to trust it.
    wire: Option<PathAndQuery>,
    findings: Findings,
}

/// Values that interceptors have found and that observers need with the names. Every call makes, moves and drops this,
/// and most calls have no such values. So a single check covers all of them.
#[derive(Debug, Clone, Default)]
enum Findings {
    #[default]
    Nothing,
    /// Only the ID. It needs no box.
    Id(RequestId),
    More(Box<More>),
}

#[derive(Debug, Clone, Default)]
struct More {
    request_id: Option<RequestId>,
    client_ip: Option<IpAddr>,
}

impl CallName {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(plan: &'static MethodPlan, wire: Option<PathAndQuery>) -> Self {
        Self {
            plan,
            wire,
            findings: Findings::Nothing,
        }
    }

    /// The names of a received call. The request's path is copied only if it differs from the plan's.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn received(plan: &'static MethodPlan, wire: Option<&PathAndQuery>) -> Self {
        let other = wire.filter(|wire| wire.as_str() != plan.path());
        Self::new(plan, other.cloned())
    }

    /// Takes everything that is not from the plan, for another part of the list.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take(&mut self) -> Self {
        Self {
            plan: self.plan,
            wire: self.wire.take(),
            findings: std::mem::take(&mut self.findings),
        }
    }

    /// Takes that back.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take_back(&mut self, taken: &mut Self) {
        if taken.wire.is_some() {
            self.wire = taken.wire.take();
        }
        if !matches!(taken.findings, Findings::Nothing) {
            self.findings = std::mem::take(&mut taken.findings);
        }
    }

    /// The policy of the method.
    #[must_use]
    pub fn plan(&self) -> &'static MethodPlan {
        self.plan
    }

    /// Which of the four kinds of RPC this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.plan.kind()
    }

    /// Whether the call was received or is being made.
    #[must_use]
    pub fn side(&self) -> Side {
        self.plan.side()
    }

    /// The ID that `request_id` gave the call.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        match &self.findings {
            Findings::Nothing => None,
            Findings::Id(id) => Some(id),
            Findings::More(more) => more.request_id.as_ref(),
        }
    }

    pub(crate) fn set_request_id(&mut self, id: RequestId) {
        match &mut self.findings {
            Findings::More(more) => more.request_id = Some(id),
            alone => *alone = Findings::Id(id),
        }
    }

    /// The caller's address, as `client_ip` found it.
    #[must_use]
    pub fn client_ip(&self) -> Option<IpAddr> {
        match &self.findings {
            Findings::More(more) => more.client_ip,
            _ => None,
        }
    }

    pub(crate) fn set_client_ip(&mut self, address: Option<IpAddr>) {
        let (request_id, client_ip) = match (std::mem::take(&mut self.findings), address) {
            (Findings::More(mut more), address) => {
                more.client_ip = address;
                self.findings = Findings::More(more);
                return;
            }
            (findings, None) => {
                self.findings = findings;
                return;
            }
            (Findings::Id(id), address) => (Some(id), address),
            (Findings::Nothing, address) => (None, address),
        };
        self.findings = Findings::More(Box::new(More {
            request_id,
            client_ip,
        }));
    }

    /// The full path, such as `/user.v1.UserService/Login`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.wire().map_or(self.plan.path(), |names| names.path)
    }

    /// The full name of the service.
    #[must_use]
    pub fn service(&self) -> &str {
        self.wire()
            .map_or(self.plan.service(), |names| names.service)
    }

    /// The name of the RPC.
    #[must_use]
    pub fn method(&self) -> &str {
        self.wire().map_or(self.plan.method(), |names| names.method)
    }

    /// All names at once. Each single method splits the path again.
    #[must_use]
    pub fn names(&self) -> Names<'_> {
        self.wire().unwrap_or(Names {
            path: self.plan.path(),
            service: self.plan.service(),
            method: self.plan.method(),
        })
    }

    /// The names in the request's path, unless they belong to another method.
    fn wire(&self) -> Option<Names<'_>> {
        let path = self.wire.as_ref()?.path();
        // A channel has no other names.
        let by_wire = self.plan.is_named_by_wire();
        if by_wire && self.plan.side() == Side::Server {
            return Some(parse_path(path));
        }
        match split(path, self.plan.method()) {
            Some((service, method)) if by_wire || is_name_of(service, method, self.plan) => {
                Some(Names {
                    path,
                    service,
                    method,
                })
            }
            None if by_wire => Some(Names {
                path,
                service: self.plan.service(),
                method: self.plan.method(),
            }),
            _ => None,
        }
    }
}

/// The names of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    /// The full path.
    pub path: &'a str,
    /// The full name of the service.
    pub service: &'a str,
    /// The name of the RPC.
    pub method: &'a str,
}

/// The names in a path that a client requests. A path that is not gRPC becomes a method of an empty service.
fn parse_path(path: &str) -> Names<'_> {
    let named = path.strip_prefix('/').and_then(|rest| rest.split_once('/'));
    let (service, method) = match named {
        Some((service, method))
            if !service.is_empty() && !method.is_empty() && !contains_byte(method, b'/') =>
        {
            (service, method)
        }
        _ => ("", path),
    };
    Names {
        path,
        service,
        method,
    }
}

/// The service and the method. A router may have nested the service under a prefix. The last two segments are gRPC's.
#[inline]
fn split<'a>(path: &'a str, expected: &str) -> Option<(&'a str, &'a str)> {
    let as_expected = path.strip_suffix(expected);
    let (rest, method) = match as_expected.and_then(|rest| rest.strip_suffix('/')) {
        // Fast path: the method's name is usually the plan's, so no search is needed.
        Some(rest) => (rest, &path[rest.len() + 1..]),
        None => path.rsplit_once('/')?,
    };
    let service = match rest.strip_prefix('/') {
        Some(service) if !contains_byte(service, b'/') => service,
        _ => rest.rsplit_once('/').map_or(rest, |(_, service)| service),
    };
    Some((service, method))
}

/// Checks every byte. For short names this is faster than stopping at the first match.
#[inline]
fn contains_byte(text: &str, byte: u8) -> bool {
    text.bytes().fold(false, |found, it| found | (it == byte))
}

/// Whether these may be the names of this method. They are another method's if a handler passes its own request on: the
/// request still has its original path.
///
/// Names that Rust changed differ only in case and underscores, unless the plan's name is exact. A service's name
/// without a package is not compared, because the trait may be renamed where it is imported.
fn is_name_of(service: &str, method: &str, plan: &MethodPlan) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        let bytes = name.bytes().filter(|byte| *byte != b'_');
        bytes.map(|byte| byte.to_ascii_lowercase())
    }
    let same_letters = || !plan.is_exact() && letters(method).eq(letters(plan.method()));
    let same_service = || service == plan.service() || !contains_byte(plan.service(), b'.');
    (method == plan.method() || same_letters()) && same_service()
}

/// `service/Method` of a path, without the prefix under which a router nests the service.
///
/// If the prefix is a pattern, callers choose it. With the prefix they could create any number of metric series or
/// limits, or fill their tables.
#[must_use]
pub fn name_in(path: &str) -> &str {
    let start = path.rmatch_indices('/').nth(1);
    start.map_or(path, |(slash, _)| &path[slash + 1..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::plan::Name;
    use super::*;

    const fn plan(service: &'static str, method: &'static str, exact: bool) -> MethodPlan {
        let name = Name {
            service,
            method,
            path: "/plan/Own",
            derived: true,
            exact,
        };
        MethodPlan::new(name, Kind::Unary, Side::Server, &[])
    }

    static DERIVED: MethodPlan = plan("Kv", "GetUrl", false);
    static EXACT: MethodPlan = plan("Kv", "GetUrl", true);
    static STATED: MethodPlan = plan("names.v1.KV", "GetUrl", false);
    static CHANNEL: MethodPlan = {
        let name = Name {
            service: "*",
            method: "*",
            path: "*",
            derived: false,
            exact: true,
        };
        MethodPlan::of_channel(name, &[])
    };

    fn call(plan: &'static MethodPlan, path: &str) -> CallName {
        CallName::received(plan, Some(&PathAndQuery::try_from(path).unwrap()))
    }

    /// Path, service and method, read together and one by one.
    fn names(plan: &'static MethodPlan, path: &str) -> [String; 3] {
        let name = call(plan, path);
        let one_by_one = [name.path(), name.service(), name.method()];
        let Names {
            path,
            service,
            method,
        } = name.names();
        assert_eq!([path, service, method], one_by_one);
        one_by_one.map(str::to_owned)
    }

    #[test]
    fn service_and_method_are_the_last_two_segments() {
        for (path, service, method) in [
            ("/names.v1.KV/GetUrl", "names.v1.KV", "GetUrl"),
            ("/names.v1.KV/GetURL", "names.v1.KV", "GetURL"),
            ("/names.v1.KV/get_url", "names.v1.KV", "get_url"),
            ("/Kv/GetUrl", "Kv", "GetUrl"),
            ("/a/b/names.v1.KV/GetUrl", "names.v1.KV", "GetUrl"),
            ("/GetUrl/names.v1.KV/GetUrl", "names.v1.KV", "GetUrl"),
            ("//names.v1.KV/GetUrl", "names.v1.KV", "GetUrl"),
            ("/names.v1.KV//GetUrl", "", "GetUrl"),
            ("/GetUrl", "", "GetUrl"),
            ("//GetUrl", "", "GetUrl"),
            ("/GetUrl/GetUrl", "GetUrl", "GetUrl"),
        ] {
            assert_eq!(names(&DERIVED, path), [path, service, method]);
        }
    }

    #[test]
    fn query_is_not_part_of_the_names() {
        let expected = ["/names.v1.KV/GetUrl", "names.v1.KV", "GetUrl"];
        for query in ["?", "?/other.Service/GetUrl", "?a=b"] {
            let path = format!("/names.v1.KV/GetUrl{query}");
            assert_eq!(names(&DERIVED, &path), expected);
        }
    }

    #[test]
    fn path_of_another_method_is_ignored() {
        for (plan, path) in [
            (&DERIVED, "/names.v1.KV/GetUrls"),
            (&DERIVED, "/names.v1.KV/NotGetUrl"),
            (&DERIVED, "/names.v1.KV/GetUrl/"),
            (&DERIVED, "/"),
            (&DERIVED, "/names.v1.KV"),
            (&EXACT, "/names.v1.KV/GetURL"),
            (&EXACT, "/names.v1.KV/get_url"),
            (&STATED, "/other.v1.KV/GetUrl"),
            (&STATED, "/v1.KV/GetUrl"),
            (&STATED, "/x.names.v1.KV/GetUrl"),
        ] {
            let own = ["/plan/Own", plan.service(), plan.method()];
            assert_eq!(names(plan, path), own, "{path}");
        }
        let nested = "/x/names.v1.KV/GetUrl";
        assert_eq!(names(&STATED, nested), [nested, "names.v1.KV", "GetUrl"]);
    }

    #[test]
    fn channel_takes_names_from_every_path() {
        for (path, service, method) in [
            ("/names.v1.KV/GetUrl", "names.v1.KV", "GetUrl"),
            ("/a/names.v1.KV/GetUrl", "names.v1.KV", "GetUrl"),
            ("/names.v1.KV/*", "names.v1.KV", "*"),
            ("/", "", ""),
        ] {
            assert_eq!(names(&CHANNEL, path), [path, service, method]);
        }
        assert_eq!(names(&CHANNEL, "*"), ["*", "*", "*"]);
    }

    #[test]
    fn server_takes_names_only_from_exact_paths() {
        static SERVER: MethodPlan = {
            let name = Name {
                service: "*",
                method: "*",
                path: "*",
                derived: false,
                exact: true,
            };
            MethodPlan::of_server(name, &[])
        };
        for (path, service, method) in [
            ("/names.v1.KV/GetUrl", "names.v1.KV", "GetUrl"),
            ("/names.v1.KV/*", "names.v1.KV", "*"),
            ("/a/names.v1.KV/GetUrl", "", "/a/names.v1.KV/GetUrl"),
            ("//names.v1.KV/GetUrl", "", "//names.v1.KV/GetUrl"),
            ("/names.v1.KV/GetUrl/", "", "/names.v1.KV/GetUrl/"),
            ("/names.v1.KV/", "", "/names.v1.KV/"),
            ("/healthz", "", "/healthz"),
            ("/api/v1/users", "", "/api/v1/users"),
            ("/users/7", "users", "7"),
            ("/", "", "/"),
        ] {
            assert_eq!(names(&SERVER, path), [path, service, method]);
        }
    }

    proptest! {
        #[test]
        fn expected_name_does_not_change_the_result(
            path in "(/|[aM.])(/|[aM.]){0,12}",
            expected in "[aM.]{0,3}",
        ) {
            let searched = path.rsplit_once('/').map(|(rest, method)| {
                (rest.rsplit_once('/').map_or(rest, |(_, service)| service), method)
            });
            prop_assert_eq!(split(&path, &expected), searched);
        }
    }
}
