//! The attribute of the `interceptors` crate. Depend on that crate; this one has no interface of
//! its own.

extern crate proc_macro;

mod args;
mod check;
mod client_module;
mod ctxt;
mod expand;
mod item;
mod parse;
mod settings;
mod tokens;
mod values;

#[cfg(test)]
mod tests;

/// Documented where it is re-exported: `interceptors::intercept`.
#[proc_macro_attribute]
pub fn intercept(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    intercept_tokens(args.into(), item.into()).into()
}

fn intercept_tokens(
    args: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    let checked = parse::parse(args, item.clone()).and_then(check::check);
    match checked {
        Ok(checked) => expand::expand(&checked),
        // The user's item less our attributes: one mistake is one error, and the rest of the
        // file stays as it was.
        Err(error) => {
            let error = error.into_compile_error();
            let item = tokens::without_our_attributes(item);
            quote::quote!(#error #item)
        }
    }
}
