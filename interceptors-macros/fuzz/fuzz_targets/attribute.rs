//! Any text as the attribute's arguments and as the item that it stands on, parted by a NUL.
//! What `src/main.rs` does at random, with the coverage as a guide.
//!
//! In `interceptors-macros/fuzz`, with `cargo install cargo-fuzz`, the nightly toolchain and a C++
//! compiler:
//!
//! ```text
//! mkdir -p corpus/attribute
//! cargo +nightly fuzz run --features guided attribute corpus/attribute seeds -- -max_len=4096
//! ```
//!
//! What it finds comes to lie in `artifacts/attribute`; `cargo +nightly fuzz run --features guided attribute <file>`
//! runs it again.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use proc_macro2::TokenStream;

// A crate of a procedural macro exports nothing else, so its sources are included.
#[path = "../../src/check/mod.rs"]
mod check;
#[path = "../../src/codes.rs"]
mod codes;
#[path = "../../src/ctxt.rs"]
mod ctxt;
#[path = "../../src/entries/mod.rs"]
mod entries;
#[path = "../../src/expand/mod.rs"]
mod expand;
#[path = "../../src/intercept.rs"]
mod intercept;
#[path = "../../src/item/mod.rs"]
mod item;
#[path = "../../src/text/mod.rs"]
mod text;

/// A parser that calls itself for each bracket runs out of stack, as rustc's does.
const MOST_BRACKETS: usize = 50;

fuzz_target!(|text: &str| -> Corpus {
    let Some((args, item)) = text.split_once('\0') else {
        return Corpus::Reject;
    };
    let brackets = |text: &str| {
        text.matches(['(', '[', '{', '<', '&', '*', '-', '!', '|'])
            .count()
    };
    if brackets(args) > MOST_BRACKETS || brackets(item) > 4 * MOST_BRACKETS {
        return Corpus::Reject;
    }
    let (Ok(args), Ok(item)) = (args.parse::<TokenStream>(), item.parse::<TokenStream>()) else {
        return Corpus::Reject;
    };
    let _ = intercept::intercept_in_editor(&args, &item);
    let output = intercept::intercept_tokens(args, item.clone());
    if syn::parse2::<syn::Item>(item).is_ok() {
        let file = syn::parse2::<syn::File>(output);
        assert!(
            file.is_ok(),
            "what was Rust is none any more: {:?}",
            file.err()
        );
    }
    Corpus::Keep
});
