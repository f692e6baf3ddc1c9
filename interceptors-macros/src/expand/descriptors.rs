//! `descriptors = …`: constants in which the compiler reads the descriptor sets and checks the lists.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::check::Checked;
use crate::codes;
use crate::entries::entry::Listed;
use crate::entries::row::Times;
use crate::item::methods::{MethodRef, Selector, Spelling};
use crate::item::mount::Mount;
use crate::text::span::at;

/// The generated code for the descriptors of a struct.
pub(super) struct DescriptorItems {
    pub(super) items: TokenStream,
    /// Looks up the plan of a `path`.
    pub(super) find: TokenStream,
    /// The methods of the struct's plan.
    pub(super) plan: TokenStream,
}

/// Output, for `descriptors = SET, retry(only = [idempotent, "/a.B/C"])`:
///
/// ```text
/// const __DESCRIPTORS_0: &[u8] = SET;
/// const __SIZE_0: Size = Size::of(__DESCRIPTORS_0);
/// const _: () = assert!(__SIZE_0.is_sound, "…");
/// const __DESCRIPTORS: &[&[u8]] = &[__DESCRIPTORS_0];
/// const __SIZE: Size = Size::sum(&[__SIZE_0]);
/// static __METHODS: Methods<{ __SIZE.records }, …> = Methods::read(__DESCRIPTORS, __SIZE);
/// static __COVERS: [[bool; 1]; __METHODS.methods] = __METHODS.covers(&[Lists { … }]);
/// static __PLANS: [MethodPlan; __METHODS.methods] = __METHODS.plans(…);
/// const _: () = assert!(__METHODS.has("/a.B/C"), "…");
/// ```
///
/// `others` are the plans of patterns that are not methods, after that for all other calls.
pub(super) fn descriptor_items(checked: &Checked, others: &[Ident]) -> DescriptorItems {
    if checked.descriptors.is_empty() {
        return DescriptorItems {
            items: TokenStream::new(),
            find: TokenStream::new(),
            plan: quote!(&[#(#others),*]),
        };
    }
    let table = table(checked, &others[0]);
    let names = checked.entries.iter().flat_map(Listed::named_methods);
    let names = names.filter_map(name_assertion);
    let unary = checked.entries.iter().flat_map(unary_assertions);
    let conflicts = conflict_assertions(checked);
    let unverified = caller_assertions(checked);
    let rows = others.len();
    DescriptorItems {
        items: quote! {
            #table
            static __ROWS: [&__interceptors::MethodPlan; __METHODS.methods + #rows] =
                __interceptors::rows(&[#(#others),*], &__PLANS);
            #(#names)*
            #(#unary)*
            #conflicts
            #unverified
        },
        find: match checked.mount {
            // A server compares the whole path; a channel ignores the prefix of its origin.
            Mount::Server => quote! {
                if let ::core::option::Option::Some(plan) = __METHODS.plan(&__PLANS, path)
                    && plan.path() == path
                {
                    return plan;
                }
            },
            _ => quote! {
                if let ::core::option::Option::Some(plan) = __METHODS.plan(&__PLANS, path) {
                    return plan;
                }
            },
        },
        plan: quote!(&__ROWS),
    }
}

/// The table of methods. Each step is a constant of its own, because the compiler warns about a long evaluation.
fn table(checked: &Checked, other: &Ident) -> TokenStream {
    // The lint fires after two million steps, and a large set may need more.
    let allow = quote!(#[allow(long_running_const_eval)]);
    let no_set = codes::DESCRIPTORS.text(NO_SET);
    let sets = checked.descriptors.iter().enumerate().map(|(n, expr)| {
        let span = at(expr.span());
        let name = Ident::new(&format!("__DESCRIPTORS_{n}"), span);
        let size = Ident::new(&format!("__SIZE_{n}"), span);
        let items = quote_spanned! {span=>
            const #name: &[::core::primitive::u8] = #expr;
            #allow
            const #size: __interceptors::Size = __interceptors::Size::of(#name);
            const _: () = ::core::assert!(#size.is_sound, #no_set);
        };
        (items, (name, size))
    });
    let (items, names): (Vec<_>, Vec<_>) = sets.unzip();
    let (names, sizes): (Vec<_>, Vec<_>) = names.into_iter().unzip();
    let lists = checked.entries.iter().map(lists);
    let count = checked.entries.len();
    quote! {
        #(#items)*
        const __DESCRIPTORS: &[&[::core::primitive::u8]] = &[#(#names),*];
        const __SIZE: __interceptors::Size = __interceptors::Size::sum(&[#(#sizes),*]);
        #allow
        static __METHODS: __interceptors::Methods<
            { __SIZE.records },
            { __SIZE.slots() },
            { __SIZE.bytes },
        > = __interceptors::Methods::read(__DESCRIPTORS, __SIZE);
        #allow
        const __PATHS: &::core::primitive::str = __METHODS.text();
        #allow
        static __COVERS: [[::core::primitive::bool; #count]; __METHODS.methods] =
            __METHODS.covers(&[#(#lists),*]);
        #allow
        static __PLANS: [__interceptors::MethodPlan; __METHODS.methods] =
            __METHODS.plans(__PATHS, &__COVERS, #other);
    }
}

const NO_SET: &str = "this is not an encoded `google.protobuf.FileDescriptorSet`; name the bytes that `file_descriptor_set_path` of tonic-prost-build writes";

const NOT_IDEMPOTENT: &str = "no method in `descriptors` is idempotent; mark one in its proto, `option idempotency_level = IDEMPOTENT;`, or take `idempotent` out";

/// The lists of methods of an entry, as the runtime reads them.
fn lists(listed: &Listed) -> TokenStream {
    let (is_only, named) = match &listed.methods {
        Selector::All => (false, &[][..]),
        Selector::Only(list) => (true, &list[..]),
        Selector::Except(list) => (false, &list[..]),
    };
    let public = listed
        .entry
        .access()
        .map_or(&[][..], |access| &access.public);
    let elements = |list: &[MethodRef]| -> Vec<TokenStream> {
        let elements = list
            .iter()
            .filter_map(|method| match (&method.spelling, method.path()) {
                (Spelling::Idempotent, _) => Some(quote!(__interceptors::Named::Idempotent)),
                (_, path) => path.map(|path| quote!(__interceptors::Named::Path(#path))),
            });
        elements.collect()
    };
    let (named, public) = (elements(named), elements(public));
    let unary_only = listed.row.needs.unary;
    quote! {
        __interceptors::Lists {
            named: &[#(#named),*],
            is_only: #is_only,
            public: &[#(#public),*],
            unary_only: #unary_only,
        }
    }
}

/// Asserts that an element of a list is in the descriptors. Each element has its own constant, so that the error points to it.
fn name_assertion(method: &MethodRef) -> Option<TokenStream> {
    let span = at(method.span);
    if let Spelling::Http { method, path } = &method.spelling {
        // tonic serves an RPC with each HTTP method, so the list would leave the other methods out.
        let message = codes::NOT_A_METHOD.text(format_args!(
            "`{path}` is an RPC in `descriptors`, and is served with any HTTP method; write it without `{method}`"
        ));
        return Some(
            quote_spanned!(span=> const _: () = ::core::assert!(!__METHODS.is_rpc(#path), #message);),
        );
    }
    let (holds, message) = match (&method.spelling, method.path()) {
        (Spelling::Path { service, .. }, Some(path)) => (
            quote!(__METHODS.has(#path)),
            match path.ends_with('*') {
                true => format!(
                    "no service `{service}` is in `descriptors`; check the name, or add its file to the descriptor set"
                ),
                false => format!(
                    "no method has the path `{path}` in `descriptors`; check the name, or add its file to the descriptor set"
                ),
            },
        ),
        (Spelling::Idempotent, _) => (
            quote!(__METHODS.has_idempotent()),
            NOT_IDEMPOTENT.to_owned(),
        ),
        _ => return None,
    };
    let message = codes::DESCRIPTORS.text(message);
    Some(quote_spanned!(span=> const _: () = ::core::assert!(#holds, #message);))
}

/// Asserts that methods in `only` are unary, for entries that need that.
fn unary_assertions(listed: &Listed) -> Vec<TokenStream> {
    let Selector::Only(list) = &listed.methods else {
        return Vec::new();
    };
    let paths = list.iter().filter(|_| listed.row.needs.unary);
    let paths = paths.filter_map(|method| Some((method.span, method.path()?)));
    let assertions = paths.map(|(span, path)| {
        let entry = &listed.name;
        let message = codes::UNARY_ONLY.text(format_args!(
            "`{entry}` is for unary calls, and `{path}` is not unary; take it out here"
        ));
        quote_spanned! {at(span)=>
            const _: () = ::core::assert!(__METHODS.may_be_unary(#path), #message);
        }
    });
    assertions.collect()
}

/// Asserts that entries which exclude each other cover no common method, if one of them covers `idempotent`.
fn conflict_assertions(checked: &Checked) -> TokenStream {
    let entries = &checked.entries;
    let pairs = (0..entries.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    let checks = pairs.filter_map(|(a, b)| {
        let (earlier, later) = (&entries[a], &entries[b]);
        if !earlier.depends_on_descriptors() && !later.depends_on_descriptors() {
            return None;
        }
        let name = &later.name;
        let message = if earlier.excludes(later) || later.excludes(earlier) {
            let earlier = &earlier.name;
            codes::EXCLUSIVE_ENTRIES.text(format_args!(
                "`{name}` cannot be given together with `{earlier}`, and a method in `descriptors` has both; keep one of them, or divide the methods with `only`"
            ))
        } else if later.row.times == Times::OncePerMessage && earlier.key == later.key {
            codes::OVERLAPPING_ENTRIES.text(format_args!(
                "another `{name}` covers a method in `descriptors` too; divide the methods with `only` and `except`"
            ))
        } else {
            return None;
        };
        Some(quote_spanned! {at(name.span())=>
            const _: () = ::core::assert!(!__interceptors::meet(&__COVERS, #a, #b), #message);
        })
    });
    quote!(#(#checks)*)
}

/// Asserts that `auth` covers each method in which an entry needs the caller, where a list names `idempotent`.
fn caller_assertions(checked: &Checked) -> TokenStream {
    let checks = checked.entries.iter().enumerate().filter_map(|(i, listed)| {
        let span = listed.entry.needs_caller(&listed.name)?;
        let before = checked.entries[..i].iter().enumerate();
        let (verifiers, entries): (Vec<_>, Vec<_>) =
            before.filter(|(_, earlier)| earlier.row.verifies).unzip();
        // Lists of paths were compared before.
        let mut entries = entries.into_iter().chain([listed]);
        if !entries.any(Listed::depends_on_descriptors) {
            return None;
        }
        let name = &listed.name;
        let message = codes::PUBLIC_HAS_NO_IDENTITY.text(format_args!(
            "`{name}` covers a method in `descriptors` for which `auth` verifies no caller; leave that method out with `except`"
        ));
        Some(quote_spanned! {at(span)=>
            const _: () = ::core::assert!(
                __interceptors::are_verified(&__COVERS, #i, &[#(#verifiers),*]),
                #message
            );
        })
    });
    quote!(#(#checks)*)
}
