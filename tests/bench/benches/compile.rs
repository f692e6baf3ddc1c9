//! What the attribute costs when it is compiled: a service of 50 methods with five interceptors that
//! accept any message ("blind"), and with one more that accepts only messages with a trait of their
//! own ("typed"), against the same service without. Writes crates into the target folder that differ
//! in nothing but the attributes, and builds them with cargo in rounds, so that whatever else the
//! machine does affects all of them.
//!
//! `-- --rounds 3` sets the number of rounds. `-- --counts` measures no time: it only counts the
//! instances that the compiler generates for a method, and the machine code of a method.
//!
//! Exits with a failure where a bound is broken.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;
use std::{env, fs};

use interceptors_bench::figures::{at_most, keep};
use interceptors_bench::large::{Kind, METHODS};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ROUNDS: usize = 7;

/// What a policy may cost at most.
struct Bounds {
    name: &'static str,
    /// Functions that the compiler generates for a method, beyond those of a bare service.
    instances: f64,
    /// Machine code of a method beyond that of a bare service, in kB.
    code: f64,
    /// Time of a build, in builds of a bare service.
    build: f64,
    /// Time of a check, in checks of a bare service.
    check: f64,
}

const BOUNDS: [Bounds; 2] = [
    Bounds {
        name: BLIND,
        instances: 70.0,
        code: 6.0,
        build: 1.6,
        check: 2.0,
    },
    Bounds {
        name: TYPED,
        instances: 150.0,
        code: 15.0,
        build: 2.0,
        check: 2.5,
    },
];

const POLICY: &str = "logging, auth(verifier = self.tokens, public = [method01, method02]), \
     rate_limit(per_second = 100), retry(max = 3), with(self.audit)";

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

/// The typed interceptor. Each message implements the trait that it requires, as messages implement
/// `Validate`.
const FOR_TYPED: &str = r#"
pub trait Checked {
    fn check(&self) -> Result<(), Status>;
}

impl<M> Checked for Streaming<M> {
    fn check(&self) -> Result<(), Status> {
        Ok(())
    }
}

#[derive(Debug, Default)]
pub struct Check;

impl<Req: Checked + Send, Res: Send> interceptors::Interceptor<Req, Res> for Check {
    async fn intercept(
        &self,
        call: &mut interceptors::Call<Req>,
        next: &mut impl interceptors::Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if let Some(message) = call.message() {
            message.check()?;
        }
        next.run(call).await
    }
}
"#;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    Instrument,
    Blind,
    Typed,
}

/// A crate that is measured.
struct Variant {
    name: &'static str,
    what: &'static str,
    around: Around,
    methods: usize,
}

const BARE: &str = "bare";
const BLIND: &str = "blind";
const TYPED: &str = "typed";

const VARIANTS: [Variant; 7] = [
    Variant {
        name: BARE,
        what: "`#[tonic::async_trait]` alone",
        around: Around::Nothing,
        methods: METHODS,
    },
    Variant {
        name: "instrument",
        what: "`#[tracing::instrument]` on each method",
        around: Around::Instrument,
        methods: METHODS,
    },
    Variant {
        name: BLIND,
        what: "`#[intercept(…)]`, blind",
        around: Around::Blind,
        methods: METHODS,
    },
    Variant {
        name: TYPED,
        what: "`#[intercept(…)]`, one typed entry",
        around: Around::Typed,
        methods: METHODS,
    },
    Variant {
        name: "bare_half",
        what: "",
        around: Around::Nothing,
        methods: METHODS / 2,
    },
    Variant {
        name: "blind_half",
        what: "",
        around: Around::Blind,
        methods: METHODS / 2,
    },
    Variant {
        name: "typed_half",
        what: "",
        around: Around::Typed,
        methods: METHODS / 2,
    },
];

