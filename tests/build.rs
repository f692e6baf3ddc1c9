//! Generates clients under several policies, as a user's `build.rs` does.

use std::error::Error;
use std::path::{Path, PathBuf};

use prost::Message as _;
use prost_types::method_options::IdempotencyLevel;
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    MethodDescriptorProto, MethodOptions, ServiceDescriptorProto,
};

/// A policy, and the module that its client of the demo service is in.
const CLIENTS: &[(&str, &str)] = &[
    ("recorded", "with(Step(\"a\")), with(Step(\"b\"))"),
    (
        "observed",
        "with(Watched), with(Step(\"inner\"), only = [get_user])",
    ),
    ("logged", "logging, retry(max = 3, base_delay = \"10ms\")"),
    (
        "retried",
        "with(Watched), retry(max_attempts = 4, base_delay = \"100ms\", max_delay = \"300ms\", jitter = 0.0), with(Step(\"attempt\"))",
    ),
    (
        "hedged",
        "with(Watched), hedge(max_attempts = 3, delay = \"100ms\", non_fatal_codes = [Unavailable])",
    ),
    (
        "hedged_at_once",
        "hedge(max_attempts = 3, non_fatal_codes = [Unavailable]), metadata(\"x-attempt\" = counted())",
    ),
    (
        "stamped_once",
        "metadata(\"x-call\" = counted()), retry(max_attempts = 3, base_delay = \"100ms\", jitter = 0.0)",
    ),
    (
        "stamped",
        "retry(max_attempts = 3, base_delay = \"100ms\", jitter = 0.0), metadata(\"x-attempt\" = counted())",
    ),
    (
        "renewing",
        "retry(max_attempts = 2, base_delay = \"100ms\", jitter = 0.0), auth(token = &*RENEWED, allow_plaintext = true)",
    ),
    (
        "renewing_outside",
        "auth(token = &*RENEWED, allow_plaintext = true), retry(max_attempts = 3, base_delay = \"100ms\", jitter = 0.0)",
    ),
    (
        "limited",
        "deadline(\"2s\"), retry(max_attempts = 4, base_delay = \"100ms\", jitter = 0.0)",
    ),
    ("limited_only", "deadline(\"2s\")"),
    (
        "hedged_throttled",
        "hedge(max_attempts = 3, delay = \"100ms\", non_fatal_codes = [Unavailable], throttle(tokens = 4, ratio = 0.5))",
    ),
    (
        "sharing",
        "retry(max_attempts = 2, base_delay = \"100ms\", jitter = 0.0, throttle(tokens = 4, ratio = 0.001), except = [flaky]), hedge(max_attempts = 3, delay = \"100ms\", non_fatal_codes = [Unavailable], throttle(tokens = 4, ratio = 0.001), only = [flaky])",
    ),
    (
        "hedged_shed",
        "hedge(max_attempts = 2, delay = \"20ms\"), load_shed(max = 1)",
    ),
    (
        "throttled_broken",
        "retry(max_attempts = 2, base_delay = \"1ms\", jitter = 0.0, throttle(tokens = 10, ratio = 0.001)), circuit_breaker(failures = 2, open_for = \"10s\")",
    ),
    (
        "chosen",
        "with(Watched), with(Chosen), with(Step(\"attempt\"))",
    ),
    (
        "equipped",
        "deadline(\"2s\"), auth(token = &*TOKENS, public = [login], allow_plaintext = true), metadata(\"x-call\" = counted(), \"x-bytes-bin\" = b\"\\x00\\xff\")",
    ),
    ("guarded", "auth(token = &*TOKENS, public = [\"Login\"])"),
    (
        "chaotic",
        "with(Watched), deadline(\"20s\"), retry(max_attempts = 3, base_delay = \"1ms\", max_delay = \"5ms\"), metadata(\"x-attempt\" = counted())",
    ),
    (
        "interop",
        "logging, with(Watched), deadline(\"20s\"), retry(max_attempts = 3, base_delay = \"10ms\"), auth(token = &*TOKENS, public = [login], allow_plaintext = true), metadata(\"x-call\" = \"one\", \"x-bytes-bin\" = b\"\\x00\\xff\")",
    ),
    (
        "named",
        "retry(max_attempts = 3, base_delay = \"10ms\"), request_id",
    ),
    (
        "measured",
        "metrics(recorder = &*RECORDER), retry(max_attempts = 3, base_delay = \"10ms\")",
    ),
    (
        "measured_attempts",
        "retry(max_attempts = 3, base_delay = \"10ms\"), metrics(recorder = &*RECORDER_OF_ATTEMPTS)",
    ),
    (
        "traced",
        "trace, retry(max_attempts = 3, base_delay = \"10ms\", except = [login]), hedge(max_attempts = 2, only = [login])",
    ),
    (
        "soaked",
        "trace, metrics(recorder = &*RECORDER), with(Soaked), request_id, logging(slow = \"500ms\"), deadline(\"500ms\"), hedge(max_attempts = 2, delay = \"5ms\", only = [get_user]), retry(max = 2, base_delay = \"2ms\", throttle(tokens = 100, ratio = 0.1), except = [get_user]), circuit_breaker(failures = 20, open_for = \"50ms\"), concurrency(limiter = &*SOAKED_LIMITER), auth(token = &*UNSTEADY, public = [login], allow_plaintext = true), metadata(\"x-call\" = counted())",
    ),
    ("hurried", "with(Watched), deadline(\"400ms\")"),
    // What it names is in the test of that name.
    (
        "blind",
        "with(crate::clients::Outer), auth(token = &*crate::clients::SOURCE, allow_plaintext = true), retry(max_attempts = 2, base_delay = \"1ms\", jitter = 0.0), with(crate::clients::Repeats), with(crate::clients::Inner)",
    ),
    ("audited", "logging, ::audit_interceptor::audit(level = 5)"),
    ("crowded", "concurrency(max = 1, queue = 1, wait = \"20s\")"),
    (
        "broken",
        "retry(max_attempts = 3, base_delay = \"100ms\", jitter = 0.0), circuit_breaker(failures = 3, open_for = \"10s\")",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../proto/proto");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for &(name, policy) in CLIENTS {
        let dir = out.join(name);
        std::fs::create_dir_all(&dir)?;
        tonic_prost_build::configure()
            .build_server(false)
            .client_mod_attribute("demo.v1", policy_attribute(policy))
            .extern_path(".demo.v1", "::interceptors_proto::demo")
            .out_dir(dir)
            .compile_fds(protox::compile(
                ["demo/v1/users.proto"],
                ["../proto/proto"],
            )?)?;
    }
    std::fs::write(out.join("large.bin"), large_set().encode_to_vec())?;
    owned_messages(&out.join("owned"))?;
    servers(&out.join("servers"))?;
    payments(&out.join("payments"))?;
    odd_clients(&out.join("odd"))
}

