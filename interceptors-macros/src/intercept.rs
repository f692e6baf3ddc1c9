use proc_macro2::TokenStream;
use quote::quote;

use crate::entries::{forgotten, parse};
use crate::expand::editor;
use crate::text::attributes::without_our_attributes;
use crate::{check, expand};

/// The attribute, for tokens that need no compiler around them.
pub(crate) fn intercept_tokens(args: TokenStream, item: TokenStream) -> TokenStream {
    let checked = parse::parse(args.clone(), item.clone()).and_then(check::check);
    match checked {
        Ok(checked) => expand::expand(&checked),
        // The user's item less our attributes: one mistake is one error, and the rest of the
        // file stays as it was. So does what the rest of the file names. An `impl` in which the
        // compiler would find the same mistake is left out.
        Err(error) => {
            let error = error.into_compile_error();
            let kept = expand::companion_items(&check::without_entries(&args, item.clone()));
            let item = match forgotten::is_trait_impl(&args, &item) {
                true => TokenStream::new(),
                false => without_our_attributes(item, args),
            };
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
