//! The rows of entries agree with the runtime: documented defaults, names and sides.
//!
//! `defaults.tsv` is generated from the rows of entries, by `UPDATE_EXPECT=1 cargo test -p interceptors-macros docs`.

use interceptors::auth::{TokenSource, Verifier};
use interceptors::{CallDetails, Entry, Intercepted as _, Plan, Side, intercept};
use interceptors_proto::guide::user_service_server::UserService;
use interceptors_proto::guide::{GetUserRequest, User};
use tonic::{Request, Response, Status};

struct Users;

// Settings without a default have a value here.
#[intercept(
    trace,
    request_id,
    client_ip,
    logging,
    timeout("1s"),
    auth,
    rate_limit(per_second = 1, store = interceptors::rate_limit::Local::new()),
    concurrency(max = 1),
    load_shed(max = 1),
    payload(redact = []),
    retry
)]
#[tonic::async_trait]
impl UserService for Users {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

impl Verifier for Users {
    type Identity = ();

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<(), Status> {
        Ok(())
    }
}

struct Outbound;

#[intercept(
    request_id,
    logging,
    deadline("1s"),
    retry,
    circuit_breaker,
    concurrency(max = 1),
    load_shed(max = 1),
    auth
)]
struct Channel;

#[intercept(service = "guide.v1.UserService", payload(redact = []), hedge, circuit_breaker(failure_ratio = 0.5))]
impl Outbound {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

impl TokenSource for Channel {
    async fn token(&self, _: &CallDetails) -> Result<String, Status> {
        Ok("token".to_owned())
    }
}

#[test]
fn documented_defaults_match_the_runtime() {
    let table = include_str!("defaults.tsv");
    let mut compared = 0;
    for line in table.lines() {
        let [side, entry, setting, documented] =
            <[&str; 4]>::try_from(line.split('\t').collect::<Vec<_>>()).expect("four columns");
        let plans: &[Plan] = match side {
            "service" => &[Users::PLAN],
            _ => &[Channel::PLAN, Outbound::PLAN],
        };
        // A plan leaves out settings that are off.
        let actual = match (find(plans, entry, setting), documented) {
            (None, "false") if is_listed(plans, entry) => Some(documented.to_owned()),
            (actual, _) => actual,
        };
        let actual = actual.unwrap_or_else(|| panic!("{side}: no plan shows {entry}({setting})"));
        // The plan shows texts without quotes, and levels as `tracing` writes them.
        let documented = documented.trim_matches('"');
        assert!(
            documented.eq_ignore_ascii_case(&actual),
            "{side}: {entry}({setting}) is documented as {documented}, and the runtime has {actual}"
        );
        compared += 1;
    }
    assert!(compared > 40, "{compared}");
}

fn is_listed(plans: &[Plan], entry: &str) -> bool {
    let mut methods = plans.iter().flat_map(|plan| plan.methods());
    methods.any(|method| method.interceptors().any(|found| found.name() == entry))
}

#[test]
fn rows_and_the_runtime_agree_on_names_and_sides() {
    fn is<E: Entry>(name: &str, service: bool, client: bool) {
        assert_eq!(E::NAME, name);
        let sides = [Side::Server, Side::Client].map(|side| E::SIDES.contains(side));
        assert_eq!(sides, [service, client], "service and client of `{name}`");
    }
    include!("entries.rs.in");
}

/// The effective value of a setting, as a plan shows it.
fn find(plans: &[Plan], entry: &str, setting: &str) -> Option<String> {
    let methods = plans.iter().flat_map(|plan| plan.methods());
    let entries = methods.flat_map(|method| method.interceptors());
    let mut settings = entries
        .filter(|found| found.name() == entry)
        .flat_map(|found| found.settings().iter());
    let setting = settings.find(|found| found.name() == setting)?;
    Some(setting.value().to_string())
}
