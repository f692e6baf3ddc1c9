//! The dashboard and the alerts, tested with a real Prometheus server that scrapes the production example.
#![allow(clippy::unwrap_used)] // clippy.toml allows it inside of tests, not of their helpers

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use examples::connect;
use examples::issuer::Issuer;
use examples::production::generated::user_service_client::UserServiceClient;
use examples::production::generated::{GetUserRequest, LoginRequest, User};
use examples::production::{Inbound, Outbound, export, serve};
use interceptors::metrics::Recorder;
use prometheus::Registry;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, timeout};

fn dashboards() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

struct Prometheus {
    process: Child,
    directory: PathBuf,
}

impl Prometheus {
    /// Scrapes this endpoint several times a second, and serves its API at the address.
    fn start(endpoint: &str, address: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(address.replace(':', "-"));
        std::fs::create_dir_all(&directory).unwrap();
        let configuration = format!(
            "global: {{ scrape_interval: 250ms, scrape_timeout: 250ms }}\n\
             scrape_configs: [{{ job_name: users, static_configs: [{{ targets: ['{endpoint}'] }}] }}]\n"
        );
        let file = directory.join("prometheus.yml");
        std::fs::write(&file, configuration).unwrap();
        let mut prometheus = Command::new("prometheus");
        prometheus.arg(format!("--config.file={}", file.display()));
        prometheus.arg(format!(
            "--storage.tsdb.path={}",
            directory.join("data").display()
        ));
        prometheus.arg(format!("--web.listen-address={address}"));
        let process = prometheus
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = process.expect("`prometheus` is not installed");
        Self { process, directory }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The number of series that a query returns, or `None` while the server is starting.
async fn series(address: &str, query: &str) -> Option<usize> {
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let request = format!(
        "GET /api/v1/query?query={encoded} HTTP/1.0\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await.ok()?;
    let (head, body) = response.split_once("\r\n\r\n")?;
    if head.contains(" 503 ") {
        return None; // it is starting
    }
    let answer: Value = serde_json::from_str(body).expect(body);
    assert_eq!(answer["status"], "success", "{query}: {answer}");
    let series = answer["data"]["result"].as_array().unwrap();
    // The ratio is NaN without calls.
    let is_number = |series: &&Value| series["value"][1] != "NaN";
    Some(series.iter().filter(is_number).count())
}

/// The queries of all panels, as Grafana sends them.
fn queries() -> Vec<String> {
    let dashboard = std::fs::read_to_string(dashboards().join("grpc.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array());
    let queries = targets.flatten().map(|target| {
        let query = target["expr"].as_str().unwrap();
        let query = query.replace("$__rate_interval", "10s");
        query.replace("$job", ".*").replace("$service", ".*")
    });
    let queries: Vec<_> = queries.collect();
    assert!(
        queries.iter().all(|query| !query.contains('$')),
        "{queries:?}"
    );
    queries
}

#[tokio::test]
async fn each_query_of_the_dashboard_has_data() {
    let registry = Registry::new();
    let recorder = Recorder::prometheus(&registry).unwrap();
    let issuer = Arc::new(Issuer::new().unwrap());
    let inbound = Inbound::new(&issuer.published().unwrap(), recorder.clone()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let service = listener.local_addr().unwrap().to_string();
    tokio::spawn(serve(listener, inbound));
    let endpoint = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint_address = endpoint.local_addr().unwrap().to_string();
    tokio::spawn(export(endpoint, registry));
    let channel = connect(&service).await.unwrap();
    let client = |sub, roles| {
        let outbound = Outbound::new(&issuer, sub, roles, recorder.clone());
        UserServiceClient::new(outbound.wrap(channel.clone()))
    };
    let (mut admin, mut guest) = (client("ada", &["admin"]), client("bob", &[]));

    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let _prometheus = Prometheus::start(&endpoint_address, &address);

    let mut left = queries();
    assert!(left.len() >= 12, "{left:?}");
    let all = async {
        // Rates need calls between two scrapes.
        let mut pace = interval(Duration::from_millis(100));
        while !left.is_empty() {
            pace.tick().await;
            guest.get_user(GetUserRequest { id: 7 }).await.unwrap();
            let user = |name: &str| User {
                id: 1,
                name: name.to_owned(),
            };
            let users = tokio_stream::iter([user("a"), user("b")]);
            // The result does not matter: this caller may reach its limit.
            _ = admin.import_users(users).await;
            let refused = guest.import_users(tokio_stream::iter([user("a")])).await;
            assert!(refused.is_err());
            let login = LoginRequest {
                name: "panic".to_owned(),
                password: String::new(),
            };
            assert!(guest.login(login).await.is_err());
            let mut without = Vec::new();
            for query in std::mem::take(&mut left) {
                if series(&address, &query)
                    .await
                    .is_none_or(|found| found == 0)
                {
                    without.push(query);
                }
            }
            left = without;
        }
    };
    let in_time = timeout(Duration::from_secs(60), all).await.is_ok();
    assert!(in_time, "these queries have no data: {left:#?}");
}

#[test]
fn alerts_fire_when_they_should() {
    let promtool = Command::new("promtool")
        .args(["test", "rules", "alerts.test.yml"])
        .current_dir(dashboards())
        .output()
        .expect("`promtool` is not installed");
    let said = String::from_utf8_lossy(&promtool.stderr);
    assert!(promtool.status.success(), "{said}");

    // Each alert has its test.
    let read = |name: &str| std::fs::read_to_string(dashboards().join(name)).unwrap();
    let (alerts, tests) = (read("alerts.yml"), read("alerts.test.yml"));
    let names = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let untested: Vec<_> = names
        .filter(|name| !tests.contains(&format!("alertname: {name}\n        exp_alerts:\n")))
        .collect();
    assert!(untested.is_empty(), "{untested:?}");
}
