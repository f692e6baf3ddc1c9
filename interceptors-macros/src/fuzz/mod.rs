//! For any input, the attribute does not panic, returns Rust if it got Rust, and leaves the user's item unchanged on an error.
//!
//! `cargo test` tries a few hundred cases. The crate in `interceptors-macros/fuzz` includes this file, and tries cases for a
//! given number of seconds.

mod editor;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Literal, Spacing, Span, TokenStream, TokenTree};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use crate::entries::TABLE;
use crate::entries::row::{Setting, Value};
use crate::intercept::intercept_tokens;

/// Tokens as text. So each has its own span, and a failure can be read and pasted.
#[derive(Debug, Clone)]
enum Tree {
    /// An identifier, a lifetime, a literal or an operator.
    Leaf(String),
    Group(Delimiter, Vec<Tree>),
}

/// `invisible!(…)` stands for the invisible group that `macro_rules!` puts around a fragment, and `negative!(1)` for a negative
/// literal. Only macros can create these.
const INVISIBLE: &str = "invisible";
const NEGATIVE: &str = "negative";

fn text(trees: &[Tree]) -> String {
    let texts = trees.iter().map(|tree| match tree {
        Tree::Leaf(leaf) => leaf.clone(),
        Tree::Group(delimiter, inside) => {
            let (open, close) = match delimiter {
                Delimiter::Parenthesis => ("(", ")"),
                Delimiter::Brace => ("{", "}"),
                Delimiter::Bracket => ("[", "]"),
                Delimiter::None => ("invisible!(", ")"),
            };
            format!("{open}{}{close}", text(inside))
        }
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// `None` if the text has no valid tokens.
fn tokens(text: &str) -> Option<TokenStream> {
    TokenStream::from_str(text).ok().map(with_macro_tokens)
}

/// Inserts the tokens that cannot be written.
fn with_macro_tokens(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    for tree in tokens {
        let TokenTree::Group(group) = tree else {
            out.push(tree);
            continue;
        };
        let inside = with_macro_tokens(group.stream());
        let name = match &out[..] {
            [.., TokenTree::Ident(name), TokenTree::Punct(bang)] if bang.as_char() == '!' => {
                name.to_string()
            }
            _ => String::new(),
        };
        let mut tree: TokenTree = match name.as_str() {
            INVISIBLE => Group::new(Delimiter::None, inside).into(),
            NEGATIVE => Literal::i64_unsuffixed(-1).into(),
            _ => Group::new(group.delimiter(), inside).into(),
        };
        if name == INVISIBLE || name == NEGATIVE {
            out.truncate(out.len() - 2);
        }
        tree.set_span(group.span());
        out.push(tree);
    }
    out.into_iter().collect()
}

fn trees(tokens: TokenStream) -> Vec<Tree> {
    let mut trees = Vec::new();
    // Several tokens such as `'a` and `::` are one tree.
    let mut joint = String::new();
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                trees.push(Tree::Group(group.delimiter(), self::trees(group.stream())));
            }
            TokenTree::Punct(punct) => {
                joint.push(punct.as_char());
                if punct.spacing() == Spacing::Alone {
                    trees.push(Tree::Leaf(std::mem::take(&mut joint)));
                }
            }
            other => trees.push(Tree::Leaf(std::mem::take(&mut joint) + &other.to_string())),
        }
    }
    trees
}

fn parsed(text: &str) -> Vec<Tree> {
    trees(TokenStream::from_str(text).unwrap())
}

/// Words that are not names of entries or settings.
#[rustfmt::skip]
const OTHER_WORDS: &[&str] = &[
    "crate", "service", "plan", "name", "skip", "only", "except", "metadata", "peer", "identity", "method", "response",
    "login", "get_user", "get_url", "upload", "Unavailable", "Ok", "Aborted", "CONSTANT", "request",
    "intercept", "interceptors", "self", "Self", "super", "fn", "impl", "struct", "mod", "async",
    "await", "move", "let", "mut", "ref", "type", "const", "static", "for", "if", "match", "return",
    "break", "loop", "where", "dyn", "unsafe", "union", "auto", "macro_rules", "true", "_", "r#type",
    "r#logging", "über", "ŉ", "inner", "Grpc", "Request",
];

