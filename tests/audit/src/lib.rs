//! An interceptor in a crate of its own, as somebody would publish it: `#[intercept(audit_interceptor::audit(level = 3))]`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use interceptors::{Call, Entry, Interceptor, Next, Rule, Sides};
use tonic::metadata::MetadataValue;
use tonic::{Response, Status};

/// Counts calls, and tells each caller how many there were.
#[derive(Debug)]
pub struct Audit {
    level: u32,
    header: &'static str,
    is_strict: bool,
    calls: AtomicU64,
    /// It has a destructor, so builders take `mut self`: `Self { level, ..self }` would not be const.
    paths: Mutex<Vec<String>>,
}

/// The name under which the attribute lists it.
pub use Audit as audit;

impl Entry for Audit {
    const NAME: &'static str = "audit";
    const RULES: &'static [Rule] = &[Rule::after(
        "logging",
        "calls are logged before they are audited",
    )];
}

impl Audit {
    /// What the attribute begins with.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "`Default` is not const")]
    pub const fn new() -> Self {
        Self {
            level: 1,
            header: "x-audited",
            is_strict: false,
            calls: AtomicU64::new(0),
            paths: Mutex::new(Vec::new()),
        }
    }

    /// How much is written down, from 0 to 9.
    ///
    /// # Panics
    ///
    /// If it is more. In an attribute, that is an error of the compiler.
    #[must_use]
    pub const fn level(mut self, level: u32) -> Self {
        assert!(level < 10, "`level` must be from 0 to 9");
        self.level = level;
        self
    }

    /// The metadata key of the answer.
    #[must_use]
    pub const fn header(mut self, header: &'static str) -> Self {
        self.header = header;
        self
    }

    /// Rejects every call after the first.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.is_strict = true;
        self
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Audit {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let n = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if let Ok(mut paths) = self.paths.lock() {
            paths.push(call.path().to_owned());
        }
        if self.is_strict && n > 1 {
            return Err(Status::resource_exhausted("one call is enough"));
        }
        let mut response = next.run(call).await?;
        let told = format!("{n}/{}", self.level);
        let told =
            MetadataValue::try_from(told).map_err(|error| Status::internal(error.to_string()))?;
        response.metadata_mut().insert(self.header, told);
        Ok(response)
    }
}

/// For services alone.
#[derive(Debug)]
pub struct OnServices;

impl OnServices {
    /// What the attribute begins with.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "`Default` is not const")]
    pub const fn new() -> Self {
        Self
    }
}

impl Entry for OnServices {
    const NAME: &'static str = "on_services";
    const SIDES: Sides = Sides::SERVER;
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for OnServices {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await
    }
}
