//! What an entry is, as data. A row is the only place that says what an entry has: the parser, the suggestions, the
//! tables of the documentation and the tests read it.

use proc_macro2::TokenStream;
use syn::{Expr, Lit};

use crate::item::mount::{Mount, Side};
use crate::text::args;
use crate::text::literals::{is_negative, literal};
use crate::text::metadata::wrong_metadata_key;
use crate::text::settings::{CombinedSettings, WrittenSetting};
use crate::text::source::source;
use crate::text::values::{is_code, is_level};

pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Names that others give to the same thing, or that look like another entry's.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) feature: Feature,
    pub(crate) places: Places,
    /// What does the same on the other side.
    pub(crate) on_other_side: Option<&'static str>,
    /// What is said on another mount of the same side.
    pub(crate) elsewhere: &'static str,
    pub(crate) times: Times,
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
    pub(crate) sees: Sees,
    /// What it does, for the table of all entries.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
    pub(crate) doc: &'static str,
    /// Where the runtime crate has the interceptor.
    pub(crate) module: &'static str,
    /// Where it has the type of the settings, as a path, if that is elsewhere.
    pub(crate) config_module: Option<&'static str>,
    /// The type that generated code makes for a call, if its settings alone are not all of it.
    pub(crate) interceptor: &'static str,
    /// The type of the settings, made by const functions; where no other is named, the interceptor has them itself.
    pub(crate) config_type: Option<&'static str>,
    /// The type by which the plan knows the entry, in the same place as its settings.
    pub(crate) entry: &'static str,
    pub(crate) start: Start,
    /// How it is written, for messages.
    pub(crate) example: &'static str,
    /// The status of the calls that it rejects or ends, in capitals.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
    pub(crate) ends_with: &'static str,
    pub(crate) positional: Positional,
    /// What is said of a setting that it does not have, or of a value that does not fit, where it is plain what was meant: by the
    /// name, if there is one, and the value.
    pub(crate) suggest: fn(Option<&str>, Option<&Expr>) -> Option<String>,
    /// The same of several settings, which together say what one of ours says.
    pub(crate) suggest_for_several: fn(&[WrittenSetting<'_>]) -> Option<CombinedSettings>,
    pub(crate) settings: &'static [Setting],
    /// At least one of several settings has to be given.
    pub(crate) one_of: &'static [OneOf],
    /// Settings that have to fit together: the function `checked` of their type looks at them, and what it says stands at the last.
    pub(crate) checked: &'static [&'static str],
    /// Numbers that are always set.
    pub(crate) fixed: &'static [(&'static str, u64)],
    /// Whether a client's plan shows fewer settings, by `client_settings` of their type.
    pub(crate) has_client_settings: bool,
    pub(crate) fit: Fit,
    pub(crate) needs: Needs,
    /// Entries that cannot cover the same method.
    pub(crate) conflicts_with: &'static [&'static str],
    /// Whether it tells who calls, for entries further in.
    pub(crate) verifies: bool,
    /// Whether it tells where a call comes from, for entries further in.
    pub(crate) finds_client: bool,
    /// Whether it may run for long before it calls the next interceptor.
    pub(crate) runs_user_code: bool,
    /// What a client has directly around each attempt, a constant of the module.
    pub(crate) innermost: Option<&'static str>,
    /// The constructor of the interceptor where its value was given.
    pub(crate) given_constructor: &'static str,
    /// What it keeps for each method or service.
    pub(crate) keeps: Option<Keeps>,
    /// Whether it only looks at messages.
    pub(crate) looks: Looks,
}

