use http::uri::PathAndQuery;

use super::id::RequestId;
use super::kind::{Kind, Side};
use super::plan::MethodPlan;

/// What a call is called: the names of the plan, corrected by the path that came over the wire.
#[derive(Debug, Clone)]
pub struct CallName {
    plan: &'static MethodPlan,
    /// Set only where the wire names another path than the plan. Whether to trust it is decided on
    /// each question.
    wire: Option<PathAndQuery>,
    /// The ID is a name of the call too: observers need it with the others.
    request_id: Option<RequestId>,
}

impl CallName {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(plan: &'static MethodPlan, wire: Option<PathAndQuery>) -> Self {
        Self {
            plan,
            wire,
            request_id: None,
        }
    }

    /// The name of a received call. The wire's path is copied only where it differs from the plan's.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn received(plan: &'static MethodPlan, wire: Option<&PathAndQuery>) -> Self {
        let other = wire.filter(|wire| wire.as_str() != plan.path());
        Self::new(plan, other.cloned())
    }

    /// What is not the plan's, for another part of the list.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take(&mut self) -> Self {
        Self {
            plan: self.plan,
            wire: self.wire.take(),
            request_id: self.request_id.take(),
        }
    }

    /// Takes that back.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take_back(&mut self, taken: &mut Self) {
        if taken.wire.is_some() {
            self.wire = taken.wire.take();
        }
        if taken.request_id.is_some() {
            self.request_id = taken.request_id.take();
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
        self.request_id.as_ref()
    }

    pub(crate) fn set_request_id(&mut self, id: Option<RequestId>) {
        self.request_id = id;
    }

    /// The full path, such as `/user.v1.UserService/Login`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.wire().unwrap_or(self.plan.path())
    }

    fn wire(&self) -> Option<&str> {
        let path = self.wire.as_ref().map(PathAndQuery::path);
        path.filter(|path| self.plan.is_of_channel() || is_path_of(path, self.plan))
    }

    /// The full name of the service.
    #[must_use]
    pub fn service(&self) -> &str {
        self.split()
            .map_or(self.plan.service(), |(service, _)| service)
    }

    /// The name of the RPC.
    #[must_use]
    pub fn method(&self) -> &str {
        self.split()
            .map_or(self.plan.method(), |(_, method)| method)
    }

    /// A router may have nested the service under a prefix; the last two segments are gRPC's.
    fn split(&self) -> Option<(&str, &str)> {
        let (rest, method) = self.wire()?.rsplit_once('/')?;
        Some((
            rest.rsplit_once('/').map_or(rest, |(_, service)| service),
            method,
        ))
    }
}

/// Whether a path may be that of this method. It is another's where a body passes its own request on:
/// that still carries the path it came with.
///
/// Names that Rust changed differ in case and underscores alone, unless the plan's is exact; of a service's name without a
/// package nothing is known, since the trait may be renamed where it is imported.
fn is_path_of(path: &str, plan: &MethodPlan) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        let bytes = name.bytes().filter(|byte| *byte != b'_');
        bytes.map(|byte| byte.to_ascii_lowercase())
    }
    let (rest, method) = path.rsplit_once('/').unwrap_or_default();
    let service = rest.rsplit_once('/').map_or(rest, |(_, service)| service);
    let same_service = !plan.service().contains('.') || service == plan.service();
    let same_letters = || !plan.is_exact() && letters(method).eq(letters(plan.method()));
    same_service && (method == plan.method() || same_letters())
}

/// `service/Method` of a path, without a prefix under which a router nests the service.
///
/// Where that prefix is a pattern the caller chooses it. It must not be able to make more metric series or more
/// limits that way, or to fill their tables.
#[must_use]
pub fn name_in(path: &str) -> &str {
    let start = path.rmatch_indices('/').nth(1);
    start.map_or(path, |(slash, _)| &path[slash + 1..])
}
