//! The attribute of the `interceptors` crate. Depend on `interceptors`, not on this crate: nothing here is public API.
//! Its errors have codes, which the page `interceptors::errors` explains.

extern crate proc_macro;

mod check;
mod codes;
mod ctxt;
mod entries;
mod expand;
mod intercept;
mod item;
mod text;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

/// Documented where it is re-exported: `interceptors::intercept`.
#[proc_macro_attribute]
pub fn intercept(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    let (args, item) = (args.into(), item.into());
    match is_in_editor() {
        false => intercept::intercept_tokens(args, item).into(),
        true => intercept::intercept_in_editor(&args, &item).into(),
    }
}

/// Whether rust-analyzer runs the macro. Its macro server only starts with this variable.
fn is_in_editor() -> bool {
    std::env::var_os("RUST_ANALYZER_INTERNALS_DO_NOT_USE").is_some()
}
