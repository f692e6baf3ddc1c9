use proc_macro2::{Span, TokenStream};

use crate::args::{BlockArgs, parse_block_args};
use crate::ctxt::Ctxt;
use crate::item::{ServiceImpl, parse_item};

/// The attribute and the item, each read by itself, as far as they could be.
pub(crate) struct Parsed {
    /// What was wrong so far: `check` adds to it, so that the user sees all of it at once.
    pub(crate) cx: Ctxt,
    pub(crate) args: BlockArgs,
    pub(crate) service: ServiceImpl,
}

pub(crate) fn parse(args: TokenStream, item: TokenStream) -> syn::Result<Parsed> {
    let cx = Ctxt::new();
    let args = parse_block_args(&cx, args);
    let errors_in_args = cx.errors();
    match parse_item(&cx, &args.krate, item) {
        Some(service) if cx.errors() == errors_in_args => Ok(Parsed { cx, args, service }),
        // With a method missing, a list that names it would look wrong.
        _ => {
            cx.check()?;
            Err(syn::Error::new(
                Span::call_site(),
                "the item cannot be read",
            ))
        }
    }
}
