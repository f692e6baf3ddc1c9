//! Runs the binaries as a new user would.
#![allow(clippy::unwrap_used)] // clippy.toml allows it inside of tests, not of their helpers

use std::process::{Command, Output};

use examples::users::ACCOUNTS;

fn demo(log: Option<&str>) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.env_remove("RUST_LOG");
    command.envs(log.map(|filter| ("RUST_LOG", filter)));
    let output = command.output().unwrap();
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output, String::from_utf8(text).unwrap())
}

/// The numbers in a method's row: ok, error, cancelled, handler runs.
fn counts(output: &str, method: &str) -> Vec<u64> {
    let (_, table) = output.split_once("HANDLER RUNS").expect("a table");
    let row = table
        .lines()
        .find(|line| line.starts_with(method))
        .expect("a row");
    row.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}

#[track_caller]
fn assert_table_is_right(output: &str) {
    assert_eq!(counts(output, "GetUser"), [2, 2, 0, 2]);
    assert_eq!(counts(output, "ListUsers"), [1, 1, 1, 3]);
    assert_eq!(counts(output, "ImportUsers"), [1, 0, 0, 1]);
    assert_eq!(counts(output, "Chat"), [1, 0, 0, 1]);
    assert_eq!(counts(output, "Flaky"), [1, 0, 0, 3]);
    // How many guesses pass depends on their timing. The rejected call does not reach the handler.
    let login = counts(output, "Login");
    assert_eq!(login[0], 2, "{login:?}");
    assert!(login[1] >= 5, "{login:?}");
    assert_eq!(login[3], login[0] + login[1] - 1, "{login:?}");
}

#[track_caller]
fn assert_no_secrets(output: &str) {
    for (_, password) in ACCOUNTS {
        assert!(!output.contains(password), "a password shows");
    }
    assert!(!output.contains("password1"), "a wrong password shows");
    assert!(!output.contains("let-me-in"), "a wrong token shows");
    assert!(
        output.contains("a token of 32 characters"),
        "the format of tokens has changed"
    );
    let mut words = output.split(|c: char| !c.is_ascii_hexdigit());
    assert!(!words.any(|word| word.len() >= 32), "a token shows");
}

#[test]
fn demo_succeeds_and_prints_the_right_table() {
    let (output, text) = demo(None);
    assert!(output.status.success(), "{text}");
    assert_table_is_right(&text);
    assert!(
        text.contains("server: hung up on 2 connections\n"),
        "{text}"
    );
    assert!(!text.contains('\x1b'), "colour where there is no terminal");
    assert!(text.lines().count() <= 40, "{text}");
    // Each scene has a line for each of its calls.
    let calls = [
        "Login UNAUTHENTICATED: wrong name or password, ",
        "ListUsers UNAVAILABLE: the database went away, 2 messages sent, ",
        "ListUsers CANCELLED, ",
    ];
    for call in calls {
        assert!(text.contains(&format!("   log: {call}")), "{text}");
    }
}

#[test]
fn help_lists_all_examples() {
    let demo = |argument| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
        command.arg(argument).output().unwrap()
    };
    let help = demo("--help");
    assert!(help.status.success());
    let help = String::from_utf8(help.stdout).unwrap();
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin");
    for source in std::fs::read_dir(sources).unwrap() {
        let name = source.unwrap().path().file_stem().unwrap().to_owned();
        let name = name.into_string().unwrap();
        let named = help.contains(&format!("--bin {name} ")) || name == "demo";
        assert!(named, "{name} is not in\n{help}");
    }
    let unknown = demo("--hlep");
    assert!(!unknown.status.success());
    assert!(
        String::from_utf8(unknown.stderr)
            .unwrap()
            .contains("--hlep")
    );
}

#[test]
fn every_call_is_logged_once_with_its_final_status() {
    let (_, text) = demo(Some("info"));
    let methods = [
        "Login",
        "GetUser",
        "ListUsers",
        "ImportUsers",
        "Chat",
        "Flaky",
    ];
    for method in methods {
        let field = format!("grpc.method=\"{method}\"");
        let ends = text.lines().filter(|line| line.contains("finished call"));
        let logged = ends.filter(|line| line.contains(&field)).count();
        let counted: u64 = counts(&text, method)[..3].iter().sum();
        assert_eq!(logged as u64, counted, "{method}");
    }
    let list = |code: &str| {
        text.lines()
            .any(|line| line.contains("\"ListUsers\"") && line.contains(code))
    };
    assert!(
        list("grpc.code=\"UNAVAILABLE\"") && list("grpc.code=\"CANCELLED\""),
        "{text}"
    );
}

#[test]
fn logs_contain_no_token_or_password_at_any_level() {
    for filter in [None, Some("trace")] {
        let (output, text) = demo(filter);
        assert!(output.status.success());
        assert_no_secrets(&text);
    }
}