/// All names in rows, and the other words.
fn words() -> Vec<&'static str> {
    fn names(setting: &Setting, words: &mut Vec<&'static str>) {
        words.push(setting.name);
        if let Value::Parts(parts, _) = setting.value {
            parts.iter().for_each(|part| names(part, words));
        }
    }
    let mut words = OTHER_WORDS.to_vec();
    for row in TABLE.iter().map(|known| known.row) {
        words.push(row.name);
        row.settings
            .iter()
            .for_each(|setting| names(setting, &mut words));
        words.extend(row.aliases.first());
    }
    words.sort_unstable();
    words.dedup();
    words
}

#[rustfmt::skip]
const LITERALS: &[&str] = &[
    "0", "1", "3", "10", "0x1f", "0b1", "1_000u64", "1usize", "5zorkmids", "18446744073709551616",
    "340282366920938463463374607431768211456", "0.5", "1.0f32", "1e400", "1e-400", "0.1ratio",
    "'a'", "'\\n'", "'\\u{10ffff}'", "b'x'", "\"\"", "\"2s\"", "\"1m 30s\"", "\" 1ms \"", "\"0s\"",
    "\"-1s\"", "\"99999999999999999999s\"", "\"18446744073709551615s\"", "\"debug\"", "\"Login\"",
    "\"GetURL\"", "\"r#type\"", "\"/\"", "\"//\"", "\"/a.B/\"", "\"/user.v1.UserService/Login\"",
    "\"user.v1.UserService\"", "\".\"", "\"x-trace\"", "\"x-digest-bin\"", "\"grpc-timeout\"",
    "\"X-Upper\"", "\"authorization\"", "\"\\0\"", "\"\\u{202e}\"", "\"ß\u{301}\"", "\"a\\\n   b\"",
    "\"{}\"", "\"`\"", "\"text\"suffix", "r\"raw\"", "r##\"a\"#b\"##", "b\"bytes\"", "b\"\\xff\"",
    "br#\"raw\"#", "c\"text\"", "true", "false", "- 1", "- 0.5", "- \"text\"", "negative!(1)",
];

#[rustfmt::skip]
const PUNCTS: &[&str] = &[
    ",", ",", ",", "=", "=", "=", "::", ".", "..", "...", "..=", ";", ":", "!", "?", "%", "&", "&&",
    "*", "-", "->", "=>", "==", "+=", "<", ">", "<<", "|", "||", "#", "$", "@", "~", "^", "'a",
    "'static", "/",
];

