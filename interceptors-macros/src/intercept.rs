use proc_macro2::TokenStream;
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
            let item = without_our_attributes(item, args);
            quote!(#error #item #kept)
        }
    }
}

/// The same, as an editor is shown it.
pub(crate) fn intercept_in_editor(args: &TokenStream, item: &TokenStream) -> TokenStream {
    let checked = parse::parse(args.clone(), item.clone()).and_then(check::check);
    let error = checked.err().map(|error| error.into_compile_error());
    editor::in_editor(args, item, error.as_ref())
}