impl Row {
    /// The type of the settings.
    pub(crate) fn config_type(&self) -> &'static str {
        self.config_type.unwrap_or(self.interceptor)
    }

    /// The message for a value without a name, on this mount.
    pub(crate) fn unnamed(&self, value: &TokenStream, mount: Mount) -> String {
        let name = self.name;
        let expr = syn::parse2(value.clone()).ok();
        if let Some(meant) = (self.suggest)(None, expr.as_ref()) {
            return meant;
        }
        match self.positional {
            Positional::No if self.settings.is_empty() => {
                format!("`{name}` has no settings; take this out")
            }
            Positional::No if !self.settings.iter().any(|it| it.places.has(mount)) => {
                format!("`{name}` has no settings here; take this out")
            }
            Positional::No => {
                let mut here = self.settings.iter().filter(|it| it.places.has(mount));
                let meant = here.find_map(|it| Some((it.name, it.value.accepting(value)?)));
                let write = match meant {
                    Some((setting, value)) => format!("{name}({setting} = {value})"),
                    None => self.example.to_owned(),
                };
                format!("`{name}` takes its settings by name; write `{write}`")
            }
            Positional::Time { second, .. } => second.to_owned(),
            Positional::Own => args::unnamed(value),
        }
    }

    /// What most entries are.
    pub(crate) const DEFAULT: Self = Self {
        name: "",
        aliases: &[],
        feature: Feature {
            name: "",
            is_enabled: true,
        },
        places: Places::ALL,
        on_other_side: None,
        elsewhere: "",
        times: Times::Once,
        sees: Sees::Head,
        doc: "",
        module: "",
        config_module: None,
        interceptor: "",
        config_type: None,
        entry: "Entry",
        start: Start::New,
        example: "",
        ends_with: "",
        positional: Positional::No,
        suggest: |_, _| None,
        suggest_for_several: |_| None,
        settings: &[],
        one_of: &[],
        checked: &[],
        fixed: &[],
        has_client_settings: false,
        fit: Fit::Always,
        needs: Needs::NOTHING,
        conflicts_with: &[],
        verifies: false,
        finds_client: false,
        runs_user_code: false,
        innermost: None,
        given_constructor: "new",
        keeps: None,
        looks: Looks::No,
    };
}

/// The state of an entry: its names in generated code.
#[derive(Clone, Copy)]
pub(crate) struct Keeps {
    pub(crate) what: &'static str,
    /// One of them, and one for each method or service that calls name.
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
}

/// A feature of this crate, which the runtime crate forwards.
#[derive(Clone, Copy)]
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    pub(crate) is_enabled: bool,
}

/// `enabled_by!("retry")`
macro_rules! enabled_by {
    ($name:literal) => {
        crate::entries::row::Feature {
            name: $name,
            is_enabled: cfg!(feature = $name),
        }
    };
}
pub(crate) use enabled_by;

/// A set of mounts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Places(u8);

impl Places {
    pub(crate) const SERVICE: Self = Self(1);
    pub(crate) const HAND_WRITTEN: Self = Self(2);
    pub(crate) const CLIENT_MODULE: Self = Self(4);
    pub(crate) const CHANNEL: Self = Self(8);
    pub(crate) const SERVER: Self = Self(16);
    /// What receives calls.
    pub(crate) const SERVERS: Self = Self(1 | 16);
    /// What may have to keep a request, to send it again.
    pub(crate) const REPEATING: Self = Self(1 | 2 | 4 | 8);
    /// What sends encoded messages, or what the code generator wrote: both can keep a stream.
    pub(crate) const KEEPING: Self = Self(4 | 8);
    /// Where messages have types.
    pub(crate) const TYPED: Self = Self(1 | 2 | 4);
    pub(crate) const CLIENTS: Self = Self(2 | 4 | 8);
    /// The `impl` of a service, or of a client.
    pub(crate) const BLOCKS: Self = Self(1 | 2);
    /// What sees encoded messages of any service.
    pub(crate) const STRUCTS: Self = Self(8 | 16);
    pub(crate) const ALL: Self = Self(1 | 2 | 4 | 8 | 16);

    pub(crate) const fn has(self, mount: Mount) -> bool {
        let place = match mount {
            // What is listed on one was reported: it belongs to the service.
            Mount::Service | Mount::ServerModule => Self::SERVICE,
            Mount::HandWritten => Self::HAND_WRITTEN,
            Mount::ClientModule => Self::CLIENT_MODULE,
            Mount::Channel => Self::CHANNEL,
            Mount::Server => Self::SERVER,
        };
        self.0 & place.0 != 0
    }

    pub(crate) const fn has_side(self, side: Side) -> bool {
        let places = match side {
            Side::Server => Self::SERVERS,
            Side::Client => Self::CLIENTS,
        };
        self.0 & places.0 != 0
    }