/// Lists of arguments from the tests and the documentation. Most of them are right on some item.
#[rustfmt::skip]
const ARGUMENTS: &[&str] = &[
    "",
    "logging",
    "logging(level = \"debug\", slow = \"2s\", fields(user.id = request.id, all = ?request, n = %request.n))",
    "logging(level = LEVEL), auth(verifier = self.tokens, public = [login])",
    "auth(verifier = TOKENS, scheme = \"\", header = \"x-token\"), rate_limit(per_second = 10, burst = BURST, key = identity, max_keys = 100)",
    "rate_limit(per_minute = 60, key = metadata(\"x-api-key\"), only = [get_user])",
    "rate_limit(limiter = self.limiter, key = peer, except = [\"Login\"])",
    "rate_limit(per_second = 10, store = self.limits, on_error = local, store_timeout = \"50ms\", name = \"customers\")",
    "rate_limit(store = &*LIMITS, on_error = deny, max_keys = 10, key = peer)",
    "retry(max_attempts = 4, codes = [Aborted, Code::Unavailable], throttle(tokens = 10, ratio = 0.1))",
    "retry(max = 3, base_delay = \"1ms\", max_delay = \"1s\", multiplier = 1.5, jitter = 0.2, attempt_timeout = \"1s\", buffer_size = 10)",
    "hedge(max_attempts = 3, delay = \"10ms\", non_fatal_codes = [Unavailable], only = [get_url])",
    "auth(token = &*crate::TOKENS, public = [get_url], allow_plaintext = true), retry(max = 3)",
    "auth(token = self.tokens, public = [\"/user.v1.UserService/Login\"])",
    "auth(token = self.token(1)?), logging(only = [\"/user.v1.UserService/Login\", \"/user.v1.UserService/GetURL\"])",
    "metadata(\"x-trace\" = self.trace().await?, \"x-digest-bin\" = b\"abc\"), deadline(\"2s\", except = [upload])",
    "metadata(\"x-trace\" = crate::trace(), only = [upload]), deadline(LIMIT)",
    "trace, metrics(recorder = self.recorder), request_id(header = \"x-id\", accept = false, max_length = 64)",
    "trace(only = [login]), metrics(recorder = &*crate::RECORDER), request_id(header = KEY, except = [login])",
    "client_ip(trusted = [\"10.0.0.0/8\", \"fd00::/8\"], header = \"forwarded\", ipv6_prefix = 56), rate_limit(per_second = 1, key = client_ip)",
    "client_ip(trusted = self.proxies), client_ip(by = Inbound), auth(verifier = self.tokens, outlive_token = true)",
    "with(self.audit), with(Audit::new(\"secret\"), except = [login]), with(|x| x)",
    "crate = renamed::interceptors, service = \"user.v1.UserService\", plan = Policy, auth(public = [\"/user.v1.UserService/GetUser\"])",
    "service = SERVICE, logging, hedge(delay = \"1s\", only = [get_user])",
    "service = \"user.v1.UserService\", logging(fields(x = 1)), retry, metadata(\"a\" = 1), deadline(\"1s\")",
    "rate_limit(per_second = 5, key = peer), skip(retry), with(Slow), name = \"GetURL\"",
    "concurrency(max = 10, queue = 5, wait = \"1s\"), load_shed(adaptive(min = 1, max = 9, target = \"50ms\"), per = service, retry_after = \"1s\")",
    "concurrency(limiter = self.limiter), circuit_breaker(failures = 3, open_for = \"1s\", probes = 2, codes = [Aborted], per = service)",
    "circuit_breaker(failure_ratio = 0.5, window = \"10s\", min_calls = 5), circuit_breaker(breaker = crate::BREAKER)",
    "catch_panic(hook = |panic: &Panic, n: Map<A, B>| told(panic, n)), auth(verifier = Keys::<A, B>::new(|a, b| a < b, c), public = [login])",
    "authorize(with = <Rules as Of<A, B>>::RULES, except = [login]), with(Audit::<A, { 1 }>(x as Map<A, B>, || n | m), only = [get_user])",
    "skip(logging, auth), retry(max = 1)",
    "logging, my_crate::audit(level = 3, fast, range(1, 2), only = [login]), ::other::Audit, self::audit",
    "my_crate::audit(level = self.level), my_crate::audit, skip(my_crate::audit)",
    "payload(redact = [request.password, request.card?.number, request.items[].secret, response.r#type], max_bytes = 10, level = \"info\")",
    "payload(show = [request.id, response.a[]?.b], only = [login]), payload(redact = [], except = [login])",
    "retry(max = 1), hedge, deadline(\"0s\"), cache, loging, name = \"X\"",
];

