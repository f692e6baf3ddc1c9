use proc_macro2::TokenStream;
use quote::quote;

use crate::entries::{omissions, parse};
use crate::expand::editor;
use crate::text::attributes::without_our_attributes;
use crate::{check, expand};

/// Expands the attribute. It takes `proc_macro2` tokens, so tests can run it outside a compiler.
pub(crate) fn intercept_tokens(args: TokenStream, item: TokenStream) -> TokenStream {
    let checked = parse::parse(args.clone(), item.clone()).and_then(check::check);
    match checked {
        Ok(checked) => expand::expand(&checked),
        // On an error, the user's item stays, without our attributes. Code elsewhere can still name
        // the item and what it would have got, so one mistake stays one error. An `impl` in which
        // the compiler would report the same mistake again is left out.
        Err(error) => {
            let error = error.into_compile_error();
            let kept = expand::companion_items(&check::without_entries(&args, item.clone()));
            let item = match omissions::is_trait_impl(&args, &item) {
                true => TokenStream::new(),
                false => without_our_attributes(item, args),
            };
            quote!(#error #item #kept)
        }
    }
}

/// Expands the attribute for an editor.
pub(crate) fn intercept_in_editor(args: &TokenStream, item: &TokenStream) -> TokenStream {
    let checked = parse::parse(args.clone(), item.clone()).and_then(check::check);
    let error = checked.err().map(|error| error.into_compile_error());
    editor::in_editor(args, item, error.as_ref())
}