#[test]
fn custom_interceptor_rejects_invalid_requests() {
    let output = Command::new(env!("CARGO_BIN_EXE_custom")).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("1000 / 8 = 125") && text.contains("1000 / 0: `value` must"),
        "{text}"
    );
}

#[cfg(unix)]
mod two_processes {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Stdio};
    use std::sync::mpsc::{self, Receiver};
    use std::time::Duration;

    use super::*;

    struct Server {
        process: Child,
        lines: Receiver<String>,
        output: String,
    }

    impl Server {
        fn start() -> Self {
            let mut process = Command::new(env!("CARGO_BIN_EXE_server"))
                .arg("127.0.0.1:0")
                .env_remove("RUST_LOG")
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let stdout = BufReader::new(process.stdout.take().unwrap());
            let (send, lines) = mpsc::channel();
            std::thread::spawn(move || {
                stdout
                    .lines()
                    .map_while(Result::ok)
                    .try_for_each(|line| send.send(line))
            });
            let output = String::new();
            Self {
                process,
                lines,
                output,
            }
        }

        /// The next line with this text.
        fn line(&mut self, text: &str) -> String {
            loop {
                // Fails instead of hanging.
                let line = self
                    .lines
                    .recv_timeout(Duration::from_secs(60))
                    .unwrap_or_else(|_| {
                        panic!("no line with {text:?} in\n{}", self.output);
                    });
                self.output += &line;
                self.output.push('\n');
                if line.contains(text) {
                    return line;
                }
            }
        }

        fn rest(&mut self) -> &str {
            while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(60)) {
                self.output += &line;
                self.output.push('\n');
            }
            &self.output
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            // The process may have ended already.
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }

    #[test]
    fn client_runs_against_the_server_and_ctrl_c_prints_the_table() {
        let mut server = Server::start();
        let line = server.line("On 127.0.0.1:");
        let address = line
            .split([' ', ','])
            .find(|word| word.starts_with("127"))
            .unwrap();

        let client = Command::new(env!("CARGO_BIN_EXE_client"))
            .arg(address)
            .output()
            .unwrap();
        let seen = String::from_utf8(client.stdout).unwrap();
        assert!(client.status.success(), "{seen}");
        assert!(
            seen.contains("client: one response, after 3 attempts"),
            "{seen}"
        );

        server.line("CANCELLED");
        let id = server.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        let output = server.rest().to_owned();
        assert!(server.process.wait().unwrap().success(), "{output}");
        assert_table_is_right(&output);
        assert_no_secrets(&(seen + &output));
    }

    #[test]
    fn client_without_a_server_fails() {
        // Nobody can listen on port 0.
        let address = "127.0.0.1:0";
        let client = Command::new(env!("CARGO_BIN_EXE_client"))
            .arg(address)
            .output()
            .unwrap();
        assert!(!client.status.success());
        let error = String::from_utf8(client.stderr).unwrap();
        assert!(
            error.contains(&format!("no server at {address}")),
            "{error}"
        );
    }
}

#[test]
fn clients_retry_hedge_and_respect_deadlines() {
    let output = Command::new(env!("CARGO_BIN_EXE_clients"))
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout.as_slice(), &output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{text}");
    let log = |method: &str| {
        let name = format!("grpc.method=\"{method}\"");
        let of_method = text.lines().filter(|line| line.contains(&name));
        of_method.map(str::to_owned).collect::<Vec<_>>()
    };
    let flaky = log("Flaky");
    assert_eq!(flaky.len(), 2, "one event for each call: {flaky:#?}");
    assert!(flaky[0].contains("grpc.attempts=3"), "{}", flaky[0]);
    assert!(flaky[1].contains("grpc.attempts=1"), "{}", flaky[1]);
    assert!(log("ImportUsers")[0].contains("grpc.msgs_sent=5 grpc.attempts=3"));
    assert!(log("GetUser")[0].contains("grpc.attempts=2"));
    assert!(log("ListUsers")[0].contains("DEADLINE_EXCEEDED"));
    assert_eq!(
        text.matches("(a token is fetched)").count(),
        2,
        "one token for each of two clients"
    );
    assert!(!text.contains("s3cret"), "a token shows");
    // Each attempt has its own trace ID.
    let mut ids: Vec<&str> = text
        .split("trace-")
        .skip(1)
        .filter_map(|rest| rest.split(',').next())
        .collect();
    let attempts = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), attempts);
}