/// Items for the attribute. `#[method]` marks a place where a method may have one too.
#[rustfmt::skip]
const ITEMS: &[&str] = &[
    "#[tonic::async_trait]
    impl UserService for Users {
        type ListUsersStream = ReceiverStream<Result<User, Status>>;
        #[method]
        #[instrument(skip(self))]
        async fn login(&self, request: Request<Login>) -> Result<Response<Token>, Status> { todo!() }
        async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { self.login(x).await }
        async fn list_users(&self, _: Request<Streaming<Id>>) -> Result<Response<Self::ListUsersStream>, Status> { todo!() }
    }",
    "#[cfg(unix)] #[cfg_attr(test, allow(dead_code), doc = \"\")]
    impl<'a, T: Store, const N: usize> users::user_service_server::UserService for Service<'a, T, N> where 'a: 'static {
        #![allow(unused)]
        const LIMIT: usize = 1;
        fn login<'l, 'async_trait>(&'l self, request: Request<Id>)
            -> Pin<Box<dyn Future<Output = Result<Response<User>, Status>> + Send + 'async_trait>>
        where 'l: 'async_trait { Box::pin(async move { todo!() }) }
        #[method]
        #[cfg_attr(test, instrument, expect(deprecated))]
        async fn get_user(self: Arc<Self>, mut request: Request<N>) -> Result<Response<N>, Status> { Self::r#type(this, request) }
        fn r#type(&self, request: Request<Id>) -> impl Future<Output = Result<Response<User>, Status>> + Send { async move { todo!() } }
    }",
    "impl<T> Query for T { #[method] async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() } }",
    "impl Users {
        #[method]
        pub async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { self.client.clone().get_user(request).await }
        #[deprecated]
        async fn login(&mut self, request: Request<User>) -> Result<Response<Id>, Status> { self.client.login(request).await }
    }",
    "#[derive(Clone)] pub struct Outbound<T: Tokens> where T: Clone { tokens: T, }",
    "#[deprecated] struct Unit;",
    "struct Tuple<'a, const N: usize>(&'a [u8; N]);",
    "pub mod user_service_client {
        #![allow(unused_variables)]
        use tonic::codegen::*;
        #[derive(Debug, Clone)]
        pub struct UserServiceClient<T> { inner: tonic::client::Grpc<T>, }
        impl UserServiceClient<tonic::transport::Channel> {
            pub async fn connect<D>(dst: D) -> Result<Self, tonic::transport::Error> where D: TryInto<tonic::transport::Endpoint> {
                let conn = tonic::transport::Endpoint::new(dst)?.connect().await?;
                Ok(Self::new(conn))
            }
        }
        impl<T> UserServiceClient<T> where T: tonic::client::GrpcService<tonic::body::Body> {
            pub fn new(inner: T) -> Self { let inner = tonic::client::Grpc::new(inner); Self { inner } }
            pub fn with_origin(inner: T, origin: Uri) -> Self { let inner = tonic::client::Grpc::with_origin(inner, origin); Self { inner } }
            #[must_use]
            pub fn max_decoding_message_size(mut self, limit: usize) -> Self { self.inner = self.inner.max_decoding_message_size(limit); self }
            #[deprecated]
            pub async fn get_url(&mut self, request: impl tonic::IntoRequest<super::Id>) -> std::result::Result<tonic::Response<super::Url>, tonic::Status> {
                let codec = tonic_prost::ProstCodec::default();
                let path = http::uri::PathAndQuery::from_static(\"/user.v1.UserService/GetURL\");
                let mut req = request.into_request();
                req.extensions_mut().insert(GrpcMethod::new(\"user.v1.UserService\", \"GetURL\"));
                self.inner.unary(req, path, codec).await
            }
            pub async fn upload(&mut self, request: impl tonic::IntoStreamingRequest<Message = super::Id>) -> std::result::Result<tonic::Response<tonic::codec::Streaming<super::Url>>, tonic::Status> {
                let codec = tonic_prost::ProstCodec::default();
                let path = http::uri::PathAndQuery::from_static(\"/user.v1.UserService/Upload\");
                let mut req = request.into_streaming_request();
                req.extensions_mut().insert(GrpcMethod::new(\"user.v1.UserService\", \"Upload\"));
                self.inner.streaming(req, path, codec).await
            }
        }
    }",
    "pub struct UserServiceClient<T> { inner: tonic::client::Grpc<T> }",
    "mod elsewhere;",
    "mod included { include!(\"x.rs\"); }",
    "fn method(&self) {}",
    "enum Other { A }",
    "impl dyn Users { methods!(); type X = Y; }",
];

/// Arguments that are unlikely but legal tokens.
#[rustfmt::skip]
const ODD_ARGUMENTS: &[&str] = &[
    "crate = invisible!(union)", "logging(slow = \"2s\" invisible!(,) level = \"debug\")",
    "crate = a::<b>", "with(let x = y)", "with(return)", "with(break 'a 1)",
    "auth(verifier = let x = y)", "with(a..)", "with(#[a] b)", "plan = a", "service = let x = 1",
    "retry(max = let x = 1)", "metadata(\"a\" = let x = 1)", "auth(token = X)",
    "auth(token = let x = 1)", "crate = union", "crate = auto", "crate = <a>::b",
    "crate = macro_rules", "crate = self", "crate = super", "crate = a::super", "crate = Self::a",
    "plan = <a as b>::c", "plan = ()", "plan = [a]", "plan = *a", "crate = static",
    "crate = default", "crate = safe", "crate = raw", "logging(fields(a = let b = 1))",
    "retry(throttle(tokens = let x = 1, ratio = 1..))", "with(unsafe {})", "with(move || 1)",
    "with(async {})", "with({ 1 } + 1)", "logging(level = ..)", "deadline(a..)", "deadline(..)",
    "deadline(let x = 1)", "deadline(|x| 1, only = [a])", "with(yield)", "with(builtin # x)",
    "with(become x)", "with(a: T)", "with(const {})", "a::b(range(, 2))", "a::b(c = let x = 1)", "a::", "::", "a::b::<c>",
    "a::self", "super::a(b(c d))",
    "descriptors = [a, ..]", "descriptors = let x = 1", "descriptors = self", "descriptors = [A, A], logging(only = [idempotent])",
    "descriptors(a)", "descriptors = A, retry(only = [idempotent, \"/*/*\", \"/a.B/*\"]), hedge(except = [idempotent])",
    "with(become (x))", "rate_limit(store = &*LIMITS, on_error = deny invisible!(), max_keys = 10, key = peer)",
];

#[rustfmt::skip]
const ODD_ITEMS: &[&str] = &[
    "impl a_server::<T>::X for Y { async fn a(&self, r: R) -> R {} }",
    "impl a::<T>::X for Y { async fn a(&self, r: R) -> R {} }",
    "impl a_server::X<T> for Y { async fn a(&self, r: R) -> R {} }",
    "impl a::Fn(A) -> B for Y { async fn a(&self, r: R) -> R {} }",
    "impl A for dyn B + C { async fn a(&self, r: R) -> R {} }",
    "impl A for impl B { async fn a(&self, r: R) -> R {} }",
    "impl A for fn(&str) -> X { async fn a(&self, r: R) -> R {} }",
    "impl A for ! { async fn a(&self, r: R) -> R {} }",
    "impl !A for B { async fn a(&self, r: R) -> R {} }",
    "impl ?A for B { async fn a(&self, r: R) -> R {} }",
    "impl const A for B { async fn a(&self, r: R) -> R {} }",
    "impl A for B { pub(in x) async fn a(&self, r: R, ...) -> R {} }",
    "impl A for B { async fn a(&self, #[x] r @ y: R) -> R; }",
    "impl A for B { default async fn a(&self, r: R) -> R {} }",
    "impl A for B { async fn a(&self, r: R) -> impl Sized + use<'a> {} async gen fn b(&self, r: R) -> R {} }",
    "impl self::A for B { async fn a(self: &Self, r: R) -> R {} }",
    "impl Self::A for B { async fn a(&self, r: R) -> R {} }",
    "impl Self::a_server::A for B { async fn a(&self, r: R) -> R {} }",
    "impl self for B { async fn a(self: &Self, r: R) -> R {} }",
    "impl crate::super::A for B { async fn a(self: &Self, r: R) -> R {} }",
    "impl <T as X>::A for B { async fn a(self: &Self, r: R) -> R {} }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn new() { Self { inner, } } } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn new() { Self {} } } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn new() { Self { ..x } } } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn new() { Self { inner, ..x } } } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn new() { impl A for Self { fn b() {} } } } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn new() { if x == Self { 1; } } } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn new() -> Self { let Self { a, .. } = b; } } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn connect(mut x: T) {} } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn connect(ref x: T) {} } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn connect(x @ y: T) {} } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn with_origin(x @ y: T) {} } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn with_origin(mut y: T) { Self { inner } } } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn new(mut y: T) { #![allow(x)] Self { inner } } } }",
    "mod x { struct C<T> { inner: Grpc<T> } impl<T> C<T> { fn with_origin(_: T) {} } impl X for Y { fn a(&self) { Self { a, } } } }",
    "struct A<T = B>(T);",
    "struct A<T: ?Sized>;",
    "struct A<const N: usize = { 3 }>;",
    "struct r#A;",
];

#[derive(Debug, Clone)]
enum Change {
    Remove,
    Duplicate,
    SwapWithNext,
    Replace(Tree),
    Insert(Tree),
    Wrap(Delimiter),
    Unwrap,
}

fn delimiter() -> impl Strategy<Value = Delimiter> {
    use Delimiter::{Brace, Bracket, None, Parenthesis};
    select(&[Parenthesis, Parenthesis, Bracket, Brace, None])
}

fn leaf() -> impl Strategy<Value = Tree> {
    let leaves = prop_oneof![select(words()), select(LITERALS), select(PUNCTS)];
    leaves.prop_map(|leaf| Tree::Leaf(leaf.to_owned()))
}

fn tree() -> impl Strategy<Value = Tree> {
    leaf().prop_recursive(4, 24, 6, |inner| {
        (delimiter(), vec(inner, 0..6))
            .prop_map(|(delimiter, inside)| Tree::Group(delimiter, inside))
    })
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Remove),
        Just(Change::Duplicate),
        Just(Change::SwapWithNext),
        tree().prop_map(Change::Replace),
        tree().prop_map(Change::Insert),
        delimiter().prop_map(Change::Wrap),
        Just(Change::Unwrap),
    ]
}

/// Three usual values for each odd one.
fn any_of(
    usual: &'static [&'static str],
    odd: &'static [&'static str],
) -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => select(usual), 1 => select(odd)]
}

