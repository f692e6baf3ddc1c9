use proc_macro2::TokenStream;

use crate::args::{BlockArgs, parse_block_args};
use crate::ctxt::Ctxt;
use crate::item::{ServiceImpl, parse_item};

/// The attribute and the item, each read by itself.
pub(crate) struct Parsed {
    pub(crate) args: BlockArgs,
    pub(crate) service: ServiceImpl,
}

pub(crate) fn parse(args: TokenStream, item: TokenStream) -> syn::Result<Parsed> {
    let cx = Ctxt::new();
    let args = parse_block_args(&cx, args);
    let service = parse_item(&cx, &args.krate, item);
    cx.check()?;
    match service {
        Some(service) => Ok(Parsed { args, service }),
        None => Err(syn::Error::new(
            proc_macro2::Span::call_site(),
            "the item cannot be read",
        )),
    }
}