/// Servers that run the policies of their services before they decode.
fn servers(out: &Path) -> Result<(), Box<dyn Error>> {
    for (package, proto) in [
        ("demo.v1", "demo/v1/users.proto"),
        ("shapes.v1", "shapes/v1/shapes.proto"),
        ("names.v1", "names/v1/names.proto"),
    ] {
        let messages = package.trim_end_matches(".v1");
        let dir = out.join(messages);
        std::fs::create_dir_all(&dir)?;
        tonic_prost_build::configure()
            .build_client(false)
            .server_mod_attribute(package, "#[interceptors::intercept]")
            .extern_path(
                format!(".{package}"),
                format!("::interceptors_proto::{messages}"),
            )
            .out_dir(dir)
            .compile_fds(protox::compile([proto], ["../proto/proto"])?)?;
    }
    // With messages of this crate's own, and bodies for methods that an `impl` leaves out.
    let dir = out.join("own");
    std::fs::create_dir_all(&dir)?;
    tonic_prost_build::configure()
        .build_client(false)
        .generate_default_stubs(true)
        .server_mod_attribute("demo.v1", "#[interceptors::intercept]")
        .out_dir(dir)
        .compile_fds(protox::compile(
            ["demo/v1/users.proto"],
            ["../proto/proto"],
        )?)?;
    Ok(())
}

/// The demo service with messages of this crate's own, for which it can implement traits.
fn owned_messages(out: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(out)?;
    let list = "demo.v1.ListUsersRequest";
    tonic_prost_build::configure()
        .type_attribute(list, "#[derive(garde::Validate)]")
        .field_attribute(format!("{list}.limit"), "#[garde(range(max = 100))]")
        .field_attribute(format!("{list}.fail_after"), "#[garde(skip)]")
        .field_attribute(format!("{list}.fail_code"), "#[garde(skip)]")
        .out_dir(out)
        .compile_fds(protox::compile(
            ["demo/v1/users.proto"],
            ["../proto/proto"],
        )?)?;
    Ok(())
}