fn count(trees: &[Tree]) -> usize {
    let inside = trees.iter().map(|tree| match tree {
        Tree::Leaf(_) => 0,
        Tree::Group(_, inside) => count(inside),
    });
    trees.len() + inside.sum::<usize>()
}

/// Changes the tree at a place, counted through all groups.
fn apply(trees: &mut Vec<Tree>, place: &mut usize, change: &Change) -> bool {
    for i in 0..trees.len() {
        if *place == 0 {
            match change {
                Change::Remove => drop(trees.remove(i)),
                Change::Duplicate => trees.insert(i, trees[i].clone()),
                Change::SwapWithNext if i + 1 < trees.len() => trees.swap(i, i + 1),
                Change::SwapWithNext => {}
                Change::Replace(tree) => trees[i] = tree.clone(),
                Change::Insert(tree) => trees.insert(i, tree.clone()),
                Change::Wrap(delimiter) => {
                    trees[i] = Tree::Group(*delimiter, vec![trees[i].clone()]);
                }
                Change::Unwrap => {
                    if let Tree::Group(_, inside) = &trees[i] {
                        let inside = inside.clone();
                        trees.splice(i..=i, inside);
                    }
                }
            }
            return true;
        }
        *place -= 1;
        if let Tree::Group(_, inside) = &mut trees[i]
            && apply(inside, place, change)
        {
            return true;
        }
    }
    false
}

