//! The codes of errors. A code never changes its meaning: a new error gets a new number, and the number of a removed error is
//! not used again.
//!
//! The page `interceptors::errors` is generated from this table and from the cases of `tests/ui`. `tests/ui` includes this
//! file, so it imports nothing from the crate.

use std::fmt;

/// The number of an error. A message begins with it: `[I0201] unknown interceptor …`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Code(pub(crate) u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "I{:04}", self.0)
    }
}

/// A code with its explanation on the page of errors.
#[cfg(test)]
#[derive(Clone, Copy)]
pub(crate) struct Explained {
    pub(crate) code: Code,
    pub(crate) title: &'static str,
    pub(crate) cause: &'static str,
    /// Code that causes the error. `{ … }` stands for the usual methods.
    pub(crate) wrong: &'static str,
    pub(crate) right: &'static str,
}

/// The first code of errors that only the compiler can find, because they depend on types or on the values of constants.
#[cfg(test)]
pub(crate) const FIRST_OF_COMPILER: Code = Code(800);

macro_rules! codes {
    ($($name:ident = $number:literal { title: $title:literal, cause: $cause:literal, wrong: $wrong:literal, right: $right:literal $(,)? })*) => {
        $(
            #[allow(dead_code, reason = "some are in texts of `interceptors` alone")]
            pub(crate) const $name: Code = Code($number);
        )*

        #[cfg(test)]
        pub(crate) const ALL: &[Explained] = &[
            $(Explained { code: Code($number), title: $title, cause: $cause, wrong: $wrong, right: $right },)*
        ];
    };
}

