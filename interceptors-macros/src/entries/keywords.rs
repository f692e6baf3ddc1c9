//! Words of the attribute that are no entry's: suggestions name them, and an editor offers them.

use super::row::{Places, Setting, Value};
use crate::item::mount::Mount;

/// A word in the list of entries that does not name an interceptor.
pub(crate) struct Keyword {
    pub(crate) name: &'static str,
    places: Places,
    on_method: bool,
    #[cfg_attr(not(test), allow(dead_code, reason = "for the documentation"))]
    pub(crate) says: &'static str,
}

pub(crate) static KEYWORDS: &[Keyword] = &[
    Keyword {
        name: "server",
        places: Places::STRUCTS,
        on_method: false,
        says: "the struct is the layer of a whole server; this word comes first",
    },
    Keyword {
        name: "service",
        places: Places::BLOCKS,
        on_method: false,
        says: "the full name of the service, as the proto has it: `service = \"user.v1.UserService\"`",
    },
    Keyword {
        name: "plan",
        places: Places::ALL,
        on_method: false,
        says: "a type of yours that tells this policy from others of the same type: `plan = UsersPolicy`",
    },
    Keyword {
        name: "descriptors",
        places: Places::STRUCTS,
        on_method: false,
        says: "a constant with the bytes of a descriptor set, or a list of them; the lists of methods are compared with it",
    },
    Keyword {
        name: "skip",
        places: Places::BLOCKS,
        on_method: true,
        says: "entries of the block that this method does without: `skip(retry)`",
    },
    Keyword {
        name: "name",
        places: Places::BLOCKS,
        on_method: true,
        says: "the name of the RPC, as the proto has it: `name = \"GetURL\"`",
    },
];

/// The words that may stand here.
pub(crate) fn here(mount: Mount, on_method: bool) -> impl Iterator<Item = &'static Keyword> {
    let all = KEYWORDS.iter();
    all.filter(move |word| word.on_method == on_method && word.places.has(mount))
}

/// Whether the attribute on an item has a setting of this name. `crate` is one too, and no name that an editor could offer.
pub(super) fn is_of_block(name: &str) -> bool {
    let mut of_block = KEYWORDS.iter().filter(|word| !word.on_method);
    // `server` has no value.
    name == "crate" || name != "server" && of_block.any(|word| word.name == name)
}

/// The lists of methods that each entry takes.
pub(crate) static SELECTORS: [Setting; 2] = [
    Setting {
        name: "only",
        value: Value::Access,
        also_called: &[
            "apply_to", "for", "include", "included", "method", "methods", "on", "rpcs",
        ],
        says: "the methods that the entry is for, and no others",
        ..Setting::USUAL
    },
    Setting {
        name: "except",
        value: Value::Access,
        also_called: &[
            "but", "exclude", "excluded", "exempt", "ignore", "not", "skip", "unless", "without",
        ],
        says: "the methods that the entry is not for",
        ..Setting::USUAL
    },
];

/// The word in lists of methods on a struct.
pub(crate) static IDEMPOTENT: Setting = Setting {
    name: "idempotent",
    places: Places::STRUCTS,
    says: "the methods that their proto marks with `idempotency_level`; needs `descriptors`",
    ..Setting::USUAL
};