fn changed(mut trees: Vec<Tree>, changes: &[(Index, Change)]) -> Vec<Tree> {
    for (place, change) in changes {
        let count = count(&trees);
        if count > 0 {
            apply(&mut trees, &mut place.index(count), change);
        }
    }
    trees
}

fn changes(most: usize) -> impl Strategy<Value = Vec<(Index, Change)>> {
    vec((any::<Index>(), change()), 0..=most)
}

/// `name`, `name = value` or `name(…)`, which the argument parser accepts.
fn argument() -> impl Strategy<Value = Vec<Tree>> {
    let name = || select(words()).prop_map(|word| Tree::Leaf(word.to_owned()));
    let is = || Tree::Leaf("=".to_owned());
    let comma = || Tree::Leaf(",".to_owned());
    let setting = (name(), vec(tree(), 1..4)).prop_map(move |(name, value)| {
        let mut setting = vec![name, is()];
        setting.extend(value);
        setting.push(comma());
        setting
    });
    let settings = vec(setting, 0..4).prop_map(|settings| settings.concat());
    prop_oneof![
        1 => name().prop_map(|name| vec![name]),
        2 => (name(), vec(tree(), 1..4)).prop_map(move |(name, value)| [vec![name, is()], value].concat()),
        4 => (name(), settings)
            .prop_map(|(name, settings)| vec![name, Tree::Group(Delimiter::Parenthesis, settings)]),
    ]
    .prop_map(move |mut argument| {
        argument.push(comma());
        argument
    })
}

/// The arguments of an attribute.
fn arguments() -> impl Strategy<Value = Vec<Tree>> {
    prop_oneof![
        1 => vec(tree(), 0..12),
        2 => vec(argument(), 0..4).prop_map(|arguments| arguments.concat()),
        5 => (any_of(ARGUMENTS, ODD_ARGUMENTS), changes(3)).prop_map(|(text, changes)| changed(parsed(text), &changes)),
        2 => vec(select(ARGUMENTS), 1..4).prop_map(|texts| parsed(&texts.join(","))),
    ]
}

