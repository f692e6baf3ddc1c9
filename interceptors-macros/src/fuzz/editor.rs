//! For any input, the output for editors does not panic, is Rust if the input was, and contains the user's item. The place of a
//! half-typed name stays the same.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use proptest::prelude::*;

use super::{ARGUMENTS, ITEMS, Tree, parsed, text, tokens};
use crate::intercept::intercept_in_editor;

/// `compiled` is the output for the compiler.
pub(super) fn check(
    arguments: &TokenStream,
    item: &TokenStream,
    compiled: &TokenStream,
) -> Result<(), TestCaseError> {
    let shown = intercept_in_editor(arguments, item);
    let has_errors = compiled.to_string().starts_with(":: core :: compile_error");
    if !has_errors && syn::parse2::<syn::Item>(item.clone()).is_ok() {
        let file = syn::parse2::<syn::File>(shown.clone());
        prop_assert!(file.is_ok(), "not Rust: {}\n{shown}", file.err().unwrap());
    }
    // The editor gets the same errors as the compiler.
    let errors = |output: &TokenStream| output.to_string().matches("compile_error").count();
    if has_errors {
        prop_assert_eq!(errors(&shown), errors(compiled), "{}", shown);
    }
    Ok(())
}

/// The name that rust-analyzer inserts at the cursor.
const MADE_UP: &str = "intellijRulezz";

/// Inserts the made-up name at the start or the end of the element with this number.
fn insert_name_at(trees: &[Tree], place: &mut isize) -> Vec<Tree> {
    let name = || Tree::Leaf(MADE_UP.to_owned());
    let mut out = Vec::new();
    let mut begins = true;
    for tree in trees {
        if begins {
            if *place == 0 {
                out.push(name());
            }
            *place -= 1;
        }
        begins = matches!(tree, Tree::Leaf(leaf) if leaf == ",");
        out.push(match tree {
            Tree::Group(delimiter @ (Delimiter::Parenthesis | Delimiter::Bracket), inside) => {
                Tree::Group(*delimiter, insert_name_at(inside, place))
            }
            tree => tree.clone(),
        });
    }
    if begins {
        if *place == 0 {
            out.push(name());
        }
        *place -= 1;
    }
    out
}

/// All tokens in order, with the delimiters of groups.
fn flat(tokens: TokenStream, out: &mut Vec<String>) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                out.push(format!("{:?}", group.delimiter()));
                flat(group.stream(), out);
                out.push("end".to_owned());
            }
            tree => out.push(tree.to_string()),
        }
    }
}

/// An editor expands twice, the second time with a made-up name at the cursor. It looks up the place of that name in the first
/// expansion, so both have to be the same up to that place.
pub(super) fn check_names_in_editor() -> Result<(), String> {
    let mut seen = 0;
    // A service, a client, a struct and a generated client.
    for item in [0, 3, 4, 7].map(|i| ITEMS[i]) {
        let item = tokens(&item.replace("#[method]", "")).unwrap();
        // The settings of another crate's entry are paths of its type. There is nothing to complete before the first letter.
        let known = ARGUMENTS.iter().filter(|it| !it.contains("my_crate"));
        for arguments in known {
            let trees = parsed(arguments);
            let mut before = Vec::new();
            flat(
                intercept_in_editor(&tokens(arguments).unwrap(), &item),
                &mut before,
            );
            for place in 0.. {
                let mut left = place;
                let with_name = insert_name_at(&trees, &mut left);
                if left >= 0 {
                    break;
                }
                let written = text(&with_name);
                let mut after = Vec::new();
                flat(
                    intercept_in_editor(&tokens(&written).unwrap(), &item),
                    &mut after,
                );
                let Some(at) = after.iter().position(|token| token == MADE_UP) else {
                    continue;
                };
                if !before.starts_with(&after[..at]) {
                    let (before, after) = (before.join(" "), after[..at].join(" "));
                    return Err(format!("#[intercept({written})]\n{before}\n\n{after}"));
                }
                seen += 1;
            }
        }
    }
    match seen > 500 {
        true => Ok(()),
        false => Err(format!("only {seen} names were tried")),
    }
}

/// Raw identifiers are names, and so are keywords, which may be the start of a name.
#[test]
fn all_kinds_of_names_get_hints() {
    let item = tokens(ITEMS[0]).unwrap();
    for arguments in [
        "logging(only = [r#type, pub, self, _])",
        "r#logging(r#level = 1)",
        "pub",
        "self::a, crate, super",
    ] {
        let arguments = tokens(arguments).unwrap();
        let shown = intercept_in_editor(&arguments, &item).to_string();
        assert!(shown.contains("list_0"), "{shown}");
    }
}
