use proc_macro2::TokenStream;
use quote::quote;

use crate::{check, expand, parse, tokens};

/// The attribute, for tokens that need no compiler around them.
pub(crate) fn intercept_tokens(args: TokenStream, item: TokenStream) -> TokenStream {
    let checked = parse::parse(args.clone(), item.clone()).and_then(check::check);
    match checked {
        Ok(checked) => expand::expand(&checked),
        // The user's item less our attributes: one mistake is one error, and the rest of the
        // file stays as it was.
        Err(error) => {
            let error = error.into_compile_error();
            let item = tokens::without_our_attributes(item, args);
            quote!(#error #item)
        }
    }
}