/// An item, perhaps with an attribute on a method.
fn item() -> impl Strategy<Value = Vec<Tree>> {
    let written = (any_of(ITEMS, ODD_ITEMS), proptest::option::of(arguments())).prop_map(
        |(item, arguments)| {
            let attribute =
                arguments.map(|arguments| format!("#[intercept({})]", text(&arguments)));
            item.replace("#[method]", &attribute.unwrap_or_default())
        },
    );
    let written = written.prop_map(|item| match TokenStream::from_str(&item) {
        Ok(tokens) => trees(tokens),
        Err(_) => Vec::new(),
    });
    let written = written.boxed();
    prop_oneof![
        4 => written.clone(),
        4 => (written, changes(2)).prop_map(|(item, changes)| changed(item, &changes)),
        1 => vec(tree(), 0..12),
    ]
}

/// The error messages with their spans, and the tokens after them.
fn split_errors(output: TokenStream) -> (Vec<(String, Span, Span)>, Vec<TokenTree>) {
    let mut trees: Vec<TokenTree> = output.into_iter().collect();
    let mut errors = Vec::new();
    // `::core::compile_error! { "…" }`
    while let [
        _,
        _,
        first,
        _,
        _,
        TokenTree::Ident(name),
        _,
        TokenTree::Group(message),
        ..,
    ] = &trees[..]
        && name == "compile_error"
    {
        let (first, last) = (first.span(), message.span());
        let message: syn::LitStr = syn::parse2(message.stream()).unwrap();
        errors.push((message.value(), first, last));
        trees.drain(..8);
    }
    (errors, trees)
}

/// Removes the items after a struct, which other code may name: `wrap` and the plan.
fn without_companion_items<'a>(item: &[TokenTree], output: &'a [TokenTree]) -> &'a [TokenTree] {
    let is_struct = syn::parse2::<syn::ItemStruct>(item.iter().cloned().collect()).is_ok();
    match is_struct {
        true => &output[..output.len().min(item.len())],
        false => output,
    }
}

/// Whether `output` has the same tokens as `input`, without attributes named `intercept`.
fn is_unchanged(input: &[TokenTree], output: &[TokenTree]) -> bool {
    fn is_same(a: &TokenTree, b: &TokenTree) -> bool {
        match (a, b) {
            (TokenTree::Group(a), TokenTree::Group(b)) => {
                let inside = |group: &Group| group.stream().into_iter().collect::<Vec<_>>();
                a.delimiter() == b.delimiter() && is_unchanged(&inside(a), &inside(b))
            }
            (TokenTree::Group(_), _) | (_, TokenTree::Group(_)) => false,
            (a, b) => a.to_string() == b.to_string(),
        }
    }
    fn is_intercept(attribute: &TokenTree) -> bool {
        let TokenTree::Group(group) = attribute else {
            return false;
        };
        let mut names = group.stream().into_iter();
        names.any(|tree| match &tree {
            TokenTree::Ident(name) => name == "intercept",
            // A macro may have put an invisible group around the brackets.
            inner => group.delimiter() == Delimiter::None && is_intercept(inner),
        })
    }
    match (input, output) {
        ([], []) => true,
        ([_, attribute, after @ ..], [_, b, ..])
            if is_intercept(attribute) && !is_same(attribute, b) =>
        {
            is_unchanged(after, output)
        }
        ([_, attribute], []) => is_intercept(attribute),
        ([a, after_a @ ..], [b, after_b @ ..]) => is_same(a, b) && is_unchanged(after_a, after_b),
        _ => false,
    }
}

/// Removes `unsafe` in front of `impl`, as the attribute does after reporting it.
fn without_unsafe(item: TokenStream) -> Vec<TokenTree> {
    let block = syn::parse2::<syn::ItemImpl>(item.clone());
    let is_told = block.is_ok_and(|block| block.unsafety.is_some());
    let mut trees: Vec<TokenTree> = item.into_iter().collect();
    let is_unsafe = |tree: &TokenTree| matches!(tree, TokenTree::Ident(it) if it == "unsafe");
    if let Some(at) = trees.iter().position(is_unsafe)
        && is_told
    {
        trees.remove(at);
    }
    trees
}