// Tests of README.md.

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// A line in the README's form: without the time, the kind of the method, and the duration.
fn shortened(line: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    let is_left_out =
        |word: &&str| word.starts_with("grpc.method_type=") || word.starts_with("grpc.time_ms=");
    words.retain(|word| !is_left_out(word));
    let is_time = |word: &&str| word.ends_with('s') && word.starts_with(|c: char| c.is_numeric());
    match words.iter().position(|word| !word.is_empty()) {
        Some(first) if words[first..].len() > 2 && is_time(&words[first]) => {
            format!("   {}", words[first + 1..].join(" ").trim_start())
        }
        _ => words.join(" "),
    }
}

/// A line without the parts that differ between runs: numbers, units of durations, and widths of columns.
fn masked(line: &str) -> String {
    let mut masked = String::new();
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '0'..='9' => {
                rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
                rest = without_unit(rest);
                masked.push('#');
            }
            ' ' if masked.ends_with(' ') => {}
            other => masked.push(other),
        }
    }
    masked
}

/// The text after a number, without the unit of a duration.
fn without_unit(text: &str) -> &str {
    let is_end = |rest: &str| !rest.starts_with(char::is_alphanumeric);
    for unit in ["ns", "µs", "ms", "s"] {
        if let Some(rest) = text.strip_prefix(unit)
            && is_end(rest)
        {
            return rest;
        }
    }
    text
}

/// The lines of each scene. Their number and order within a scene may differ.
///
/// The server may log a cancelled call after the next scene has begun, so these lines are in a set of their own.
fn scenes(text: &str) -> Vec<std::collections::BTreeSet<String>> {
    let is_late = |line: &&str| line.contains("CANCELLED, ");
    let late = text.lines().filter(is_late).map(masked).collect();
    let mut scenes = vec![late];
    for line in text.lines().filter(|line| !is_late(line)) {
        if !line.starts_with(' ') {
            scenes.push(std::collections::BTreeSet::new());
        }
        scenes.last_mut().unwrap().insert(masked(line));
    }
    scenes
}

/// The code block after this heading, with the text before and after it.
fn block<'a>(readme: &'a str, heading: &str) -> [&'a str; 3] {
    let start = readme.find(heading).expect(heading);
    let start = start + readme[start..].find("```text\n").unwrap() + "```text\n".len();
    let end = start + readme[start..].find("```\n").unwrap();
    [&readme[..start], &readme[start..end], &readme[end..]]
}

#[test]
fn readme_shows_the_output_of_the_demo() {
    let (_, text) = demo(None);
    let printed = text;
    let readme = std::fs::read_to_string(README).unwrap();
    let [before, shown, after] = block(&readme, "## What the demo prints");
    if scenes(shown) == scenes(&printed) {
        return;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(README, [before, &printed, after].concat()).unwrap();
        return;
    }
    panic!("UPDATE_EXPECT=1 writes it anew; the demo prints\n{printed}");
}

#[test]
fn readme_shows_output_of_the_clients() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clients"));
    let output = command.env_remove("RUST_LOG").output().unwrap();
    let text = String::from_utf8([output.stdout.as_slice(), &output.stderr].concat()).unwrap();
    // The unit of the time left is the unit of `grpc-timeout`, which differs between runs.
    let without_time = |line: &str| {
        let line = masked(shortened(line).trim());
        line.split(", trace-").next().unwrap_or_default().to_owned()
    };
    let printed: Vec<String> = text.lines().map(without_time).collect();
    let readme = std::fs::read_to_string(README).unwrap();
    let [_, shown, _] = block(&readme, "## What the clients print");
    for line in shown.lines().map(without_time) {
        assert!(
            printed.contains(&line),
            "{line:?} is not in\n{}",
            printed.join("\n")
        );
    }
}

#[test]
fn readme_quotes_the_service() {
    let readme = std::fs::read_to_string(README).unwrap();
    let blocks: Vec<&str> = readme.split("```rust,ignore\n").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    let mut source = include_str!("../src/users.rs").lines();
    for block in blocks {
        let (quoted, _) = block.split_once("```").unwrap();
        for line in quoted.lines() {
            assert!(
                source.any(|other| other == line),
                "not in users.rs, in this order: {line}"
            );
        }
    }
}

#[test]
fn guide_shows_the_main_for_traces() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../interceptors/docs/production.md"
    );
    let text = std::fs::read_to_string(page).unwrap();
    let source = include_str!("../src/bin/traces.rs");
    let (_, code) = source.split_once("// guide: traces\n").unwrap();
    let begin = "<!-- A copy of examples/src/bin/traces.rs, which is compiled; a test compares the two. -->\n```rust,ignore\n";
    let (before, rest) = text.split_once(begin).unwrap();
    let (shown, after) = rest.split_once("```\n").unwrap();
    if shown != code && std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(page, format!("{before}{begin}{code}```\n{after}")).unwrap();
        return;
    }
    assert_eq!(shown, code, "UPDATE_EXPECT=1 copies it");
}
