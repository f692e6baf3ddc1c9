//! Tries the examples in the table of codes: the wrong one has exactly that error, and the right one has none.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use proc_macro2::TokenStream;
use quote::ToTokens;

use super::docs::root;
use crate::codes::{ALL, Code, Explained, FIRST_OF_COMPILER, MISSING_FEATURE};
use crate::intercept::intercept_tokens;

/// Input: `[I0201] unknown interceptor`
///
/// Output: `0201`, `unknown interceptor`
pub(super) fn split_code(message: &str) -> (Code, &str) {
    let parted = message
        .strip_prefix("[I")
        .and_then(|rest| rest.split_once("] "));
    let (number, text) = parted.unwrap_or_else(|| panic!("without a code: {message}"));
    assert_eq!(number.len(), 4, "{message}");
    let code = Code(number.parse().unwrap());
    assert!(
        ALL.iter().any(|known| known.code == code),
        "not in the table: {message}"
    );
    (code, text)
}

#[test]
fn codes_are_unique_and_sorted() {
    for pair in ALL.windows(2) {
        let [earlier, later] = [pair[0].code, pair[1].code];
        assert!(earlier < later, "{later} stands after {earlier}");
    }
    assert!(ALL.len() > 60 && ALL.iter().all(|it| it.code.0 < 1000));
    for Explained {
        code, title, cause, ..
    } in ALL
    {
        assert!(!title.ends_with('.') && cause.ends_with('.'), "{code}");
        let prose = [title, cause].map(|text| text.split('`').step_by(2).collect::<String>());
        let is_markdown = |text: &String| text.contains(['[', ']', '<', '>', '*', '_']);
        assert!(
            !prose.iter().any(is_markdown),
            "{code}: this belongs into code"
        );
    }
    let mut titles: Vec<&str> = ALL.iter().map(|it| it.title).collect();
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), ALL.len(), "two codes have one title");
}

const SERVICE: &str = "{
    async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }
    async fn list_users(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }
}";

const HAND_WRITTEN: &str = "{
    pub async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }
}";

const CLIENT: &str = "{
    pub struct UserServiceClient<T> { inner: tonic::client::Grpc<T> }
    impl<T> UserServiceClient<T> where T: tonic::client::GrpcService<tonic::body::Body> {
        pub fn new(inner: T) -> Self { let inner = tonic::client::Grpc::new(inner); Self { inner } }
        pub async fn get_user(&mut self, request: impl tonic::IntoRequest<super::Id>) -> std::result::Result<tonic::Response<super::User>, tonic::Status> {
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(\"/user.v1.UserService/GetUser\");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(\"user.v1.UserService\", \"GetUser\"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn upload(&mut self, request: impl tonic::IntoStreamingRequest<Message = super::Id>) -> std::result::Result<tonic::Response<super::User>, tonic::Status> {
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(\"/user.v1.UserService/Upload\");
            let mut req = request.into_streaming_request();
            req.extensions_mut().insert(GrpcMethod::new(\"user.v1.UserService\", \"Upload\"));
            self.inner.client_streaming(req, path, codec).await
        }
    }
}";

/// The errors of a piece of code as the table has it.
pub(super) fn errors(code: &str) -> Vec<String> {
    let usual = match code {
        _ if code.contains("mod user_service_client") => CLIENT,
        _ if code.contains("impl UserClient") => HAND_WRITTEN,
        _ => SERVICE,
    };
    let is_alone = code.ends_with(")]") || code.ends_with("#[intercept]");
    let item = match is_alone {
        true => format!("{code}\nimpl UserService for Users {{ … }}"),
        false => code.to_owned(),
    };
    let item = item.replace("{ … }", usual);
    let tokens = TokenStream::from_str(&item).unwrap_or_else(|error| panic!("{error}: {item}"));
    let mut trees = tokens.into_iter();
    let attribute = trees.nth(1).unwrap().into_token_stream();
    let attribute: TokenStream = syn::parse2::<proc_macro2::Group>(attribute)
        .unwrap()
        .stream();
    let args = attribute.into_iter().nth(1);
    let args = args.map(|args| match args {
        proc_macro2::TokenTree::Group(args) => args.stream(),
        other => panic!("{other}: {item}"),
    });
    super::messages(intercept_tokens(args.unwrap_or_default(), trees.collect()))
}

#[test]
fn examples_of_codes_are_right() {
    let mut failures = Vec::new();
    for Explained {
        code, wrong, right, ..
    } in ALL
    {
        // This build has all features. `entry_without_its_feature_names_the_feature` tests another build.
        if *code == MISSING_FEATURE {
            continue;
        }
        // Some wrong examples have no attribute, so only the compiler can check them.
        if wrong.starts_with("#[intercept") {
            let codes: Vec<Code> = errors(wrong).iter().map(|it| split_code(it).0).collect();
            let expected = match *code < FIRST_OF_COMPILER {
                true => &[*code][..],
                false => &[],
            };
            if codes != expected {
                failures.push(format!("{code}: {wrong}\n{:#?}", errors(wrong)));
            }
        }
        let errors = errors(right);
        if !errors.is_empty() {
            failures.push(format!("{code} is right: {right}\n{errors:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The messages in the runtime crate, about types and constants, have codes too.
#[test]
fn runtime_messages_have_codes() {
    fn read(folder: &Path, texts: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, texts);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let unimplemented = text.split("on_unimplemented(").skip(1);
                texts.extend(unimplemented.map(|it| {
                    let (_, message) = it.split_once("message = \"").unwrap();
                    message.to_owned()
                }));
                // `assert!(max >= 1, "…")` in the functions that take settings.
                let constant = text.split("pub const fn ").skip(1);
                let constant = constant.map(|it| it.split("\n    }").next().unwrap());
                for function in constant {
                    let asserted = function.split("assert!(").skip(1);
                    texts.extend(asserted.map(|it| {
                        let call = it.split(");\n").next().unwrap();
                        let call = call.trim_end_matches([' ', '\n', ',']);
                        let call = call.strip_suffix('"').unwrap_or(call);
                        let mut quotes = call.rmatch_indices('"');
                        let begin = quotes.find(|(i, _)| !call[..*i].ends_with('\\'));
                        begin.map_or(call, |(i, _)| &call[i + 1..]).to_owned()
                    }));
                }
            }
        }
    }
    let mut texts = Vec::new();
    read(&root().join("interceptors/src"), &mut texts);
    let uncoded = texts.iter().filter(|text| !text.starts_with("[I"));
    assert_eq!(uncoded.collect::<Vec<_>>(), [""; 0]);
    for text in &texts {
        split_code(text);
    }
    assert!(texts.len() > 80, "the test sees {} texts", texts.len());
}