fn main() -> Result<ExitCode> {
    let args: Vec<String> = env::args().skip(1).collect();
    // Without it, this was not built for measuring: `cargo test --benches`.
    if !args.iter().any(|arg| arg == "--bench") {
        return Ok(ExitCode::SUCCESS);
    }
    let rounds = match args.iter().position(|arg| arg == "--rounds") {
        Some(at) => args
            .get(at + 1)
            .ok_or("`--rounds` takes a number")?
            .parse()?,
        None => ROUNDS,
    };
    if rounds == 0 {
        return Err("at least one round".into());
    }
    let crates = Crates::write()?;
    let times = match args.iter().any(|arg| arg == "--counts") {
        true => None,
        false => Some(Times::measure(&crates, rounds)?),
    };
    let counts = Counts::of(&crates)?;
    if let Some(times) = &times {
        times.report();
    }
    counts.report();
    println!();
    let mut all_kept = true;
    for bounds in &BOUNDS {
        let name = bounds.name;
        let mut promise = |what: &str, measured: f64, most: f64| {
            all_kept &= at_most(&format!("{name}: {what}"), measured, most);
        };
        promise(
            "instances per method beyond bare",
            counts.instances[name] - counts.instances[BARE],
            bounds.instances,
        );
        promise(
            "code per method beyond bare, kB",
            counts.code[name] - counts.code[BARE],
            bounds.code,
        );
        if let Some(times) = &times {
            promise("build of bare", times.ratio(name, "build"), bounds.build);
            promise("check of bare", times.ratio(name, "check"), bounds.check);
        }
    }
    Ok(match all_kept {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Seconds of each round, by the crate and by what was done with it.
struct Times(BTreeMap<(&'static str, &'static str), Vec<f64>>);

impl Times {
    fn measure(crates: &Crates, rounds: usize) -> Result<Self> {
        let whole: Vec<_> = whole().map(|variant| variant.name).collect();
        let mut times = BTreeMap::<_, Vec<f64>>::new();
        for round in 0..=rounds {
            for turn in 0..whole.len() {
                // Nobody always comes first.
                let name = whole[(round + turn) % whole.len()];
                let measured = crates.measure(name, round)?;
                // Minutes pass; what was measured is not lost where somebody has no more of them.
                eprintln!("round {round} of {rounds}: {name}: {measured:.3?}");
                for (step, seconds) in measured {
                    // The first round warms up.
                    if round > 0 {
                        times.entry((name, step)).or_default().push(seconds);
                    }
                }
            }
        }
        Ok(Self(times))
    }

    fn ratio(&self, name: &'static str, step: &'static str) -> f64 {
        let rounds = self.0[&(name, step)].iter().zip(&self.0[&(BARE, step)]);
        median(rounds.map(|(time, bare)| time / bare).collect())
    }

    fn report(&self) {
        println!(
            "\n| {METHODS} methods | build | of bare | check | of bare | one handler changed | of bare | expansion per method |"
        );
        println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        for Variant { name, what, .. } in whole() {
            print!("| {what} |");
            for step in ["build", "check", "change"] {
                let seconds = median(self.0[&(*name, step)].clone());
                let ratio = self.ratio(name, step);
                print!(" {seconds:.2} s | {ratio:.2} |");
                if *name != BARE {
                    keep(what, &format!("{step}, of bare"), ratio);
                }
            }
            let expansion = median(self.0[&(*name, "expansion")].clone()) / METHODS as f64;
            println!(" {:.0} µs |", expansion * 1e6);
        }
    }
}

/// What the compiler generates for one method, by the crate: the difference between the whole service
/// and the half leaves out what there is once.
struct Counts {
    /// Functions in a dev build.
    instances: BTreeMap<&'static str, f64>,
    /// Machine code in a release build, in kB.
    code: BTreeMap<&'static str, f64>,
}

impl Counts {
    const OF: [(&str, &str); 3] = [
        (BARE, "bare_half"),
        (BLIND, "blind_half"),
        (TYPED, "typed_half"),
    ];

    fn of(crates: &Crates) -> Result<Self> {
        let per_method = |what: &str, count: &dyn Fn(&str) -> Result<u64>| {
            let count = |&(name, half)| {
                let (all, half) = (count(name)?, count(half)?);
                let more = all as f64 - half as f64;
                let each = more / (METHODS - METHODS / 2) as f64;
                // It takes a while until there is a table.
                eprintln!("{name}: {each:.1} {what} per method");
                Ok::<_, Box<dyn Error>>((name, each))
            };
            Self::OF
                .iter()
                .map(count)
                .collect::<Result<BTreeMap<_, _>>>()
        };
        let instances = per_method("instances", &|name| crates.instances(name))?;
        let mut code = per_method("bytes", &|name| crates.binary_size(name))?;
        code.values_mut().for_each(|bytes| *bytes /= 1e3);
        Ok(Self { instances, code })
    }

    fn report(&self) {
        println!("\n| one method | instances, dev | beyond bare | code, release | beyond bare |");
        println!("| --- | ---: | ---: | ---: | ---: |");
        for Variant { name, what, .. } in whole() {
            // Of some there is no half.
            let (Some(instances), Some(code)) = (self.instances.get(name), self.code.get(name))
            else {
                continue;
            };
            let more = (instances - self.instances[BARE], code - self.code[BARE]);
            println!(
                "| {what} | {instances:.1} | {:.1} | {code:.1} kB | {:.1} kB |",
                more.0, more.1
            );
            if *name != BARE {
                keep(what, "instances beyond bare", more.0);
                keep(what, "code beyond bare", more.1);
            }
        }
    }
}

fn whole() -> impl Iterator<Item = &'static Variant> {
    VARIANTS.iter().filter(|variant| variant.methods == METHODS)
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
        let mut cargo = self.command(name, args)?;
        match cargo.status()?.success() {
            true => Ok(()),
            false => Err(format!("{cargo:?} failed").into()),
        }
    }

    fn command(&self, name: &str, args: &[&str]) -> Result<Command> {
        let (command, rest) = args.split_first().ok_or("no command")?;
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(&self.root)
            .args([command, "--offline", "--quiet", "--package", name])
            .env("CARGO_TARGET_DIR", self.target())
            .env("STOPWATCH", self.stopwatch())
            .args(rest);
        Ok(cargo)
    }

    /// The functions that the compiler generates for the library in a dev build. It says which they
    /// are only with a flag that is not stable: their names may change, their number is what it is.
    fn instances(&self, name: &str) -> Result<u64> {
        // What is up to date is not compiled, and nothing is said.
        write(
            &self.root.join(name).join("src/lib.rs"),
            &self.sources[name],
        )?;
        let rustc = ["rustc", "--lib", "--", "-Zprint-mono-items=yes"];
        let mut cargo = self.command(name, &rustc)?;
        // In a folder of its own: the build scripts of some dependencies look at the variable, and
        // would have them built anew each time.
        let output = cargo
            .env("CARGO_TARGET_DIR", self.root.join("counts"))
            .env("RUSTC_BOOTSTRAP", "1")
            .stderr(Stdio::inherit())
            .output()?;
        let text = String::from_utf8(output.stdout)?;
        let instances = text.lines().filter(|it| it.starts_with("MONO_ITEM fn "));
        match instances.count() as u64 {
            0 => Err(format!("{cargo:?} printed no instances").into()),
            count if output.status.success() => Ok(count),
            _ => Err(format!("{cargo:?} failed").into()),
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
        self.cargo(name, &["build", "--release"])?;
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
        let own = match self.around {
            Around::Blind | Around::Typed => {
                let path = workspace.join("interceptors");
                format!("interceptors = {{ path = {path:?} }}\n")
            }
            Around::Instrument => "tracing = \"0.1\"\n".to_owned(),
            Around::Nothing => String::new(),
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
        let (policy, fields, for_policy) = match self.around {
            Around::Nothing | Around::Instrument => (String::new(), "", String::new()),
            Around::Blind => (
                format!("#[interceptors::intercept({POLICY})]"),
                "tokens: Tokens,\n    audit: Audit,",
                FOR_POLICY.to_owned(),
            ),
            Around::Typed => (
                format!("#[interceptors::intercept({POLICY}, with(self.check))]"),
                "tokens: Tokens,\n    audit: Audit,\n    check: Check,",
                format!("{FOR_POLICY}{FOR_TYPED}{}", self.checked()),
            ),
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

    /// What its messages implement for the typed interceptor.
    fn checked(&self) -> String {
        let of_message = |n| {
            format!(
                r#"
impl Checked for Request{n:02} {{
    fn check(&self) -> Result<(), Status> {{
        match self.id {{
            0 => Err(Status::invalid_argument("`id` is 0")),
            _ => Ok(()),
        }}
    }}
}}
"#
            )
        };
        // A stream of messages is checked as a stream.
        let has_message = |&n: &usize| matches!(Kind::of(n), Kind::Unary | Kind::ServerStreaming);
        (1..=self.methods)
            .filter(has_message)
            .map(of_message)
            .collect()
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
        let instrument = match self.around {
            Around::Instrument => "    #[tracing::instrument(skip_all)]\n",
            _ => "",
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
