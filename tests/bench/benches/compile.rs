//! What the attribute costs when it is compiled: a service of 50 methods with five interceptors, against
//! the same service without. Writes crates into the target folder that differ in nothing but the
//! attributes, and builds them with cargo in rounds, so that whatever else the machine does falls
//! on all of them.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use interceptors_bench::large::{Kind, METHODS};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The most that a build may take, in builds without the attribute.
const MOST: f64 = 1.5;
const ROUNDS: usize = 7;

const POLICY: &str = "#[interceptors::intercept(logging, auth(verifier = self.tokens, public = [method01, method02]), \
     rate_limit(per_second = 100), retry(max = 3), with(self.audit))]";

/// What is written once for all methods, in the crate that is measured, as a user would.
const FOR_POLICY: &str = r#"
#[derive(Debug, Default)]
pub struct Tokens;

impl interceptors::auth::Verifier for Tokens {
    type Identity = u64;

    async fn verify(&self, token: &str, _: &interceptors::CallDetails) -> Result<u64, Status> {
        token.parse().map_err(|_| Status::unauthenticated("unknown token"))
    }
}

/// Counts the calls that failed.
#[derive(Debug, Default)]
pub struct Audit {
    failed: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl<Req: Send, Res: Send> interceptors::Interceptor<Req, Res> for Audit {
    async fn intercept(
        &self,
        call: &mut interceptors::Call<Req>,
        next: &mut impl interceptors::Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let failed = self.failed.clone();
        next.observe(call, move |end: &interceptors::End<'_>| {
            if end.code() != tonic::Code::Ok {
                failed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        })
        .await
    }
}
"#;

/// A crate that is measured.
struct Variant {
    name: &'static str,
    what: &'static str,
    is_intercepted: bool,
    is_instrumented: bool,
    methods: usize,
}

const BARE: &str = "bare";
const ATTRIBUTE: &str = "attribute";

const VARIANTS: [Variant; 5] = [
    Variant {
        name: BARE,
        what: "`#[tonic::async_trait]` alone",
        is_intercepted: false,
        is_instrumented: false,
        methods: METHODS,
    },
    Variant {
        name: "instrument",
        what: "`#[tracing::instrument]` on each method",
        is_intercepted: false,
        is_instrumented: true,
        methods: METHODS,
    },
    Variant {
        name: ATTRIBUTE,
        what: "`#[intercept(…)]`, five interceptors",
        is_intercepted: true,
        is_instrumented: false,
        methods: METHODS,
    },
    Variant {
        name: "bare_half",
        what: "",
        is_intercepted: false,
        is_instrumented: false,
        methods: METHODS / 2,
    },
    Variant {
        name: "attribute_half",
        what: "",
        is_intercepted: true,
        is_instrumented: false,
        methods: METHODS / 2,
    },
];

fn main() -> Result<()> {
    // Without it, this was not built for measuring: `cargo test --benches`.
    if !env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let crates = Crates::write()?;
    // With their sizes; the dependencies are built here too.
    for variant in &VARIANTS {
        crates.cargo(variant.name, &["build", "--release"])?;
    }
    let whole: Vec<&Variant> = VARIANTS.iter().filter(|it| it.methods == METHODS).collect();
    let mut times = BTreeMap::<(&str, &str), Vec<f64>>::new();
    for round in 0..=ROUNDS {
        for turn in 0..whole.len() {
            // Nobody always comes first.
            let name = whole[(round + turn) % whole.len()].name;
            let measured = crates.measure(name, round)?;
            // Minutes pass; what was measured is not lost where somebody has no more of them.
            eprintln!("round {round} of {ROUNDS}: {name}: {measured:.3?}");
            for (step, seconds) in measured {
                // The first round warms up.
                if round > 0 {
                    times.entry((name, step)).or_default().push(seconds);
                }
            }
        }
    }
    report(&crates, &whole, &times)
}

fn report(
    crates: &Crates,
    whole: &[&Variant],
    times: &BTreeMap<(&str, &str), Vec<f64>>,
) -> Result<()> {
    let ratio = |name, step| {
        let rounds = times[&(name, step)].iter().zip(&times[&(BARE, step)]);
        median(rounds.map(|(time, bare)| time / bare).collect())
    };
    println!(
        "\n| {METHODS} methods | build | of bare | check | of bare | one handler changed | of bare | expansion per method |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for Variant { name, what, .. } in whole {
        print!("| {what} |");
        for step in ["build", "check", "change"] {
            let seconds = median(times[&(*name, step)].clone());
            print!(" {seconds:.2} s | {:.2} |", ratio(name, step));
        }
        let expansion = median(times[&(*name, "expansion")].clone()) / METHODS as f64;
        println!(" {:.0} µs |", expansion * 1e6);
    }
    println!("\n| machine code | binary | per method |");
    println!("| --- | ---: | ---: |");
    for (name, half, what) in [
        (BARE, "bare_half", whole[0].what),
        (ATTRIBUTE, "attribute_half", whole[2].what),
    ] {
        let (all, half) = (crates.binary_size(name)?, crates.binary_size(half)?);
        let per_method = (all as f64 - half as f64) / (METHODS - METHODS / 2) as f64;
        println!(
            "| {what} | {} kB | {:.1} kB |",
            all / 1000,
            per_method / 1e3,
        );
    }
    let measured = ratio(ATTRIBUTE, "build");
    let verdict = if measured <= MOST { "kept" } else { "BROKEN" };
    println!(
        "\n{verdict}: time of a build, in builds without the attribute: {measured:.3}, at most {MOST}"
    );
    Ok(())
}

/// The crates on disk: a workspace of their own, since cargo builds with the settings of the
/// workspace that a crate is in.
struct Crates {
    root: PathBuf,
    /// As text, to be changed.
    sources: BTreeMap<&'static str, String>,
}

impl Crates {
    fn write() -> Result<Self> {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile");
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let workspace = workspace.canonicalize()?;
        let names: Vec<_> = VARIANTS.iter().map(|variant| variant.name).collect();
        write(
            &root.join("Cargo.toml"),
            &format!(
                "[workspace]\nresolver = \"3\"\nmembers = {:?}\n\n\
                 # A build is one from nothing; where it is not, the benchmark says so.\n\
                 [profile.dev]\nincremental = false\n\n\
                 [profile.release]\nstrip = true\n",
                [&names[..], &["large", "stopwatch"]].concat()
            ),
        )?;
        // The versions that the workspace was built with: nothing has to be fetched.
        fs::copy(workspace.join("Cargo.lock"), root.join("Cargo.lock"))?;
        write_crate(
            &root.join("large"),
            "[dependencies]\nprost = \"0.14\"\ntonic-prost = \"0.14\"\n\
             tonic = { version = \"0.14\", default-features = false, features = [\"codegen\"] }\n",
            &large_source(),
        )?;
        write_crate(
            &root.join("stopwatch"),
            "[lib]\nproc-macro = true\n",
            STOPWATCH,
        )?;
        let mut sources = BTreeMap::new();
        for variant in &VARIANTS {
            let dir = root.join(variant.name);
            let source = variant.source();
            write_crate(&dir, &variant.dependencies(&workspace), &source)?;
            write(&dir.join("src/main.rs"), &variant.main())?;
            sources.insert(variant.name, source);
        }
        Ok(Self { root, sources })
    }