// What is written in the attribute.
codes! {
    UNREADABLE = 1 {
        title: "Not Rust",
        cause: "This does not parse as Rust: a comma, a value or a bracket is missing, or a keyword is used as a name.",
        wrong: "#[intercept(logging retry(max = 3))]",
        right: "#[intercept(logging, retry(max = 3))]",
    }
    NO_NAME = 2 {
        title: "A value without a name",
        cause: "Interceptors and settings have names. A value alone does not say which setting it is for.",
        wrong: "#[intercept(retry(3))]",
        right: "#[intercept(retry(max = 3))]",
    }
    UNEXPECTED_NAME = 3 {
        title: "A name before a value that takes none",
        cause: "`timeout` and `deadline` take their time as a value without a name.",
        wrong: "#[intercept(timeout(after = \"2s\"))]",
        right: "#[intercept(timeout(\"2s\"))]",
    }
    NO_VALUE = 4 {
        title: "A name without a value",
        cause: "The setting has a name, but no value follows, or the value has the wrong form.",
        wrong: "#[intercept(retry(max))]",
        right: "#[intercept(retry(max = 3))]",
    }
    WRONG_PUNCTUATION = 5 {
        title: "Wrong punctuation",
        cause: "A value follows `=`, not `:`. Names have underscores, not hyphens.",
        wrong: "#[intercept(retry(max: 3))]",
        right: "#[intercept(retry(max = 3))]",
    }
    WRONG_BRACKETS = 6 {
        title: "Wrong brackets",
        cause: "Settings go in parentheses, and lists in square brackets.",
        wrong: "#[intercept(retry { max = 3 })]",
        right: "#[intercept(retry(max = 3))]",
    }

    WRONG_ITEM = 101 {
        title: "An item without calls",
        cause: "The attribute needs something that receives or sends calls. A function or an enumeration does neither.",
        wrong: "#[intercept(logging)]\nenum Users {}",
        right: "#[intercept(logging)]\nimpl UserService for Users { … }",
    }
    TRAIT_DEFINITION = 102 {
        title: "The definition of a trait",
        cause: "A trait defines what a service offers. Each type that implements it has its own interceptors.",
        wrong: "#[intercept(logging)]\ntrait UserService {}",
        right: "#[intercept(logging)]\nimpl UserService for Users { … }",
    }
    METHOD_WITHOUT_BLOCK = 103 {
        title: "A method of a block without the attribute",
        cause: "On a method, the attribute changes the list of the block. This block has no list, or the attribute on the method was imported under another name.",
        wrong: "#[intercept(logging)]\nasync fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }",
        right: "#[intercept(logging(only = [get_user]))]\nimpl UserService for Users { … }",
    }
    TWO_ATTRIBUTES = 104 {
        title: "Two attributes",
        cause: "Interceptors run in the order of one list. The order of two attributes is unclear.",
        wrong: "#[intercept(logging)]\n#[intercept(retry)]\nimpl UserService for Users { … }",
        right: "#[intercept(logging, retry)]\nimpl UserService for Users { … }",
    }
    HIDDEN_METHODS = 105 {
        title: "Methods that the attribute cannot see",
        cause: "An attribute cannot see what a macro call expands to, nor the content of a module in another file. Those methods would have no interceptors.",
        wrong: "#[intercept(logging)]\nimpl UserService for Users { methods!(); }",
        right: "#[intercept(logging)]\nimpl UserService for Users { … }",
    }
    NO_METHODS = 106 {
        title: "A block without methods",
        cause: "The block is empty, so no interceptor would ever run. Default methods of a trait are not part of the block.",
        wrong: "#[intercept(logging)]\nimpl UserService for Users {}",
        right: "#[intercept(logging)]\nimpl UserService for Users { … }",
    }
    NOT_AN_RPC = 107 {
        title: "Not an RPC",
        cause: "Interceptors run for every method of the block. So each has to be an RPC: `async`, with `self` and one request.",
        wrong: "#[intercept(logging)]\nimpl UserService for Users { fn new() -> Self { Self } }",
        right: "#[intercept(logging)]\nimpl UserService for Users { … }",
    }
    NOT_AS_GENERATED = 108 {
        title: "Not a generated module",
        cause: "On a module, the attribute reads what tonic's code generator writes. This module was written by hand, edited, or written by another generator.",
        wrong: "#[intercept(logging)]\nmod client {}",
        right: "#[intercept(logging)]\nmod user_service_client { … }",
    }
    OTHER_TONIC = 109 {
        title: "Code for another version of tonic",
        cause: "The module was generated for tonic 0.13 or earlier. This crate works with tonic 0.14.",
        wrong: "#[intercept(logging)]\nmod user_service_client {\n    use tonic::codec::ProstCodec;\n}",
        right: "#[intercept(logging)]\nmod user_service_client { … }",
    }
    GENERATED_STRUCT = 110 {
        title: "The struct of a generated client",
        cause: "An attribute on the struct sees its fields, but not its methods, which are in the module around it.",
        wrong: "#[intercept(logging)]\nstruct UserServiceClient<T> { inner: tonic::client::Grpc<T> }",
        right: "#[intercept(logging)]\nmod user_service_client { … }",
    }
    MISPLACED_SERVER = 111 {
        title: "`server` in the wrong place",
        cause: "`server` marks a struct as the layer of a whole server. It comes first in the list, once, and only on a struct.",
        wrong: "#[intercept(logging, server)]\nstruct Inbound;",
        right: "#[intercept(server, logging)]\nstruct Inbound;",
    }
    MISSING_FEATURE = 112 {
        title: "A feature that is not enabled",
        cause: "The feature of `interceptors` that this needs is off. The message names it.",
        wrong: "# interceptors = { version = \"…\", default-features = false }\n#[intercept(logging)]",
        right: "# interceptors = { version = \"…\", default-features = false, features = [\"logging\"] }\n#[intercept(logging)]",
    }
    NOT_OWNED = 113 {
        title: "A struct or a request that borrows",
        cause: "A channel, a server and the attempts of a call may outlive what they borrow, so they have to own their values. The type of a request needs a name, so it cannot be a `dyn` in a box.",
        wrong: "#[intercept(logging)]\nstruct Outbound<'a> {\n    name: &'a str,\n}",
        right: "#[intercept(logging)]\nstruct Outbound {\n    name: String,\n}",
    }
    MISSING_SERVER = 114 {
        title: "A list for a server without `server`",
        cause: "A struct is for the calls of a client, unless `server` comes first in the list. Something in this list only works on services and servers.",
        wrong: "#[intercept(catch_panic, logging, auth(verifier = self.tokens))]\nstruct Inbound { tokens: Tokens }",
        right: "#[intercept(server, catch_panic, logging, auth(verifier = self.tokens))]\nstruct Inbound { tokens: Tokens }",
    }
    MISSING_TRAIT = 115 {
        title: "An `impl` without the trait of a service",
        cause: "A service is an `impl` of a trait. An `impl` without a trait is a hand-written client.",
        wrong: "#[intercept(logging)]\n#[tonic::async_trait]\nimpl Users { … }",
        right: "#[intercept(logging)]\n#[tonic::async_trait]\nimpl UserService for Users { … }",
    }

    UNKNOWN_ENTRY = 201 {
        title: "Unknown interceptor",
        cause: "No interceptor of this crate has this name. List one of yours by its path or with `with(…)`.",
        wrong: "#[intercept(loging)]",
        right: "#[intercept(logging)]",
    }
    OTHER_SIDE = 202 {
        title: "An interceptor for the other side",
        cause: "Some interceptors are for services only, and some for clients only.",
        wrong: "#[intercept(deadline(\"2s\"))]\nimpl UserService for Users { … }",
        right: "#[intercept(timeout(\"2s\"))]\nimpl UserService for Users { … }",
    }
    OTHER_MOUNT = 203 {
        title: "An interceptor that cannot run on this item",
        cause: "A channel and a whole server see encoded messages. Interceptors that need a decoded message or a generated client cannot run there.",
        wrong: "#[intercept(payload(redact = [request.password]))]\nstruct Outbound;",
        right: "#[intercept(payload(redact = [request.password]))]\nmod user_service_client { … }",
    }
    DUPLICATE_ENTRY = 204 {
        title: "An interceptor that is listed twice",
        cause: "The interceptor would run twice for each call, and the second run would have no effect.",
        wrong: "#[intercept(logging, logging)]",
        right: "#[intercept(logging)]",
    }
    NO_PARENTHESES = 205 {
        title: "Settings without parentheses",
        cause: "An interceptor takes its settings in parentheses. `=` is for a single setting.",
        wrong: "#[intercept(retry = 3)]",
        right: "#[intercept(retry(max = 3))]",
    }
    COVERS_NOTHING = 206 {
        title: "An interceptor for no method",
        cause: "`only`, `except` and `skip` exclude every method of this block, so the interceptor would never run.",
        wrong: "#[intercept(logging(except = [get_user, list_users]))]",
        right: "#[intercept(logging(except = [get_user]))]",
    }
    EXCLUSIVE_ENTRIES = 207 {
        title: "Two interceptors that exclude each other",
        cause: "`retry` and `hedge` both decide when a request is sent again. gRFC A6 only allows one of them for a method.",
        wrong: "#[intercept(retry, hedge(delay = \"10ms\"))]\nstruct Outbound;",
        right: "#[intercept(retry)]\nstruct Outbound;",
    }
    OVERLAPPING_ENTRIES = 208 {
        title: "Two lists of fields for one method",
        cause: "`payload` may be listed several times, each for other methods. Here two of them cover the same method.",
        wrong: "#[intercept(payload(redact = [request.password]), payload(redact = []))]",
        right: "#[intercept(payload(redact = [request.password], only = [get_user]), payload(redact = [], except = [get_user]))]",
    }
    FUNCTION_INSTEAD_OF_TYPE = 209 {
        title: "A function instead of an interceptor",
        cause: "A path in the list has to name a type. Values go into `with`.",
        wrong: "#[intercept(audit::Audit::new)]",
        right: "#[intercept(with(audit::Audit::new()))]",
    }
    CLOSURE = 210 {
        title: "A closure instead of an interceptor",
        cause: "An interceptor is a value whose type implements `Interceptor`. A closure does not.",
        wrong: "#[intercept(with(|call| call))]",
        right: "#[intercept(with(Audit::new()))]",
    }
    TWO_INTERCEPTORS = 211 {
        title: "Two interceptors in one `with`",
        cause: "`with` takes one interceptor. Interceptors run in the order of the list, so each needs its own `with`.",
        wrong: "#[intercept(with(Audit, Quota))]",
        right: "#[intercept(with(Audit), with(Quota))]",
    }

    UNKNOWN_SETTING = 301 {
        title: "Unknown setting",
        cause: "The interceptor has no setting of this name.",
        wrong: "#[intercept(retry(maximum = 3))]",
        right: "#[intercept(retry(max = 3))]",
    }
    DUPLICATE_SETTING = 302 {
        title: "A setting that is given twice",
        cause: "A setting has one value.",
        wrong: "#[intercept(retry(max = 3, max = 5))]",
        right: "#[intercept(retry(max = 3))]",
    }
    CONFLICTING_SETTINGS = 303 {
        title: "Two settings that exclude each other",
        cause: "Both settings mean the same, or one makes the other meaningless.",
        wrong: "#[intercept(retry(max = 3, max_attempts = 4))]",
        right: "#[intercept(retry(max = 3))]",
    }
    MISSING_SETTING = 304 {
        title: "A setting is missing",
        cause: "The interceptor has no sensible default for this.",
        wrong: "#[intercept(rate_limit)]",
        right: "#[intercept(rate_limit(per_second = 100))]",
    }
    REQUIRES_ANOTHER_SETTING = 305 {
        title: "A setting without the one that it needs",
        cause: "The setting only has a meaning together with another one, which is missing.",
        wrong: "#[intercept(client_ip(header = \"forwarded\"))]",
        right: "#[intercept(client_ip(trusted = [\"10.0.0.0/8\"], header = \"forwarded\"))]",
    }
    BLOCK_OR_METHOD_SETTING = 306 {
        title: "A setting of the block on a method, or of a method on the block",
        cause: "`only`, `except`, `public`, `per`, `plan` and the like belong to the whole block; `name` and `skip` belong to one method.",
        wrong: "#[intercept(name = \"GetURL\")]",
        right: "#[intercept]\nimpl UserService for Users {\n    #[intercept(name = \"GetURL\")]\n    async fn get_url(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n}",
    }
    WRONG_ITEM_FOR_SETTING = 307 {
        title: "A setting for another kind of item",
        cause: "The setting has no meaning for this kind of item, or the item knows it already.",
        wrong: "#[intercept(service = \"user.v1.UserService\", logging)]\nstruct Outbound;",
        right: "#[intercept(logging)]\nstruct Outbound;",
    }
    AWAITS_OR_RETURNS = 308 {
        title: "A value that awaits or returns",
        cause: "The value is evaluated when the call begins, outside your method. It can neither await nor return.",
        wrong: "#[intercept(auth(verifier = self.load()?))]",
        right: "#[intercept(auth(verifier = self.verifier))]",
    }
    SELF_IN_CONSTANT = 309 {
        title: "`self` in a constant",
        cause: "The settings become a constant. A value in `self` is only known during a call.",
        wrong: "#[intercept(rate_limit(per_second = self.limit))]",
        right: "#[intercept(rate_limit(limiter = self.limiter))]",
    }
    SELF_IN_GENERATED_CLIENT = 310 {
        title: "`self` in a generated client",
        cause: "A generated client has no fields of yours.",
        wrong: "#[intercept(with(self.audit))]\nmod user_service_client { … }",
        right: "#[intercept(with(&*crate::AUDIT))]\nmod user_service_client { … }",
    }

    WRONG_TYPE = 401 {
        title: "A value of the wrong type",
        cause: "The setting needs a value of another type. Literals are not converted.",
        wrong: "#[intercept(retry(max = \"3\"))]",
        right: "#[intercept(retry(max = 3))]",
    }
    OUT_OF_RANGE = 402 {
        title: "A number or a time out of range",
        cause: "The value is too small or too large. Constants are checked too, when the compiler evaluates them.",
        wrong: "#[intercept(retry(max = 0))]",
        right: "#[intercept(retry(max = 1))]",
    }
    NOT_A_TIME = 403 {
        title: "Not a time",
        cause: "A time is a string of numbers with units. Most settings need a time longer than zero.",
        wrong: "#[intercept(timeout(10))]",
        right: "#[intercept(timeout(\"10s\"))]",
    }
    NOT_A_LEVEL = 404 {
        title: "Not a level",
        cause: "The levels are those of `tracing`: `\"trace\"`, `\"debug\"`, `\"info\"`, `\"warn\"` and `\"error\"`.",
        wrong: "#[intercept(logging(level = \"verbose\"))]",
        right: "#[intercept(logging(level = \"debug\"))]",
    }
    NOT_A_STATUS_CODE = 405 {
        title: "Not a status code",
        cause: "Status codes are written like the variants of `tonic::Code`.",
        wrong: "#[intercept(retry(codes = [UNAVAILABLE]))]",
        right: "#[intercept(retry(codes = [Unavailable]))]",
    }
    OK_AMONG_FAILURES = 406 {
        title: "`Ok` among failures",
        cause: "A call that ends with `Ok` succeeded, so it is neither retried nor counted as a failure.",
        wrong: "#[intercept(retry(codes = [Ok, Unavailable]))]",
        right: "#[intercept(retry(codes = [Unavailable]))]",
    }
    DUPLICATE_VALUE = 407 {
        title: "The same value twice",
        cause: "The list already contains the value. Perhaps one of the two should be another value.",
        wrong: "#[intercept(retry(codes = [Aborted, Aborted]))]",
        right: "#[intercept(retry(codes = [Aborted]))]",
    }
    EMPTY = 408 {
        title: "An empty list or text",
        cause: "The setting needs at least one element or character.",
        wrong: "#[intercept(logging(only = []))]",
        right: "#[intercept(logging(only = [get_user]))]",
    }
    METADATA_KEY = 409 {
        title: "A metadata key that is not allowed",
        cause: "gRPC allows lower-case letters, digits, `-`, `_` and `.`. Some keys are reserved, and keys that end in `-bin` are for bytes.",
        wrong: "#[intercept(metadata(\"X-Trace-Id\" = \"1\"))]\nstruct Outbound;",
        right: "#[intercept(metadata(\"x-trace-id\" = \"1\"))]\nstruct Outbound;",
    }
    METADATA_VALUE = 410 {
        title: "A metadata value that is not allowed",
        cause: "A value is visible ASCII. If its key ends in `-bin`, it is bytes.",
        wrong: "#[intercept(metadata(\"x-digest-bin\" = \"abc\"))]\nstruct Outbound;",
        right: "#[intercept(metadata(\"x-digest-bin\" = b\"abc\"))]\nstruct Outbound;",
    }
    NOT_A_CHOICE = 411 {
        title: "Not an allowed value",
        cause: "The setting has a fixed set of values, which the message names.",
        wrong: "#[intercept(rate_limit(per_second = 5, key = user))]",
        right: "#[intercept(rate_limit(per_second = 5, key = peer))]",
    }
    NOT_A_NETWORK = 412 {
        title: "Not a network of proxies",
        cause: "A trusted network is an address with a prefix length, and all bits after the prefix are zero. A network of all addresses would trust every caller.",
        wrong: "#[intercept(client_ip(trusted = [\"10.0.0.7/8\"]))]",
        right: "#[intercept(client_ip(trusted = [\"10.0.0.0/8\"]))]",
    }
    FIELD_PATH = 413 {
        title: "Not a path to a field",
        cause: "A path begins with `request` or `response` and ends with a field. `?` stands for the value of an `Option`, `[]` for every element of a repeated field.",
        wrong: "#[intercept(payload(redact = [password]))]",
        right: "#[intercept(payload(redact = [request.password]))]",
    }
    NOT_A_NAME = 414 {
        title: "Not a name or a path",
        cause: "`service` takes the full name in the proto file, `name` the name of an RPC, `crate` a path and `by` a type.",
        wrong: "#[intercept(service = \"UserService/\", logging)]",
        right: "#[intercept(service = \"user.v1.UserService\", logging)]",
    }

    UNKNOWN_METHOD = 501 {
        title: "Unknown method",
        cause: "The block or the client has no method of this name, so the entry would not cover the method that you meant.",
        wrong: "#[intercept(logging(only = [get_usr]))]",
        right: "#[intercept(logging(only = [get_user]))]",
    }
    DUPLICATE_METHOD = 502 {
        title: "A method that is listed twice",
        cause: "The list already contains the method, perhaps in another form.",
        wrong: "#[intercept(logging(only = [get_user, \"GetUser\"]))]",
        right: "#[intercept(logging(only = [get_user]))]",
    }
    NOT_A_METHOD = 503 {
        title: "Not a list of methods",
        cause: "A list names a method by its Rust name, its name in the proto file or its full path. On a channel and a server, it needs the full path.",
        wrong: "#[intercept(logging(only = get_user))]",
        right: "#[intercept(logging(only = [get_user]))]",
    }
    AMBIGUOUS_METHOD = 504 {
        title: "A name that fits two methods",
        cause: "The RPC's name may belong to either of the two methods.",
        wrong: "#[intercept(logging(only = [\"SETUP\"]))]\nimpl UserService for Users {\n    async fn set_up(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n    async fn setup(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n}",
        right: "#[intercept(logging(only = [set_up]))]\nimpl UserService for Users {\n    async fn set_up(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n    async fn setup(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n}",
    }
    SAME_RPC = 505 {
        title: "Two methods with one RPC name",
        cause: "Both Rust names give the same RPC name, so logs and metrics could not distinguish them.",
        wrong: "#[intercept(logging)]\nimpl UserService for Users {\n    async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n    async fn Get(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n}",
        right: "#[intercept(logging)]\nimpl UserService for Users {\n    async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n    #[intercept(name = \"GET\")]\n    async fn Get(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n}",
    }
    OTHER_SERVICE = 506 {
        title: "A path of another service",
        cause: "The path names a service that this attribute does not cover.",
        wrong: "#[intercept(service = \"user.v1.UserService\", logging(only = [\"/user.v2.UserService/GetUser\"]))]",
        right: "#[intercept(service = \"user.v1.UserService\", logging(only = [\"/user.v1.UserService/GetUser\"]))]",
    }
    UNKNOWN_SERVICE = 507 {
        title: "The service is not known",
        cause: "The code of a hand-written client does not contain the name of its service. The path of a trait does not always contain the full name either.",
        wrong: "#[intercept(logging)]\nimpl UserClient { … }",
        right: "#[intercept(service = \"user.v1.UserService\", logging)]\nimpl UserClient { … }",
    }
    NOTHING_TO_SKIP = 508 {
        title: "Nothing to skip",
        cause: "`skip` removes an interceptor of the block's list for one method. That list does not contain it, or the method also lists it.",
        wrong: "#[intercept(logging)]\nimpl UserService for Users {\n    #[intercept(skip(retry))]\n    async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n    async fn list_users(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n}",
        right: "#[intercept(logging)]\nimpl UserService for Users {\n    #[intercept(skip(logging))]\n    async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n    async fn list_users(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n}",
    }
    DESCRIPTORS = 509 {
        title: "Not in the descriptors",
        cause: "A struct knows its methods from `descriptors`: which of them exist, and which are idempotent. A service and a generated client have no `descriptors`, so their lists name the methods.",
        wrong: "#[intercept(retry(only = [idempotent]))]\nstruct Outbound;",
        right: "#[intercept(descriptors = crate::FILE_DESCRIPTOR_SET, retry(only = [idempotent]))]\nstruct Outbound;",
    }

    NEITHER_PUBLIC_NOR_PROTECTED = 601 {
        title: "A method that is neither public nor protected",
        cause: "With `protected`, each method has to be in one of the two lists. So a new method is never public by accident.",
        wrong: "#[intercept(auth(verifier = self.tokens, public = [get_user], protected = []))]",
        right: "#[intercept(auth(verifier = self.tokens, public = [get_user], protected = [list_users]))]",
    }
    PUBLIC_AND_PROTECTED = 602 {
        title: "A method that is public and protected",
        cause: "A method is in both lists, but it either needs a token or does not.",
        wrong: "#[intercept(auth(verifier = self.tokens, public = [get_user], protected = [get_user, list_users]))]",
        right: "#[intercept(auth(verifier = self.tokens, public = [get_user], protected = [list_users]))]",
    }
    CONTRADICTS_BLOCK_AUTH = 603 {
        title: "A method that contradicts the block's `auth`",
        cause: "The block's `auth` lists the method as public or protected, and the attribute on the method says something else.",
        wrong: "#[intercept(auth(verifier = self.tokens, public = [get_user]))]\nimpl UserService for Users {\n    #[intercept(auth(verifier = self.others))]\n    async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n    async fn list_users(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n}",
        right: "#[intercept(auth(verifier = self.tokens))]\nimpl UserService for Users {\n    #[intercept(auth(verifier = self.others))]\n    async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n    async fn list_users(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n}",
    }
    PUBLIC_HAS_NO_IDENTITY = 604 {
        title: "A public method has no identity",
        cause: "Public methods can be called without a token, so `authorize` and `key = identity` find no verified caller there.",
        wrong: "#[intercept(auth(verifier = self.tokens, public = [get_user]), authorize(role = \"admin\"))]",
        right: "#[intercept(auth(verifier = self.tokens, public = [get_user]), authorize(role = \"admin\", except = [get_user]))]",
    }
    NO_VERIFIED_CALLER = 605 {
        title: "No verified caller",
        cause: "Interceptors run in the order of the list. An interceptor that needs the caller's identity comes after `auth`, and `auth` covers the same methods.",
        wrong: "#[intercept(authorize(role = \"admin\"), auth(verifier = self.tokens))]",
        right: "#[intercept(auth(verifier = self.tokens), authorize(role = \"admin\"))]",
    }
    NO_CLIENT_ADDRESS = 606 {
        title: "The caller's address is not known yet",
        cause: "`key = client_ip` needs the address that `client_ip` finds. So `client_ip` comes before the limit and covers the same methods.",
        wrong: "#[intercept(rate_limit(per_second = 5, key = client_ip))]",
        right: "#[intercept(client_ip(trusted = [\"10.0.0.0/8\"]), rate_limit(per_second = 5, key = client_ip))]",
    }
    LIMIT_BY_CREDENTIALS = 607 {
        title: "A limit for each token",
        cause: "A caller can write one token in several ways, and each would have its own limit. Tokens would also stay in memory.",
        wrong: "#[intercept(auth(verifier = self.tokens), rate_limit(per_second = 5, key = metadata(\"authorization\")))]",
        right: "#[intercept(auth(verifier = self.tokens), rate_limit(per_second = 5, key = identity))]",
    }
    NO_STORE_FALLBACK = 608 {
        title: "A store that may not answer",
        cause: "The limit is in a store over the network. The entry has to say whether calls pass while the store does not answer.",
        wrong: "#[intercept(rate_limit(store = self.limits))]",
        right: "#[intercept(rate_limit(store = self.limits, on_error = allow))]",
    }

    UNARY_ONLY = 701 {
        title: "`hedge` for a stream",
        cause: "`hedge` makes concurrent attempts and takes the first response. A stream has no single response.",
        wrong: "#[intercept(hedge(delay = \"10ms\", only = [upload]))]\nmod user_service_client { … }",
        right: "#[intercept(hedge(delay = \"10ms\", only = [get_user]))]\nmod user_service_client { … }",
    }
    TAKES_MUT_SELF = 702 {
        title: "A method that takes `&mut self`",
        cause: "While the method runs, nothing else can use `self`: no second attempt, and no interceptor that borrows a field.",
        wrong: "#[intercept(service = \"user.v1.UserService\", auth(token = self.tokens))]\nimpl UserClient {\n    pub async fn get_user(&mut self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n}",
        right: "#[intercept(service = \"user.v1.UserService\", auth(token = self.tokens))]\nimpl UserClient {\n    pub async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }\n}",
    }
    TWO_THROTTLES = 703 {
        title: "Two throttles on one client",
        cause: "In gRFC A6, all attempts to a server share one throttle. `retry` and `hedge` share it, so both need the same numbers.",
        wrong: "#[intercept(retry(throttle(tokens = 10, ratio = 0.1), only = [\"/user.v1.UserService/GetUser\"]), hedge(delay = \"1ms\", throttle(tokens = 20, ratio = 0.1), only = [\"/user.v1.UserService/ListUsers\"]))]\nstruct Outbound;",
        right: "#[intercept(retry(throttle(tokens = 10, ratio = 0.1), only = [\"/user.v1.UserService/GetUser\"]), hedge(delay = \"1ms\", throttle(tokens = 10, ratio = 0.1), only = [\"/user.v1.UserService/ListUsers\"]))]\nstruct Outbound;",
    }

    // The texts of these are in the traits and in the constant functions of `interceptors`.
    NOT_AN_INTERCEPTOR = 801 {
        title: "Not an interceptor",
        cause: "The value of `with` has to implement `Interceptor` for the messages of each method that it covers. This one does not, or only for other messages.",
        wrong: "#[intercept(with(\"audit\"))]",
        right: "#[intercept(with(Audit::new()))]",
    }
    NOT_A_VERIFIER = 802 {
        title: "Not a verifier",
        cause: "The value of `verifier` has to implement `auth::Verifier`.",
        wrong: "#[intercept(auth(verifier = self.name))]",
        right: "#[intercept(auth(verifier = self.tokens))]",
    }
    NOT_A_TOKEN_SOURCE = 803 {
        title: "Not a source of tokens",
        cause: "On a client, the value of `token` has to implement `auth::TokenSource`.",
        wrong: "#[intercept(auth(token = self.name))]\nstruct Outbound { name: String }",
        right: "#[intercept(auth(token = self.tokens))]\nstruct Outbound { tokens: Tokens }",
    }
    NO_ROLES = 804 {
        title: "An identity without roles",
        cause: "For `role` and `roles`, the identity that `auth` verifies has to implement `authorize::HasRole`.",
        wrong: "#[intercept(auth(verifier = self.names), authorize(role = \"admin\"))]",
        right: "#[intercept(auth(verifier = self.users), authorize(role = \"admin\"))]",
    }
    NOT_A_POLICY = 805 {
        title: "A policy for another identity",
        cause: "The value of `authorize(with = …)` has to implement `authorize::Policy` for the type of identity that `auth` verifies.",
        wrong: "#[intercept(auth(verifier = self.names), authorize(with = self.rules_for_users))]",
        right: "#[intercept(auth(verifier = self.users), authorize(with = self.rules_for_users))]",
    }
    NOT_LOGGABLE = 806 {
        title: "A field that cannot be logged",
        cause: "A field of a log event is a number, a boolean or a text. With `%`, it can be any type that implements `Display`, and with `?`, any that implements `Debug`.",
        wrong: "#[intercept(logging(fields(request = request)))]",
        right: "#[intercept(logging(fields(request = ?request)))]",
    }
    NOT_A_BREAKER = 807 {
        title: "Not a circuit breaker",
        cause: "The value of `breaker` has to be a `circuit_breaker::CircuitBreaker`. It may be behind a reference or an `Arc`.",
        wrong: "#[intercept(circuit_breaker(breaker = crate::CONFIG))]\nstruct Outbound;",
        right: "#[intercept(circuit_breaker(breaker = &*crate::BREAKER))]\nstruct Outbound;",
    }
    NOT_A_LIMIT = 808 {
        title: "Not a concurrency limiter",
        cause: "The value of `limiter` has to be a `concurrency::Limiter`. It may be behind a reference or an `Arc`. A rate limiter counts calls per time, not concurrent calls.",
        wrong: "#[intercept(concurrency(limiter = self.rate))]",
        right: "#[intercept(concurrency(limiter = self.places))]",
    }
    NOT_A_STORE = 809 {
        title: "Not a store of limits",
        cause: "The value of `store` has to implement `rate_limit::Store`. It has limits of its own, or gets them from `per_second`.",
        wrong: "#[intercept(rate_limit(per_second = 5, store = self.name))]",
        right: "#[intercept(rate_limit(per_second = 5, store = self.limits))]",
    }
    METADATA_TYPE = 810 {
        title: "A value that cannot be metadata",
        cause: "A metadata value is a text, a number or an `Option` of one. If its key ends in `-bin`, it is bytes. A value in `self` is borrowed or cloned.",
        wrong: "#[intercept(metadata(\"x-name\" = self.name))]\nstruct Outbound { name: String }",
        right: "#[intercept(metadata(\"x-name\" = self.name.clone()))]\nstruct Outbound { name: String }",
    }
    NOT_VALIDATED = 811 {
        title: "A message that cannot be validated",
        cause: "`validate` checks each request, so its message has to implement `validate::Validate`.",
        wrong: "#[intercept(validate)]",
        right: "#[intercept(validate(only = [get_user]))]",
    }
    PAYLOAD_TYPE = 812 {
        title: "Messages that `payload` cannot log",
        cause: "`payload` logs messages by their fields. In a path, `?` stands for the value of an `Option`, and `[]` for every element of a repeated field or every value of a map.",
        wrong: "#[intercept(payload(redact = [request.id?.name]))]",
        right: "#[intercept(payload(redact = [request.user?.name]))]",
    }
    NOT_A_MOUNT = 813 {
        title: "A struct without the attribute",
        cause: "`by` names the struct of a server. That struct needs `#[intercept(server, …)]`, with `client_ip` or `auth` in its list.",
        wrong: "#[intercept(client_ip(by = Users))]",
        right: "#[intercept(client_ip(by = Inbound))]",
    }
    NO_POLICY = 814 {
        title: "A service without the attribute",
        cause: "The generated server has `#[intercept]`, so it runs the policy of its service. This service has none.",
        wrong: "impl UserService for Users { … }",
        right: "#[intercept(logging)]\nimpl UserService for Users { … }",
    }
    WRONG_RETURN_TYPE = 815 {
        title: "A method with another return type",
        cause: "An RPC returns `Result<Response<_>, Status>`, or an alias of it.",
        wrong: "#[intercept(logging)]\nimpl UserService for Users {\n    async fn get_user(&self, request: Request<Id>) -> User { todo!() }\n}",
        right: "#[intercept(logging)]\nimpl UserService for Users { … }",
    }
    NOT_A_HOOK = 816 {
        title: "A value that cannot handle panics",
        cause: "The value of `hook` has to be a function of one `&Panic`, or implement `PanicHandler`.",
        wrong: "#[intercept(catch_panic(hook = self.name))]",
        right: "#[intercept(catch_panic(hook = crate::report))]",
    }
    NOT_REPEATABLE = 817 {
        title: "A request that cannot be sent again",
        cause: "`retry` and `hedge` send a copy, so the request has to be `Clone`. A request stream can only be read once.",
        wrong: "#[intercept(retry)]",
        right: "#[intercept(retry(except = [list_users]))]",
    }
    INCONSISTENT_VALUES = 818 {
        title: "Values that do not fit together",
        cause: "Each value is legal, but one makes the other meaningless: a first delay above the longest, or an idle time longer than the whole call.",
        wrong: "#[intercept(retry(base_delay = \"2s\", max_delay = \"1s\"))]",
        right: "#[intercept(retry(base_delay = \"1s\", max_delay = \"2s\"))]",
    }
    SECRET_KEY = 819 {
        title: "A secret that would be logged",
        cause: "The value of this metadata key is logged, but a key of this name usually has a secret.",
        wrong: "#[intercept(request_id(header = \"authorization\"))]",
        right: "#[intercept(request_id(header = \"x-request-id\"))]",
    }
    ENTRY_OF_OTHER_SIDE = 820 {
        title: "Another crate's interceptor, for the other side",
        cause: "The interceptor is only for services, or only for clients.",
        wrong: "#[intercept(on_services::OnServices)]\nstruct Outbound;",
        right: "#[intercept(on_services::OnServices)]\nimpl UserService for Users { … }",
    }
    NOT_AN_ENTRY = 821 {
        title: "A path to a type without `Entry`",
        cause: "A type that is listed by its path has to implement `Entry`, which has its name and its sides. A value of any interceptor can be listed with `with`.",
        wrong: "#[intercept(crate::Audit)]",
        right: "#[intercept(with(crate::Audit))]",
    }
    MOVED_STATIC = 822 {
        title: "A value that would be moved out of a `static`",
        cause: "A `LazyLock` in a `static` cannot be moved. Borrow its value with `&*`.",
        wrong: "#[intercept(auth(token = crate::TOKENS))]\nmod user_service_client { … }",
        right: "#[intercept(auth(token = &*crate::TOKENS))]\nmod user_service_client { … }",
    }
    NO_STREAM = 823 {
        title: "A setting for streams without a stream",
        cause: "The setting only affects streams, and all methods of the entry are unary.",
        wrong: "#[intercept(auth(verifier = self.tokens, outlive_token = true))]",
        right: "#[intercept(auth(verifier = self.tokens))]",
    }
}
