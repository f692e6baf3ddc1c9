//! An interceptor of your own that counts calls by their final status.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use interceptors::{Call, End, EntryPlan, Interceptor, MethodPlan, Next, Outcome, Plan};
use tokio::sync::watch;
use tonic::{Response, Status};

/// Counts how the calls of each method ended. A clone counts into the same numbers.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<watch::Sender<HashMap<String, Counts>>>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Tally {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let tally = self.clone();
        let count = move |end: &End<'_>| {
            let path = end.path().to_owned();
            tally
                .0
                .send_modify(|methods| methods.entry(path).or_default().add(end.outcome()));
        };
        next.observe(call, count).await
    }
}

impl Tally {
    /// What was counted for the method with this path.
    #[must_use]
    pub fn of(&self, path: &str) -> Counts {
        self.0.borrow().get(path).copied().unwrap_or_default()
    }

    /// Waits until exactly this has been counted for the method with this path.
    pub async fn reaches(&self, path: &str, expected: Counts) {
        let mut changes = self.0.subscribe();
        let reached = changes.wait_for(|methods| methods.get(path) == Some(&expected));
        // It fails only without a sender, and `self` is the sender.
        let _ = reached.await;
    }
}

/// How often the calls of one method ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answered in full.
    pub ok: u64,
    /// Ended with a status other than `OK`, or with a panic.
    pub error: u64,
    /// Cancelled by the client before the end.
    pub cancelled: u64,
}

impl Counts {
    fn add(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Ok => &mut self.ok,
            Outcome::Cancelled => &mut self.cancelled,
            _ => &mut self.error,
        } += 1;
    }

    const fn sum(self) -> u64 {
        self.ok + self.error + self.cancelled
    }
}

/// The policy of each method, and how its calls ended.
#[derive(Debug)]
pub struct Table<'a> {
    /// The policy of the server, which all calls pass first.
    pub server: Plan,
    /// The policy of the service.
    pub plan: Plan,
    /// Counts the calls that arrived.
    pub calls: &'a Tally,
    /// Counts the calls that reached a handler.
    pub runs: &'a Tally,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods = self
            .plan
            .methods()
            .iter()
            .map(|method| (method, chain(method)));
        let rows: Vec<_> = methods.collect();
        let length = |chain: &String| chain.chars().count();
        // Public methods have a shorter one, without `auth`.
        let first = self.server.methods().iter().map(|method| chain(method));
        let first = first.max_by_key(length).unwrap_or_default();
        let width = rows.iter().map(|(_, chain)| length(chain)).max();
        let width = width.unwrap_or(0).max(length(&first));
        writeln!(
            f,
            "{:12}  {:width$}  {:>4}  {:>5}  {:>9}  {:>12}",
            "METHOD", "CHAIN", "OK", "ERROR", "CANCELLED", "HANDLER RUNS"
        )?;
        writeln!(f, "{:12}  {first}", "all, first")?;
        for (method, chain) in rows {
            let name = method.method();
            let calls = self.calls.of(method.path());
            let runs = self.runs.of(method.path()).sum();
            writeln!(
                f,
                "{name:12}  {chain:width$}  {:>4}  {:>5}  {:>9}  {runs:>12}",
                calls.ok, calls.error, calls.cancelled
            )?;
        }
        Ok(())
    }
}

fn chain(method: &MethodPlan) -> String {
    let entries: Vec<_> = method.interceptors().map(EntryPlan::label).collect();
    entries.join(" → ")
}
