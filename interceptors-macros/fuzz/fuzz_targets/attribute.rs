//! Does the same as `src/main.rs`, but guided by coverage. The input is the arguments of the attribute, a NUL, and the item.
//!
//! In `interceptors-macros/fuzz`, with `cargo install cargo-fuzz`, the nightly toolchain and a C++
//! compiler:
//!
//! ```text
//! mkdir -p corpus/attribute
//! cargo +nightly fuzz run --features guided attribute corpus/attribute seeds -- -max_len=4096
//! ```
//!
//! Failures are saved in `artifacts/attribute`. `cargo +nightly fuzz run --features guided attribute <file>` runs one again.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use proc_macro2::TokenStream;

// A procedural macro crate only exports its macros, so its sources are included.
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

/// syn's parser calls itself for each bracket, so deeply nested input overflows the stack, as it does in rustc.
const MAX_BRACKETS: usize = 50;

fuzz_target!(|text: &str| -> Corpus {
    let Some((args, item)) = text.split_once('\0') else {
        return Corpus::Reject;
    };
    let brackets = |text: &str| {
        text.matches(['(', '[', '{', '<', '&', '*', '-', '!', '|'])
            .count()
    };
    if brackets(args) > MAX_BRACKETS || brackets(item) > 4 * MAX_BRACKETS {
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
            "the output is not Rust, but the input was: {:?}",
            file.err()
        );
    }
    Corpus::Keep
});
