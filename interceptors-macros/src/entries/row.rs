//! Describes entries as data. A row is the single source of what an entry has: the parser, the suggestions, the tables of
//! the documentation and the tests all read it.

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
    /// Names of the same thing in other libraries, and names that look like those of another entry. Errors suggest `name` for them.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) feature: Feature,
    pub(crate) places: Places,
    /// The entry that does the same on the other side.
    pub(crate) on_other_side: Option<&'static str>,
    /// The message on a mount of the same side that the entry does not support.
    pub(crate) elsewhere: &'static str,
    pub(crate) times: Times,
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
    pub(crate) sees: Sees,
    /// What the entry does, for the table of all entries.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
    pub(crate) doc: &'static str,
    /// The module of the interceptor in the runtime crate.
    pub(crate) module: &'static str,
    /// The module of the settings type, if it is another one.
    pub(crate) config_module: Option<&'static str>,
    /// The type that generated code creates for a call.
    pub(crate) interceptor: &'static str,
    /// The type of the settings, which has const builders. `None` if it is the interceptor itself.
    pub(crate) config_type: Option<&'static str>,
    /// The type that implements the runtime's `Entry`, in the module of the settings.
    pub(crate) entry: &'static str,
    pub(crate) start: Start,
    /// How the entry is written, for messages.
    pub(crate) example: &'static str,
    /// The status of the calls that the entry rejects or ends, in capitals.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
    pub(crate) ends_with: &'static str,
    pub(crate) positional: Positional,
    /// Returns a message for an unknown setting or a wrong value if it is clear what was meant. The arguments are the name, if
    /// there is one, and the value.
    pub(crate) suggest: fn(Option<&str>, Option<&Expr>) -> Option<String>,
    /// Returns a message for several settings of another library that one setting replaces here.
    pub(crate) suggest_for_several: fn(&[WrittenSetting<'_>]) -> Option<CombinedSettings>,
    pub(crate) settings: &'static [Setting],
    /// Groups of settings of which at least one has to be given.
    pub(crate) one_of: &'static [OneOf],
    /// Settings that depend on each other. The function `checked` of the settings type checks them, and its error points to the
    /// last one.
    pub(crate) checked: &'static [&'static str],
    /// Settings with a fixed number.
    pub(crate) fixed: &'static [(&'static str, u64)],
    /// Whether a client's plan shows fewer settings: `client_settings` of their type.
    pub(crate) has_client_settings: bool,
    pub(crate) fit: Fit,
    pub(crate) needs: Needs,
    /// Entries that cannot cover the same method.
    pub(crate) conflicts_with: &'static [&'static str],
    /// Whether it verifies the caller, for later entries.
    pub(crate) verifies: bool,
    /// Whether it finds the client's address, for later entries.
    pub(crate) finds_client: bool,
    /// Whether it runs user code before the next interceptor, which may take long.
    pub(crate) runs_user_code: bool,
    /// A constant of the module: the interceptor that a client runs directly around each attempt.
    pub(crate) innermost: Option<&'static str>,
    /// The constructor of the interceptor if the user gives its value.
    pub(crate) given_constructor: &'static str,
    /// The state for each method or service.
    pub(crate) state: Option<KeptState>,
    /// Whether it looks at messages.
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

    /// The values that most entries have.
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
        state: None,
        looks: Looks::No,
    };
}

/// The state of an entry: its names in generated code.
#[derive(Clone, Copy)]
pub(crate) struct KeptState {
    pub(crate) item: &'static str,
    /// The type for one state, and the type for one state per called method or service.
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
    /// Mounts that receive calls.
    pub(crate) const SERVERS: Self = Self(1 | 16);
    /// Mounts that can send a request again.
    pub(crate) const REPEATING: Self = Self(1 | 2 | 4 | 8);
    /// Mounts that can keep a request stream to send it again: channels and generated clients.
    pub(crate) const KEEPING: Self = Self(4 | 8);
    /// Mounts that see decoded messages.
    pub(crate) const TYPED: Self = Self(1 | 2 | 4);
    pub(crate) const CLIENTS: Self = Self(2 | 4 | 8);
    /// Mounts on an `impl`: services and hand-written clients.
    pub(crate) const BLOCKS: Self = Self(1 | 2);
    /// Mounts on a struct, which see encoded messages of any service.
    pub(crate) const STRUCTS: Self = Self(8 | 16);
    pub(crate) const ALL: Self = Self(1 | 2 | 4 | 8 | 16);

