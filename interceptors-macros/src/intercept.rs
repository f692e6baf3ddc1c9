use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::entries::parse;
use crate::expand::editor;
use crate::text::attributes::without_our_attributes;
use crate::{check, expand};

/// The attribute, for tokens that need no compiler around them.
pub(crate) fn intercept_tokens(args: TokenStream, item: TokenStream) -> TokenStream {
    let checked = parse::parse(args.clone(), item.clone()).and_then(check::check);
    match checked {
        Ok(checked) => expand::expand(&checked),
        // The user's item less our attributes: one mistake is one error, and the rest of the
        // file stays as it was. So does what the rest of the file names.
        Err(error) => {
            let error = error.into_compile_error();
            let kept = check::without_entries(args.clone(), item.clone());
            let kept = kept.map(|checked| expand::beside_the_item(&checked));
            let item = without_unsafe(without_our_attributes(item, args));
            quote!(#error #item #kept)
        }
    }
}

/// `unsafe impl` is an error of the attribute, and would be one of the compiler too.
fn without_unsafe(item: TokenStream) -> TokenStream {
    let is = |tree: Option<&TokenTree>, word| matches!(tree, Some(TokenTree::Ident(name)) if name == word);
    let mut trees = item.into_iter().peekable();
    let mut kept = Vec::new();
    while let Some(tree) = trees.next() {
        if !(is(Some(&tree), "unsafe") && is(trees.peek(), "impl")) {
            kept.push(tree);
        }
    }
    kept.into_iter().collect()
}

/// The same, as an editor is shown it.
pub(crate) fn intercept_in_editor(args: &TokenStream, item: &TokenStream) -> TokenStream {
    let checked = parse::parse(args.clone(), item.clone()).and_then(check::check);
    let error = checked.err().map(|error| error.into_compile_error());
    editor::in_editor(args, item, error.as_ref())
}