/// Messages with secrets, and clients that log them.
fn payments(out: &Path) -> Result<(), Box<dyn Error>> {
    let fields = "request.password, request.card?.number, request.items[].secret, request.items[].cards[].number, request.extras[].secret, response.token";
    let policies = [
        ("plain", None),
        (
            "redacted",
            Some(format!("payload(redact = [{fields}], level = \"info\")")),
        ),
        (
            "shown",
            Some(
                "payload(show = [request.id, request.card?.holder, response.id], only = [pay, pay_all]), payload(show = [response.id], only = [list, follow], level = \"info\")"
                    .to_owned(),
            ),
        ),
        (
            "retried",
            Some(
                "payload(show = [request.id, response.id]), retry(max = 2, base_delay = \"1ms\")"
                    .to_owned(),
            ),
        ),
        (
            "attempts",
            Some(
                "request_id, retry(max = 2, base_delay = \"1ms\"), payload(show = [request.id, response.id])"
                    .to_owned(),
            ),
        ),
    ];
    for (name, policy) in policies {
        let dir = out.join(name);
        std::fs::create_dir_all(&dir)?;
        let builder = match policy {
            None => tonic_prost_build::configure(),
            Some(policy) => tonic_prost_build::configure()
                .build_server(false)
                .client_mod_attribute(
                    "payments.v1",
                    format!("#[::interceptors::intercept({policy})]"),
                )
                .extern_path(".payments.v1", "crate::plain"),
        };
        builder.out_dir(dir).compile_fds(protox::compile(
            ["payments/v1/payments.proto"],
            ["../proto/proto"],
        )?)?;
    }
    Ok(())
}

/// Services of several packages, with everything that a generator may stumble over; their servers too.
fn odd_clients(out: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(out)?;
    let policy = "with(Watched), retry(max = 2, base_delay = \"1ms\"), with(Step(\"odd\"))";
    let of_package = format!(
        "{policy}, logging(only = [\"/clients.v1.odd.OddAPI/Ping\", \"/clients.v1.odd.Second/Only\"])"
    );
    tonic_prost_build::configure()
        .client_mod_attribute("clients.v1.odd", policy_attribute(&of_package))
        .client_mod_attribute("clients.v1.odd.deeper", policy_attribute(policy))
        .include_file("all.rs")
        .out_dir(out)
        .compile_fds(protox::compile(
            ["clients/v1/odd.proto", "clients/v1/other.proto"],
            ["../proto/proto"],
        )?)?;
    // Methods called `Connect` and `Clone`, without the constructor that the transport would add.
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .client_mod_attribute("names.v1", policy_attribute(policy))
        .extern_path(".names.v1", "::interceptors_proto::names")
        .out_dir(out)
        .compile_fds(protox::compile(
            ["names/v1/names.proto"],
            ["../proto/proto"],
        )?)?;
    Ok(())
}

/// What the policies name is in `src/clients.rs`.
fn policy_attribute(policy: &str) -> String {
    let mut policy = policy.to_owned();
    for name in [
        "Step(",
        "Soaked)",
        "SOAKED_LIMITER",
        "UNSTEADY",
        "Watched",
        "TOKENS",
        "RENEWED",
        "RECORDER",
        "counted()",
        "Chosen",
    ] {
        policy = policy.replace(name, &format!("crate::clients::{name}"));
    }
    format!("#[::interceptors::intercept({policy})]")
}

/// 300 services with ten methods each, and as many messages: what a company with many teams has in one set.
fn large_set() -> FileDescriptorSet {
    let text = |text: &str| Some(text.to_owned());
    let field = |n: i32| FieldDescriptorProto {
        name: Some(format!("field_number_{n}")),
        number: Some(n),
        ..FieldDescriptorProto::default()
    };
    let message = |n: i32| DescriptorProto {
        name: Some(format!("Message{n}")),
        field: (1..=10).map(field).collect(),
        ..DescriptorProto::default()
    };
    let method = |n: i32| MethodDescriptorProto {
        name: Some(format!("MethodNumber{n}")),
        input_type: text(".company.team.v1.Message1"),
        output_type: text(".company.team.v1.Message2"),
        options: (n == 0).then(|| MethodOptions {
            idempotency_level: Some(IdempotencyLevel::Idempotent.into()),
            ..MethodOptions::default()
        }),
        client_streaming: (n == 1).then_some(true),
        server_streaming: (n == 1 || n == 2).then_some(true),
    };
    let file = |n: i32| FileDescriptorProto {
        name: Some(format!("company/team{n}/v1/team.proto")),
        package: Some(format!("company.team{n}.v1")),
        message_type: (0..10).map(message).collect(),
        service: vec![ServiceDescriptorProto {
            name: Some(format!("ServiceOfTeam{n}")),
            method: (0..10).map(method).collect(),
            options: None,
        }],
        syntax: text("proto3"),
        ..FileDescriptorProto::default()
    };
    FileDescriptorSet {
        file: (0..300).map(file).collect(),
    }
}