    /// `a service`, `a generated client or a channel`
    pub(crate) fn in_words(self) -> String {
        match self {
            Self::SERVICE | Self::SERVERS => "a service".to_owned(),
            Self::CLIENTS => "a client".to_owned(),
            _ => {
                let words = [
                    (Self::SERVICE, "a service"),
                    (Self::CLIENT_MODULE, "a generated client"),
                    (Self::HAND_WRITTEN, "a hand-written client"),
                    (Self::CHANNEL, "a channel"),
                    (Self::SERVER, "a server"),
                ];
                let here = words.iter().filter(|(place, _)| self.0 & place.0 != 0);
                let here: Vec<&str> = here.map(|(_, word)| *word).collect();
                here.join(" or ")
            }
        }
    }
}

/// How often an entry may be listed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    Once,
    /// Several times on a block, each for other methods: what it says of one kind of message means nothing to another.
    Parted,
    /// Several times for one method.
    Any,
}

/// What of a call an entry looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
pub(crate) enum Sees {
    /// Names, metadata, times and the status.
    Head,
    Message,
    /// Its type says, or its settings do.
    Depends,
}

/// How the configuration of an entry begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// There is none.
    Nothing,
    /// `new()`
    New,
    /// `new()`, and `client()` on a client.
    OfSide,
    /// `new()`, but where a value of the user's takes its place.
    UnlessGiven,
    /// `new()` once there is something to set.
    IfSet,
    /// One of the settings.
    Setting,
    /// The value without a name: `new(time)`. Without one, this.
    Value(Option<&'static str>),
}

/// What a value without a name is.
#[derive(Clone, Copy)]
pub(crate) enum Positional {
    /// None is taken.
    No,
    /// A time: `deadline("2s")`.
    Time {
        is_needed: bool,
        missing: &'static str,
        /// What is said of a second value without a name.
        second: &'static str,
        #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
        default: DefaultValue,
        #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
        doc: &'static str,
        /// Names that others give to it.
        aliases: &'static [&'static str],
    },
    /// The entry reads it itself.
    Own,
}

/// What the time of an entry is called elsewhere.
pub(crate) const TIMES: &[&str] = &[
    "after",
    "call",
    "deadline",
    "default",
    "duration",
    "in_seconds",
    "limit",
    "max",
    "millis",
    "minutes",
    "mins",
    "ms",
    "per_call",
    "request",
    "sec",
    "seconds",
    "secs",
    "time",
    "timeout",
    "total",
    "value",
    "within",
];

/// What holds where a setting is not given.
#[derive(Clone, Copy)]
#[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
pub(crate) enum DefaultValue {
    None,
    /// This value, as the plan shows it too; a test compares them.
    Is(&'static str),
    /// The same, on a service and on a client.
    OfSide(&'static str, &'static str),
    /// What this says.
    Words(&'static str),
}

#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    pub(crate) places: Places,
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
    pub(crate) default: DefaultValue,
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
    pub(crate) doc: &'static str,
    /// Settings that cannot be given with it; said once for each pair.
    pub(crate) conflicts_with: &'static [&'static str],
    /// The configuration begins with it: `Rate::per_second(5)`.
    pub(crate) starts: bool,
    /// A setting without which it means nothing.
    pub(crate) requires: Option<&'static str>,
    /// Names that others give to it, or that look like another setting's.
    pub(crate) aliases: &'static [&'static str],
    /// Whether the entry reads it, since it is no part of the constant.
    pub(crate) read_by_entry: bool,
    /// The words that may be its value, where the entry reads it itself.
    pub(crate) choices: &'static [Choice],
    /// What it has in parentheses, where the entry reads it itself.
    pub(crate) parts: &'static [Setting],
}

impl Setting {
    /// The words that may be its value.
    pub(crate) fn choices(&self) -> &'static [Choice] {
        match self.value {
            Value::Per => &[
                Choice {
                    name: "method",
                    doc: "each method has a limit of its own",
                },
                Choice {
                    name: "service",
                    doc: "all methods that the entry covers share one limit",
                },
            ],
            _ => self.choices,
        }
    }

    /// What it has in parentheses.
    pub(crate) fn parts(&self) -> &'static [Setting] {
        match self.value {
            Value::Parts(parts, _) => parts,
            _ => self.parts,
        }
    }

    pub(crate) const DEFAULT: Self = Self {
        name: "",
        value: Value::Boolean,
        places: Places::ALL,
        default: DefaultValue::None,
        doc: "",
        conflicts_with: &[],
        starts: false,
        requires: None,
        aliases: &[],
        read_by_entry: false,
        choices: &[],
        parts: &[],
    };
}

