use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

/// A Python process that exchanges lines of JSON with the test.
pub(crate) struct Python {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: UnboundedReceiver<String>,
}

impl Python {
    fn start(script: &str, arguments: &[String]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration/interop");
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        // `.ci/run` gives a path relative to the root of the repository, where tests do
        // not run. A plain name such as `python3` stays as it is and is looked up in `PATH`.
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let python = match root.join(&python) {
            beside if beside.exists() => beside,
            _ => python.into(),
        };
        let mut child = Command::new(&python)
            .arg("-B") // leaves no compiled files in the repository
            .arg(folder.join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", python.display()));
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().unwrap();
        let (sender, lines) = unbounded_channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if sender.send(line.unwrap()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            stdin,
            lines,
        }
    }

    /// The next line that Python prints.
    async fn next(&mut self) -> Value {
        // Python prints its errors to standard error, unless it hangs.
        let line = tokio::time::timeout(Duration::from_secs(60), self.lines.recv()).await;
        let line = line
            .expect("Python prints nothing")
            .expect("Python is gone");
        serde_json::from_str(&line).unwrap()
    }

    fn tell(&mut self, order: &Value) {
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "{order}").unwrap();
        stdin.flush().unwrap();
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // The process may be gone already. Errors are ignored, so that they do not hide why a test failed.
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Metadata as Python sees it: values of keys that end in `-bin` are hexadecimal.
#[derive(Debug)]
pub(crate) struct Pairs(Value);

impl Pairs {
    /// The values under a key, separated by spaces.
    pub(crate) fn get(&self, key: &str) -> String {
        let pairs = self.0.as_array().unwrap().iter();
        let values = pairs.filter(|pair| pair[0] == key);
        let values: Vec<_> = values.map(|pair| pair[1].as_str().unwrap()).collect();
        values.join(" ")
    }
}

/// Python's client.
pub(crate) struct PythonCaller(Python);

/// The result of a call, as Python sees it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) messages: Vec<Value>,
    pub(crate) code: Code,
    pub(crate) text: String,
    pub(crate) initial: Pairs,
    pub(crate) trailing: Pairs,
    /// The details of the `google.rpc.Status`, if there is one.
    pub(crate) details: Value,
}

/// A call for Python to make.
#[derive(Debug, Clone)]
pub(crate) struct Order(Value);

impl Order {
    pub(crate) fn new(method: &str, requests: &[Value]) -> Self {
        Self(
            json!({"call": method, "requests": requests, "metadata": [], "timeout": null, "hold": false}),
        )
    }

    #[must_use]
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        let metadata = self.0["metadata"].as_array_mut().unwrap();
        metadata.push(json!([key, value]));
        self
    }

    #[must_use]
    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.0["timeout"] = timeout.as_secs_f64().into();
        self
    }

    /// Keeps the request stream open.
    #[must_use]
    pub(crate) fn hold(mut self) -> Self {
        self.0["hold"] = true.into();
        self
    }
}

impl PythonCaller {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self(Python::start("caller.py", &[address.to_string()]))
    }

    pub(crate) fn with_service_config(address: SocketAddr, config: &Value) -> Self {
        let arguments = [address.to_string(), config.to_string()];
        Self(Python::start("caller.py", &arguments))
    }

    pub(crate) fn start(&mut self, order: &Order) {
        self.0.tell(&order.0);
    }

    pub(crate) fn cancel(&mut self) {
        self.0.tell(&json!({"cancel": true}));
    }

    /// The next message of the response. Panics if there is none.
    pub(crate) async fn message(&mut self) -> Value {
        let mut event = self.0.next().await;
        assert!(event.get("message").is_some(), "{event}");
        event["message"].take()
    }

    /// The rest of the response, and its status.
    pub(crate) async fn end(&mut self) -> Reply {
        let mut messages = Vec::new();
        loop {
            let mut event = self.0.next().await;
            if let Some(message) = event.get_mut("message") {
                messages.push(message.take());
                continue;
            }
            return Reply {
                messages,
                code: i32::try_from(event["code"].as_i64().unwrap())
                    .unwrap()
                    .into(),
                text: event["text"].as_str().unwrap_or_default().to_owned(),
                initial: Pairs(event["initial"].take()),
                trailing: Pairs(event["trailing"].take()),
                details: event["details"].take(),
            };
        }
    }

    pub(crate) async fn call(&mut self, order: &Order) -> Reply {
        self.start(order);
        self.end().await
    }
}

/// Python's server.
pub(crate) struct PythonServer(Python);

/// A call that has reached Python.
#[derive(Debug)]
pub(crate) struct Began {
    pub(crate) method: String,
    pub(crate) metadata: Pairs,
    /// The time left until the deadline.
    pub(crate) remaining: Option<Duration>,
}

/// A call that Python has finished.
#[derive(Debug, PartialEq)]
pub(crate) struct Served {
    pub(crate) method: String,
    pub(crate) received: Vec<Value>,
    pub(crate) cancelled: bool,
}

impl PythonServer {
    /// Starts the server and connects to it.
    pub(crate) async fn start() -> (Self, Channel) {
        let mut python = Python::start("server.py", &[]);
        let port = python.next().await["port"].take();
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
        (Self(python), endpoint.connect().await.unwrap())
    }

    pub(crate) async fn began(&mut self) -> Began {
        let mut event = self.0.next().await;
        assert!(event["began"].is_string(), "{event}");
        Began {
            method: event["began"].as_str().unwrap().to_owned(),
            metadata: Pairs(event["metadata"].take()),
            remaining: event["remaining"].as_f64().map(Duration::from_secs_f64),
        }
    }

    pub(crate) async fn ended(&mut self) -> Served {
        let event = self.0.next().await;
        assert!(event["ended"].is_string(), "{event}");
        Served {
            method: event["ended"].as_str().unwrap().to_owned(),
            received: event["received"].as_array().unwrap().clone(),
            cancelled: event["cancelled"].as_bool().unwrap(),
        }
    }

    /// Waits for the start and the end of a call.
    pub(crate) async fn served(&mut self) -> (Began, Served) {
        (self.began().await, self.ended().await)
    }
}
