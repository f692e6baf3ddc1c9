use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;

use crate::entries::entry::Listed;
use crate::entries::row::Row;
use crate::entries::scope::Place;
use crate::item::mount::{Mount, Side};
use crate::text::config::Config;
use crate::text::span::at;

/// The items that an entry needs once for all calls: its settings, its state and its part of the plan.
///
/// Output, for `retry(max = 3)`:
///
/// ```text
/// const __CONFIG_RETRY_0: &retry::Retry = &{
///     let config = retry::Retry::new();
///     let config = config.max(3);
///     config
/// };
/// const __ENTRY_RETRY_0: EntryPlan =
///     EntryPlan::of::<retry::Entry>(&__CONFIG_RETRY_0.settings(), &[]).single_requests_only();
/// ```
pub(crate) fn entry_items(mount: Mount, i: usize, listed: &Listed) -> TokenStream {
    let place = listed.place(mount, i);
    let config = listed.entry.config();
    let items = config.map(|config| config_item(&place, listed, config));
    let settings = match config {
        Some(_) => {
            // If the constant cannot be evaluated, the compiler also points to each use of it. This one points to the entry's name.
            let config = Ident::new(&place.item("CONFIG").to_string(), at(listed.name.span()));
            match listed.row.has_client_settings && mount.side() == Side::Client {
                true => quote!(&#config.client_settings()),
                false => quote!(&#config.settings()),
            }
        }
        None => quote!(&[]),
    };
    let state = listed.entry.items(&place);
    let once = listed.evaluated_once().map(|_| {
        let name = place.item("VALUE");
        quote!(static #name: __interceptors::Once = __interceptors::Once::new();)
    });
    let plan = place.item("ENTRY");
    let expressions = listed.shown.iter().map(|(name, shown)| {
        quote!(__interceptors::Setting::new(#name, __interceptors::Value::Text(#shown)))
    });
    // Only channels and generated clients can keep a request stream to send it again.
    let keeps_streams = matches!(mount, Mount::ClientModule | Mount::Channel);
    let needs = listed.row.needs;
    let single_requests_only =
        (needs.resend && !needs.unary && !keeps_streams).then(|| quote!(.single_requests_only()));
    // Concurrent attempts need a message each, so the entry needs the message type.
    let typed = (needs.unary && !mount.is_struct()).then(|| quote!(.blind(false)));
    let behind_decoding = (mount == Mount::Service && listed.needs_decoded_message())
        .then(|| quote!(.behind_decoding()));
    let verifies = (mount == Mount::Service && listed.row.verifies).then(|| quote!(.verifies()));
    let expressions = quote!(&[#(#expressions),*]);
    let own = listed.entry.plan(&place, &expressions);
    let value = match (own, listed.row.module) {
        (Some(own), _) => own,
        (None, "") => {
            let name = listed.name.to_string();
            quote!(__interceptors::EntryPlan::new(#name, #settings, #expressions))
        }
        (None, _) => {
            let module = module(listed.row, Span::call_site());
            let entry = Ident::new(listed.row.entry, Span::call_site());
            quote! {
                __interceptors::EntryPlan::of::<__interceptors::#module::#entry>(#settings, #expressions)
            }
        }
    };
    quote! {
        #items
        #state
        #once
        const #plan: __interceptors::EntryPlan = #value #single_requests_only #typed #behind_decoding #verifies;
    }
}

fn config_item(place: &Place<'_>, listed: &Listed, config: &Config) -> TokenStream {
    let Config {
        start,
        start_span,
        calls,
    } = config;
    let row = listed.row;
    let ty = |span| {
        let (module, ty) = (module(row, span), Ident::new(row.config_type(), span));
        quote_spanned!(span=> __interceptors::#module::#ty)
    };
    // An editor looks up the type at the entry's name.
    let (config_type, start_type) = (ty(at(listed.name.span())), ty(*start_span));
    let start = quote_spanned!(*start_span=> let config = #start_type::#start;);
    let name = place.item("CONFIG");
    quote! {
        const #name: &#config_type = &{
            #start
            #(#calls)*
            config
        };
    }
}

/// The module of an entry's settings in the runtime crate.
fn module(row: &Row, span: Span) -> TokenStream {
    let path = row.config_module.unwrap_or(row.module);
    let segments = path.split("::").map(|segment| Ident::new(segment, span));
    quote_spanned!(span=> #(#segments)::*)
}