    pub(crate) const fn has(self, mount: Mount) -> bool {
        let place = match mount {
            // Entries on a generated server are an error in `check`: they belong on the service.
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
    /// Several times on a block, each for other methods. Its settings name fields, which differ between messages.
    OncePerMessage,
    /// Several times for one method.
    Any,
}

/// Which part of a call an entry looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
pub(crate) enum Sees {
    /// Names, metadata, times and the status.
    Head,
    Message,
    /// Its type or its settings decide.
    Depends,
}

/// The first call of an entry's configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// There is no configuration.
    Nothing,
    /// `new()`
    New,
    /// `new()`, and `client()` on a client.
    OfSide,
    /// `new()`, unless the user gives a value instead.
    UnlessGiven,
    /// `new()`, if there is something to set.
    IfSet,
    /// One of the settings.
    Setting,
    /// `new(time)` with the value without a name. Without that value, this constructor.
    Value(Option<&'static str>),
}

/// What a value without a name means.
#[derive(Clone, Copy)]
pub(crate) enum Positional {
    /// It is an error.
    No,
    /// A time: `deadline("2s")`.
    Time {
        is_needed: bool,
        missing: &'static str,
        /// The message for a second value without a name.
        second: &'static str,
        #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
        default: DefaultValue,
        #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
        doc: &'static str,
        /// Names of the time in other libraries.
        aliases: &'static [&'static str],
    },
    /// The entry reads it itself.
    Own,
}

/// Names of an entry's time in other libraries.
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

/// The default of a setting.
#[derive(Clone, Copy)]
#[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
pub(crate) enum DefaultValue {
    None,
    /// This value. A test compares it with the plan.
    Is(&'static str),
    /// One value on a service and one on a client.
    OfSide(&'static str, &'static str),
    /// A description.
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
    /// Settings that cannot be given together with this one. Only one of each pair lists the other.
    pub(crate) conflicts_with: &'static [&'static str],
    /// Whether the configuration begins with it: `Rate::per_second(5)`.
    pub(crate) starts: bool,
    /// Another setting that has to be given too.
    pub(crate) requires: Option<&'static str>,
    /// Names in other libraries, and names that look like those of another setting.
    pub(crate) aliases: &'static [&'static str],
    /// Whether the entry reads it, because it is not part of the configuration.
    pub(crate) read_by_entry: bool,
    /// The words that may be its value, if the entry reads it itself.
    pub(crate) choices: &'static [Choice],
    /// The settings in its parentheses, if the entry reads it itself.
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

    /// The settings in its parentheses.
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
    /// A floating-point number. The function returns what is wrong with a number, if anything.
    Float(fn(f64) -> Option<&'static str>),
    Boolean,
    Text,
    /// A text that is not empty, and the message for an empty one.
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
    /// A list of codes that may be empty.
    CodesOrEmpty,
    /// An expression whose value the interceptor gets, and what the plan shows if it is missing.
    Given(Option<&'static str>),
    /// A list of methods that need no token, or that need one.
    Access,
    /// `method` or `service`
    Per,
    /// Several values that are all needed: `adaptive(min = 1, max = 2, target = "1s")`. The text is the message if one is missing.
    Parts(&'static [Setting], &'static str),
    /// The entry reads it itself. The text shows how it is written.
    Own(&'static str),
}

impl Value {
    /// For a value without a name: how to write it as a setting of this type, if that is possible.
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

/// Whether the compiler has to check that an interceptor fits a method. Each check costs compile time in every method, so
/// it is only generated if user types decide.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    Always,
    /// `Checked` if the user gives a value, otherwise `Always`.
    CheckedIfGiven,
    /// If the user gives a value, the constructor of the interceptor has the bounds.
    CheckedWhereMade,
    /// The compiler checks it.
    Checked,
    /// The compiler checks it for each method, and its error points to the method.
    CheckedPerMethod,
}

/// Whether an entry looks at messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looks {
    No,
    /// It only looks at messages.
    Only,
    /// It also does something that needs no messages, and calls the look itself.
    Also,
}

/// What an entry needs from the item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// A request that can be sent again.
    pub(crate) resend: bool,
    /// A unary call, which it makes several times concurrently.
    pub(crate) unary: bool,
    /// A client that knows whether its channel is encrypted.
    pub(crate) scheme: bool,
}

impl Needs {
    pub(crate) const NOTHING: Self = Self {
        resend: false,
        unary: false,
        scheme: false,
    };
}