    fn cargo(&self, name: &str, args: &[&str]) -> Result<()> {
        let (command, rest) = args.split_first().ok_or("no command")?;
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(&self.root)
            .args([command, "--offline", "--quiet", "--package", name])
            .arg("--target-dir")
            .arg(self.target())
            .env("STOPWATCH", self.stopwatch())
            .args(rest);
        match cargo.status()?.success() {
            true => Ok(()),
            false => Err(format!("{cargo:?} failed").into()),
        }
    }

    /// Seconds by what was done.
    fn measure(&self, name: &'static str, round: usize) -> Result<Vec<(&'static str, f64)>> {
        let source = &self.sources[name];
        let library = self.root.join(name).join("src/lib.rs");
        let timed = |text: &str, args: &[&str]| {
            write(&library, text)?;
            let started = Instant::now();
            self.cargo(name, args)?;
            Ok::<_, Box<dyn Error>>(started.elapsed().as_secs_f64())
        };
        let check = timed(source, &["check", "--lib"])?;
        let build = timed(source, &["build", "--lib"])?;
        // The one crate builds upon what it was in the round before; nothing else is built anew.
        let incremental = format!("-Cincremental={}", self.target().join(name).display());
        let incremental = ["rustc", "--lib", "--", &incremental];
        if round == 0 {
            timed(source, &incremental)?;
        }
        let changed = source.replacen("`name` is empty", &format!("no name, {round}"), 1);
        let change = timed(&changed, &incremental)?;
        timed(source, &["check", "--lib", "--features", "stopwatch"])?;
        let expansion = fs::read_to_string(self.stopwatch())?.parse()?;
        Ok(vec![
            ("check", check),
            ("build", build),
            ("change", change),
            ("expansion", expansion),
        ])
    }

    fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    fn stopwatch(&self) -> PathBuf {
        self.root.join("stopwatch.txt")
    }

    /// Of the program that serves it, without symbols.
    fn binary_size(&self, name: &str) -> Result<u64> {
        let binary = format!("{name}{}", env::consts::EXE_SUFFIX);
        Ok(fs::metadata(self.target().join("release").join(binary))?.len())
    }
}

impl Variant {
    fn service(&self) -> &'static str {
        match self.methods {
            METHODS => "Whole",
            _ => "Half",
        }
    }

    fn dependencies(&self, workspace: &Path) -> String {
        let own = match (self.is_intercepted, self.is_instrumented) {
            (true, _) => {
                let path = workspace.join("interceptors");
                format!("interceptors = {{ path = {path:?} }}\n")
            }
            (_, true) => "tracing = \"0.1\"\n".to_owned(),
            _ => String::new(),
        };
        format!(
            "[dependencies]\n{own}large = {{ path = \"../large\" }}\n\
             stopwatch = {{ path = \"../stopwatch\", optional = true }}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"net\", \"rt-multi-thread\"] }}\n\
             tokio-stream = \"0.1\"\n\
             tonic = {{ version = \"0.14\", default-features = false, features = [\"codegen\", \"router\", \"transport\"] }}\n"
        )
    }

    fn source(&self) -> String {
        let service = self.service();
        let (policy, fields, for_policy) = match self.is_intercepted {
            true => (POLICY, "tokens: Tokens,\n    audit: Audit,", FOR_POLICY),
            false => ("", "", ""),
        };
        let methods: String = (1..=self.methods).map(|n| self.method(n)).collect();
        let module = service.to_lowercase();
        format!(
            r#"
use std::pin::Pin;

use large::*;
use large::{module}_server::{{{service}, {service}Server}};
use tokio_stream::{{Stream, StreamExt}};
use tonic::service::Routes;
use tonic::{{Request, Response, Status, Streaming}};

#[derive(Debug, Default)]
pub struct Service {{
    store: Store,
    {fields}
}}
{for_policy}
#[cfg(feature = "stopwatch")]
stopwatch::start!();

{policy}
#[tonic::async_trait]
impl {service} for Service {{
{methods}}}

#[cfg(feature = "stopwatch")]
stopwatch::stop!();

/// With it, all that is generic around a handler is compiled here.
pub fn routes() -> Routes {{
    Routes::new({service}Server::new(Service::default()))
}}
"#
        )
    }

