//! Words of the attribute that do not belong to an entry. Suggestions name them, and editors complete them.

use super::row::{Places, Setting, Value};
use crate::item::mount::Mount;

/// A word in the list of entries that does not name an interceptor.
pub(crate) struct Keyword {
    pub(crate) name: &'static str,
    places: Places,
    on_method: bool,
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
    pub(crate) doc: &'static str,
}

pub(crate) static KEYWORDS: &[Keyword] = &[
    Keyword {
        name: "server",
        places: Places::STRUCTS,
        on_method: false,
        doc: "the struct is the layer of a whole server; this word comes first",
    },
    Keyword {
        name: "service",
        places: Places::BLOCKS,
        on_method: false,
        doc: "the full name of the service, as the proto has it: `service = \"user.v1.UserService\"`",
    },
    Keyword {
        name: "plan",
        places: Places::ALL,
        on_method: false,
        doc: "a type of yours that names this policy, if the same type has several: `plan = UsersPolicy`",
    },
    Keyword {
        name: "descriptors",
        places: Places::STRUCTS,
        on_method: false,
        doc: "a constant with the bytes of a descriptor set, or a list of them; the lists of methods are compared with it",
    },
    Keyword {
        name: "skip",
        places: Places::BLOCKS,
        on_method: true,
        doc: "entries of the block that this method skips: `skip(retry)`",
    },
    Keyword {
        name: "name",
        places: Places::BLOCKS,
        on_method: true,
        doc: "the name of the RPC, as the proto has it: `name = \"GetURL\"`",
    },
];

/// The words that are allowed on a mount, in the attribute of the item or of a method.
pub(crate) fn here(mount: Mount, on_method: bool) -> impl Iterator<Item = &'static Keyword> {
    let all = KEYWORDS.iter();
    all.filter(move |word| word.on_method == on_method && word.places.has(mount))
}

/// Whether the attribute on an item has a setting of this name. `crate` is one too, but not in the table: an editor cannot
/// complete a keyword of Rust.
pub(super) fn is_of_block(name: &str) -> bool {
    let mut of_block = KEYWORDS.iter().filter(|word| !word.on_method);
    // `server` is a word without a value, so it is not a setting.
    name == "crate" || name != "server" && of_block.any(|word| word.name == name)
}

/// The lists of methods that every entry takes.
pub(crate) static SELECTORS: [Setting; 2] = [
    Setting {
        name: "only",
        value: Value::Access,
        aliases: &[
            "apply_to", "for", "include", "included", "method", "methods", "on", "rpcs",
        ],
        doc: "the methods that the entry covers, and no others",
        ..Setting::DEFAULT
    },
    Setting {
        name: "except",
        value: Value::Access,
        aliases: &[
            "but", "exclude", "excluded", "exempt", "ignore", "not", "skip", "unless", "without",
        ],
        doc: "the methods that the entry does not cover",
        ..Setting::DEFAULT
    },
];

/// The word in lists of methods on a struct.
pub(crate) static IDEMPOTENT: Setting = Setting {
    name: "idempotent",
    places: Places::STRUCTS,
    doc: "the methods that their proto marks with `idempotency_level`; needs `descriptors`",
    ..Setting::DEFAULT
};