fn check(arguments: &str, item: &str) -> Result<(), TestCaseError> {
    let (Some(arguments), Some(item)) = (tokens(arguments), tokens(item)) else {
        return Ok(());
    };
    let output = intercept_tokens(arguments.clone(), item.clone());
    editor::check(&arguments, &item, &output)?;
    if syn::parse2::<syn::Item>(item.clone()).is_ok() {
        let file = syn::parse2::<syn::File>(output.clone());
        prop_assert!(file.is_ok(), "not Rust: {}\n{output}", file.err().unwrap());
    }
    let (errors, rest) = split_errors(output.clone());
    if errors.is_empty() {
        return Ok(());
    }
    let item = without_unsafe(item);
    // An `impl` that needs a trait is left out, because the compiler would report the same mistake.
    let is_left_out = errors
        .iter()
        .any(|(message, ..)| message.starts_with("[I0115]"));
    prop_assert!(
        is_left_out && rest.is_empty()
            || is_unchanged(&item, without_companion_items(&item, &rest)),
        "the item is not as it was:\n{output}"
    );
    let mut seen = HashSet::new();
    for (message, first, last) in errors {
        prop_assert!(has_code(&message), "an error without a code: {message}");
        // Errors at the end of a list have no span of their own, so several of them may be equal. Arguments and item are two
        // texts, which only `Debug` distinguishes.
        if !first.byte_range().is_empty() {
            let place = format!("{first:?} {last:?}");
            prop_assert!(
                seen.insert((message.clone(), place)),
                "told twice: {message}"
            );
        }
    }
    Ok(())
}

/// Whether a message has a code, as in `[I0201] unknown interceptor …`.
fn has_code(message: &str) -> bool {
    let code = message
        .strip_prefix("[I")
        .and_then(|rest| rest.split_once("] "));
    code.is_some_and(|(number, text)| {
        number.len() == 4 && number.bytes().all(|it| it.is_ascii_digit()) && !text.trim().is_empty()
    })
}

/// Tries `runner`'s number of cases for each kind: odd arguments on usual items, odd items, and both.
pub(crate) fn run_cases(runner: &mut TestRunner) -> Result<(), String> {
    let texts = |trees: Vec<Tree>| text(&trees);
    let usual_item = select(ITEMS).prop_map(|item| item.replace("#[method]", ""));
    let usual_arguments = select(ARGUMENTS).prop_map(str::to_owned);
    let kinds = [
        (arguments().prop_map(texts).boxed(), usual_item.boxed()),
        (usual_arguments.boxed(), item().prop_map(texts).boxed()),
        (
            arguments().prop_map(texts).boxed(),
            item().prop_map(texts).boxed(),
        ),
    ];
    for kind in kinds {
        runner
            .run(&kind, |(arguments, item)| check(&arguments, &item))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Tries all odd arguments on all items, usual and odd, and made-up names in an editor.
pub(crate) fn check_odd_cases() -> Result<(), String> {
    for arguments in ODD_ARGUMENTS {
        for item in ITEMS.iter().chain(ODD_ITEMS) {
            let item = item.replace("#[method]", "");
            check(arguments, &item)
                .map_err(|error| format!("#[intercept({arguments})]\n{item}\n{error}"))?;
        }
    }
    editor::check_names_in_editor()
}

/// A runner that tries the same cases for the same seed.
pub(crate) fn runner(cases: u32, seed: u64) -> TestRunner {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(config, rng)
}

#[test]
fn random_arguments_and_items() {
    let seed = any_seed();
    if let Err(error) = run_cases(&mut runner(400, seed)) {
        panic!("seed {seed}: {error}");
    }
}

/// A random seed.
pub(crate) fn any_seed() -> u64 {
    RandomState::new().hash_one(0)
}

#[test]
fn odd_arguments_and_odd_items() {
    if let Err(error) = check_odd_cases() {
        panic!("{error}");
    }
}

#[test]
fn an_error_needs_a_code() {
    assert!(has_code("[I0201] unknown interceptor"));
    for message in [
        "",
        "unknown",
        "[I0201]",
        "[I0201] ",
        "[I201] unknown",
        "[Ixxxx] unknown",
    ] {
        assert!(!has_code(message), "{message}");
    }
}

/// The vocabulary contains the names of all rows, so new entries are fuzzed too.
#[test]
fn vocabulary_contains_all_row_names() {
    let words = words();
    for word in [
        "logging",
        "with",
        "per_second",
        "buffer_size",
        "target",
        "idle",
    ] {
        assert!(words.contains(&word), "{word}");
    }
}