    fn method(&self, n: usize) -> String {
        let kind = Kind::of(n);
        let (ty, output) = match kind {
            Kind::Unary | Kind::ClientStreaming => (String::new(), format!("Reply{n:02}")),
            Kind::ServerStreaming | Kind::Bidi => (
                format!(
                    "    type Method{n:02}Stream = \
                     Pin<Box<dyn Stream<Item = Result<Reply{n:02}, Status>> + Send>>;\n"
                ),
                format!("Self::Method{n:02}Stream"),
            ),
        };
        let input = match kind {
            Kind::Unary | Kind::ServerStreaming => format!("Request{n:02}"),
            Kind::ClientStreaming | Kind::Bidi => format!("Streaming<Request{n:02}>"),
        };
        let body = match kind {
            Kind::Unary => {
                r#"let NNRequest { id, name } = request.into_inner();
        if name.is_empty() {
            return Err(Status::invalid_argument("`name` is empty"));
        }
        let version = self.store.version(id).await?;
        Ok(Response::new(NNReply { id, name, version }))"#
            }
            Kind::ServerStreaming => {
                "let NNRequest { id, name } = request.into_inner();
        let newest = self.store.version(id).await?;
        let replies = (1..=newest).map(move |version| {
            let name = name.clone();
            Ok(NNReply { id, name, version })
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(replies))))"
            }
            Kind::ClientStreaming => {
                "let mut requests = request.into_inner();
        let mut reply = NNReply::default();
        while let Some(NNRequest { id, name }) = requests.message().await? {
            let version = self.store.version(id).await?;
            reply = NNReply { id, name, version };
        }
        Ok(Response::new(reply))"
            }
            Kind::Bidi => {
                "let replies = request.into_inner().map(|request| {
            let NNRequest { id, name } = request?;
            Ok(NNReply { id, name, version: 1 })
        });
        Ok(Response::new(Box::pin(replies)))"
            }
        };
        let body = body
            .replace("NNRequest", &format!("Request{n:02}"))
            .replace("NNReply", &format!("Reply{n:02}"));
        let instrument = match self.is_instrumented {
            true => "    #[tracing::instrument(skip_all)]\n",
            false => "",
        };
        format!(
            "{ty}{instrument}    async fn method{n:02}(&self, request: Request<{input}>) \
             -> Result<Response<{output}>, Status> {{\n        {body}\n    }}\n"
        )
    }

    fn main(&self) -> String {
        let name = self.name;
        format!(
            "#[tokio::main]\nasync fn main() -> Result<(), tonic::transport::Error> {{\n    \
             let address = ([127, 0, 0, 1], 0).into();\n    \
             tonic::transport::Server::builder().add_routes({name}::routes()).serve(address).await\n}}\n"
        )
    }
}

/// What tonic generates, and what the handlers call: no part of what is measured.
fn large_source() -> String {
    let generated = include_str!(concat!(env!("OUT_DIR"), "/large.v1.rs"));
    let store = r#"
#[derive(Debug, Default)]
pub struct Store;

impl Store {
    pub async fn version(&self, id: u64) -> Result<u64, tonic::Status> {
        match id {
            0 => Err(tonic::Status::not_found("no such id")),
            id => Ok(id),
        }
    }
}
"#;
    format!("{generated}{store}")
}

/// Reads the clock before and after what stands between the two is expanded: the compiler expands
/// in the order of the text, and first what an expansion contains.
const STOPWATCH: &str = r#"
extern crate proc_macro;

use std::sync::Mutex;
use std::time::Instant;

use proc_macro::TokenStream;

static STARTED: Mutex<Option<Instant>> = Mutex::new(None);

#[proc_macro]
pub fn start(_: TokenStream) -> TokenStream {
    *STARTED.lock().unwrap() = Some(Instant::now());
    TokenStream::new()
}

#[proc_macro]
pub fn stop(_: TokenStream) -> TokenStream {
    let started = STARTED.lock().unwrap().take().expect("expanded in the order of the text");
    let file = std::env::var_os("STOPWATCH").expect("a file to write to");
    std::fs::write(file, started.elapsed().as_secs_f64().to_string()).unwrap();
    TokenStream::new()
}
"#;

fn write_crate(dir: &Path, rest: &str, library: &str) -> Result<()> {
    let name = dir.file_name().and_then(|name| name.to_str());
    let name = name.ok_or("a crate has a name")?;
    let manifest =
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{rest}");
    write(&dir.join("Cargo.toml"), &manifest)?;
    write(&dir.join("src/lib.rs"), library)
}

fn write(file: &Path, text: &str) -> Result<()> {
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir)?;
    }
    Ok(fs::write(file, text)?)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