/// A word that may be the value of a setting.
#[derive(Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) name: &'static str,
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
    pub(crate) doc: &'static str,
}

/// The type of a setting's value.
#[derive(Clone, Copy)]
pub(crate) enum Value {
    Integer(u64, u64),
    /// What is wrong with a number.
    Float(fn(f64) -> Option<&'static str>),
    Boolean,
    Text,
    /// A text that is not empty; this is said of one that is.
    SomeText(&'static str),
    Texts,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A metadata key for text.
    TextKey,
    Duration,
    /// A duration that may be zero.
    Delay,
    Level,
    Codes,
    /// Codes, and none is fine too.
    CodesOrEmpty,
    /// An expression whose value the interceptor is given, and what the plan shows where there is none.
    Given(Option<&'static str>),
    /// A list of methods that need no token, or that need one.
    Access,
    /// `method` or `service`
    Per,
    /// Several values at once, all of them needed: `adaptive(min = 1, max = 2, target = "1s")`.
    Parts(&'static [Setting], &'static str),
    /// The entry reads it itself; this is how it is written.
    Own(&'static str),
}

impl Value {
    /// The text of a value that was given without a name, if it can be the value of a setting of this type.
    fn accepting(&self, value: &TokenStream) -> Option<String> {
        let expr: Expr = syn::parse2(value.clone()).ok()?;
        let text = source(&expr);
        let is_constant =
            matches!(&expr, Expr::Path(path) if path.path.get_ident().is_some_and(is_upper_case));
        match (self, literal(&expr)) {
            (Self::Integer(least, most), Some(Lit::Int(number))) => {
                let number = number.base10_parse::<u64>().ok()?;
                let fits = !is_negative(&expr) && (*least..=*most).contains(&number);
                fits.then_some(text)
            }
            (Self::Float(wrong), Some(Lit::Float(number))) => {
                let number = number.base10_parse::<f64>().ok()?;
                (!is_negative(&expr) && wrong(number).is_none()).then_some(text)
            }
            (Self::Boolean, Some(Lit::Bool(_)))
            | (Self::Text | Self::SomeText(_), Some(Lit::Str(_))) => Some(text),
            (Self::TextKey, Some(Lit::Str(key))) => {
                let key = key.value();
                let is_key = wrong_metadata_key(&key).is_none() && !key.ends_with("-bin");
                is_key.then_some(text)
            }
            (Self::Duration | Self::Delay, Some(Lit::Str(time))) => {
                humantime::parse_duration(&time.value()).ok().map(|_| text)
            }
            (Self::Level, Some(Lit::Str(level))) => is_level(&level.value()).then_some(text),
            (Self::Texts, Some(Lit::Str(_))) => Some(format!("[{text}]")),
            (Self::Codes | Self::CodesOrEmpty, None) => is_code(&expr).then(|| format!("[{text}]")),
            (Self::Integer(..), None) => is_constant.then_some(text),
            (Self::Given(_), None) => (!is_constant).then_some(text),
            _ => None,
        }
    }
}

fn is_upper_case(ident: &syn::Ident) -> bool {
    let name = ident.to_string();
    name == name.to_uppercase()
}

/// One of these settings is needed.
pub(crate) struct OneOf {
    pub(crate) names: &'static [&'static str],
    pub(crate) places: Places,
    pub(crate) missing: &'static str,
}

/// Whether it depends on types of the user's that an interceptor is one for the method. The others are for all, and
/// each question to the compiler is one for each method.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    Always,
    /// The compiler is asked, where a value of the user's was given; before that it is `Always`.
    CheckedIfGiven,
    /// As before, and what it has to be is asked where the interceptor is made.
    CheckedWhereMade,
    /// The compiler is asked.
    Checked,
    /// The compiler is asked, and shows the method in its answer.
    CheckedPerMethod,
}

/// Whether an entry only looks at messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looks {
    No,
    /// It is nothing but a look.
    Only,
    /// It also does something that depends on no message, and asks for the look itself.
    Also,
}

/// What an entry needs of the item that it covers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// A request that can be sent again.
    pub(crate) resend: bool,
    /// A unary call, which it makes several times at once.
    pub(crate) unary: bool,
    /// A client that remembers whether its channel is encrypted.
    pub(crate) scheme: bool,
}

impl Needs {
    pub(crate) const NOTHING: Self = Self {
        resend: false,
        unary: false,
        scheme: false,
    };
}
