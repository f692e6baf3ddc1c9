use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, GenericArgument, Generics, Ident, Lit, Path, PathArguments, Type};

use crate::args::{BlockArgs, Entry, EntryKind, MethodRef, RateLimitKey, Selector, Spelled};
use crate::ctxt::Ctxt;
use crate::item::{Method, ServiceImpl};
use crate::parse::Parsed;
use crate::settings::nearest;
use crate::tokens::{Siblings, find_ident, ungroup};
use crate::values::literal;

/// What is to be generated. By now nothing can be wrong that a macro can see.
pub(crate) struct Service {
    pub(crate) krate: Path,
    pub(crate) block: ServiceImpl,
    pub(crate) name: ServiceName,
    pub(crate) plan: Option<Type>,
    /// Whether the language lets `Intercepted`, a trait of another crate, be implemented.
    pub(crate) has_plan: bool,
    /// Those of the block, then those of the methods.
    pub(crate) entries: Vec<Entry>,
    /// One for each method of the block.
    pub(crate) chains: Vec<Chain>,
    /// Services that full paths in lists name, where the compiler has to compare.
    pub(crate) named_services: Vec<(Span, String)>,
}

/// What a call of one method goes through.
pub(crate) struct Chain {
    pub(crate) rpc: String,
    /// The RPC's name comes from Rust's alone.
    pub(crate) is_derived: bool,
    /// Indices of entries, outermost first.
    pub(crate) entries: Vec<usize>,
    /// The method's name is also called in a body, so the hidden one needs another.
    pub(crate) rename: bool,
    /// Where `retry(only = […])` names this method, or its own `retry` stands.
    pub(crate) retry_named_at: Option<Span>,
}

pub(crate) enum ServiceName {
    /// `service = …`
    Given(Expr),
    /// The trait's path leads through this generated module, which has `SERVICE_NAME`.
    Module(Path),
    /// Nothing is known but the trait's identifier.
    Derived(String),
}

pub(crate) fn check(parsed: Parsed) -> syn::Result<Service> {
    let Parsed {
        args:
            BlockArgs {
                krate,
                service,
                plan,
                mut entries,
            },
        service: mut block,
        cx,
    } = parsed;
    // What could not be read is not there: that something is missing says nothing then.
    let all_is_here = cx.errors() == 0;
    let name = service_name(service, &block.trait_path);
    let mut names = Names {
        cx: &cx,
        service: &name,
        methods: &block.methods,
        compare: Vec::new(),
        unresolved: 0,
    };

    let covered: Vec<Covered> = entries.iter().map(|entry| names.covered(entry)).collect();
    let named_services = names.compare;
    if all_is_here {
        check_method_attributes(&cx, &block.methods, &entries, &covered);
    }

    let of_block = entries.len();
    let mut chains = Vec::new();
    for (index, method) in block.methods.iter_mut().enumerate() {
        let first_own = entries.len();
        let skip = std::mem::take(&mut method.args.skip);
        entries.append(&mut method.args.entries);
        let own = |name: &Ident| {
            (first_own..entries.len()).find(|&i| *name != "with" && entries[i].name == *name)
        };
        let mut chain = Vec::new();
        for i in 0..of_block {
            let replaced = own(&entries[i].name);
            if skip.contains(&entries[i].name) {
                continue;
            }
            chain.extend(replaced.or_else(|| covered[i].holds[index].then_some(i)));
        }
        let added = (first_own..entries.len())
            .filter(|i| !chain.contains(i))
            .collect::<Vec<_>>();
        chain.extend(added);
        let (rpc, is_derived) = rpc_name(method);
        let named = |covered: &Covered| covered.only_named_at.get(index).copied().flatten();
        let retry_named_at = (0..of_block)
            .filter(|&i| matches!(entries[i].kind, EntryKind::Retry { .. }) && chain.contains(&i))
            .find_map(|i| named(&covered[i]));
        let own_retry = (first_own..entries.len())
            .find(|&i| matches!(entries[i].kind, EntryKind::Retry { .. }))
            .map(|i| entries[i].name.span());
        let retry_named_at = retry_named_at.or(own_retry);
        chains.push(Chain {
            rpc,
            is_derived,
            entries: chain,
            rename: false,
            retry_named_at,
        });
    }
    if all_is_here {
        check_coverage(&cx, &entries[..of_block], &covered, &chains);
        check_identities(&cx, &entries, &chains, &block.methods);
    }

    let method_names: Vec<String> = block
        .methods
        .iter()
        .map(|method| method.name.clone())
        .collect();
    let siblings = Siblings {
        names: &method_names,
        service: match ungroup(&block.self_ty) {
            Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
            _ => None,
        },
    };
    let bodies = block.methods.iter().map(|method| &method.block);
    let called: Vec<String> = bodies.flat_map(|body| siblings.called_in(body)).collect();
    for (chain, method) in chains.iter_mut().zip(&block.methods) {
        chain.rename = called.contains(&method.name);
    }

    cx.check()?;
    let has_plan = may_implement_foreign_trait(&block.generics, &block.self_ty);
    Ok(Service {
        krate,
        block,
        name,
        plan,
        has_plan,
        entries,
        chains,
        named_services,
    })
}

/// Not for `T`, nor for what the language treats alike (`&T`, `Box<T>`, `Pin<T>`), nor where a
/// parameter belongs to the service's trait alone.
fn may_implement_foreign_trait(generics: &Generics, self_ty: &Type) -> bool {
    fn is_parameter(generics: &Generics, ty: &Type) -> bool {
        match ungroup(ty) {
            Type::Reference(reference) => is_parameter(generics, &reference.elem),
            Type::Path(path) => match (path.path.segments.last(), path.path.get_ident()) {
                (_, Some(ident)) => generics.type_params().any(|param| param.ident == *ident),
                (Some(last), None) if last.ident == "Box" || last.ident == "Pin" => {
                    matches!(&last.arguments, PathArguments::AngleBracketed(args)
                    if args.args.iter().any(|arg| {
                        matches!(arg, GenericArgument::Type(ty) if is_parameter(generics, ty))
                    }))
                }
                _ => false,
            },
            _ => false,
        }
    }
    let types = generics.type_params().map(|param| &param.ident);
    let mut parameters = types.chain(generics.const_params().map(|param| &param.ident));
    !is_parameter(generics, self_ty)
        && parameters
            .all(|ident| find_ident(self_ty.to_token_stream(), &ident.to_string()).is_some())
}

fn service_name(given: Option<Expr>, trait_path: &Path) -> ServiceName {
    let segments = &trait_path.segments;
    match given {
        Some(expr) => ServiceName::Given(expr),
        None if segments.len() >= 2
            && segments[segments.len() - 2]
                .ident
                .to_string()
                .ends_with("_server") =>
        {
            let mut module = trait_path.clone();
            module.segments.pop();
            module.segments.pop_punct();
            ServiceName::Module(module)
        }
        None => {
            let ident = segments
                .last()
                .map(|segment| segment.ident.unraw().to_string());
            ServiceName::Derived(ident.unwrap_or_default())
        }
    }
}

/// The RPC's name, and whether it only comes from Rust's: tonic derives the name of a stream's
/// associated type from the RPC's and keeps its spelling.
fn rpc_name(method: &Method) -> (String, bool) {
    if let Some(name) = &method.args.name {
        return (name.value(), false);
    }
    let stream = method
        .stream
        .as_ref()
        .map(|stream| stream.unraw().to_string());
    if let Some(name) = stream
        .as_deref()
        .and_then(|stream| stream.strip_suffix("Stream"))
        && plain(name) == plain(&method.name)
    {
        return (name.to_owned(), false);
    }
    (pascal_case(&method.name), true)
}

fn pascal_case(name: &str) -> String {
    let mut pascal = String::new();
    for word in name.split('_') {
        let mut letters = word.chars();
        pascal.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        pascal.extend(letters);
    }
    pascal
}

fn plain(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

/// Which methods of the block an entry holds for, as far as its own settings say.
struct Covered {
    holds: Vec<bool>,
    /// Where `only` names each method.
    only_named_at: Vec<Option<Span>>,
    /// Where `public` names each method.
    public_at: Vec<Option<Span>>,
    /// A list named a method that is not there, which was reported.
    is_unsure: bool,
}

/// Finds methods by the names in lists.
struct Names<'a> {
    cx: &'a Ctxt,
    service: &'a ServiceName,
    methods: &'a [Method],
    compare: Vec<(Span, String)>,
    /// How many names led to no method.
    unresolved: usize,
}

impl Names<'_> {
    fn covered(&mut self, entry: &Entry) -> Covered {
        let nobody = || vec![None; self.methods.len()];
        let unresolved = self.unresolved;
        let (mut only_named_at, mut public_at) = (Vec::new(), nobody());
        let mut holds = vec![true; self.methods.len()];
        match &entry.methods {
            Selector::All => {}
            Selector::Only(list) => {
                only_named_at = self.resolve(list);
                holds = only_named_at.iter().map(Option::is_some).collect();
            }
            Selector::Except(list) => {
                holds = self.resolve(list).iter().map(Option::is_none).collect();
            }
        }
        if let EntryKind::Auth { public, .. } = &entry.kind {
            public_at = self.resolve(public);
            for (holds, public) in holds.iter_mut().zip(&public_at) {
                *holds &= public.is_none();
            }
        }
        Covered {
            holds,
            only_named_at,
            public_at,
            is_unsure: self.unresolved > unresolved,
        }
    }

    /// For each method, where the list names it.
    fn resolve(&mut self, list: &[MethodRef]) -> Vec<Option<Span>> {
        let mut named = vec![None; self.methods.len()];
        for method_ref in list {
            let indices = self.find(method_ref);
            if indices.iter().any(|&index| named[index].is_some()) {
                let message = format!("duplicate method `{}`", self.methods[indices[0]].name);
                self.cx.error_at(method_ref.span, message);
            }
            self.unresolved += usize::from(indices.is_empty());
            for index in indices {
                named[index] = Some(method_ref.span);
            }
        }
        named
    }

    /// Usually one; several where a method is written once for each of several `#[cfg]`s.
    fn find(&mut self, method_ref: &MethodRef) -> Vec<usize> {
        let indices_where = |fits: &dyn Fn(&Method) -> bool| -> Vec<usize> {
            (0..self.methods.len())
                .filter(|&index| fits(&self.methods[index]))
                .collect()
        };
        let (found, written) = match &method_ref.spelled {
            Spelled::Rust(name) => (indices_where(&|method| method.name == *name), name),
            Spelled::Rpc(name) => (indices_where(&|method| has_rpc_name(method, name)), name),
            Spelled::Path {
                service,
                method: name,
            } => {
                if !self.is_this_service(method_ref.span, service) {
                    return Vec::new();
                }
                (indices_where(&|method| has_rpc_name(method, name)), name)
            }
        };
        // Exactly this name before one that differs in case and underscores.
        let exact = |&index: &usize| rpc_name(&self.methods[index]).0 == *written;
        let found = match &method_ref.spelled {
            Spelled::Rust(_) => found,
            _ if found.iter().any(exact) => found.into_iter().filter(exact).collect(),
            _ => found,
        };
        if let [first, rest @ ..] = &found[..]
            && let Some(other) = rest
                .iter()
                .find(|&&i| self.methods[i].name != self.methods[*first].name)
        {
            let (a, b) = (&self.methods[*first].name, &self.methods[*other].name);
            self.cx.error_at(
                method_ref.span,
                format!("this could be `{a}` or `{b}`; write the method's Rust name"),
            );
        }
        if found.is_empty() {
            self.cx.error_at(
                method_ref.span,
                self.no_such_method(&method_ref.spelled, written),
            );
        }
        found
    }

    fn is_this_service(&mut self, span: Span, service: &str) -> bool {
        let own = match self.service {
            ServiceName::Given(expr) => match literal(expr) {
                Some(Lit::Str(own)) => own.value(),
                _ => {
                    self.compare.push((span, service.to_owned()));
                    return true;
                }
            },
            ServiceName::Module(_) => {
                self.compare.push((span, service.to_owned()));
                return true;
            }
            ServiceName::Derived(_) => {
                self.cx.error_at(
                    span,
                    format!("the full name of this service is not known here; add `service = \"{service}\"`, or name the method alone"),
                );
                return false;
            }
        };
        if own != service {
            self.cx.error_at(
                span,
                format!("this is the service `{own}`, not `{service}`"),
            );
        }
        own == service
    }

    fn no_such_method(&self, spelled: &Spelled, written: &str) -> String {
        let as_rust = matches!(spelled, Spelled::Rust(_));
        let known: Vec<String> = self
            .methods
            .iter()
            .map(|method| {
                if as_rust {
                    method.name.clone()
                } else {
                    rpc_name(method).0
                }
            })
            .collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        match nearest(written, &known) {
            Some(near) => format!("no method `{written}` here; did you mean `{near}`?"),
            None => format!(
                "no method `{written}` here; there is `{}`",
                known.join("`, `")
            ),
        }
    }
}

/// A name that was given is exact; one that comes from Rust's has lost its case.
fn has_rpc_name(method: &Method, written: &str) -> bool {
    match rpc_name(method) {
        (name, false) => name == written,
        (name, true) => plain(&name) == plain(written),
    }
}

/// `skip(name)` and entries of the same name must have something to work on.
fn check_method_attributes(cx: &Ctxt, methods: &[Method], entries: &[Entry], covered: &[Covered]) {
    for (index, method) in methods.iter().enumerate() {
        let mut skipped: Vec<&Ident> = Vec::new();
        for name in &method.args.skip {
            let known: Vec<String> = entries.iter().map(|entry| entry.name.to_string()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            if !known.contains(&name.to_string().as_str()) {
                let near = nearest(&name.to_string(), &known);
                let hint = near.map_or_else(
                    || "take it out; one of several `with` is left out by its `except`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                cx.error_on(name, format!("the block has no `{name}` to skip; {hint}"));
            } else if skipped.contains(&name) {
                cx.error_on(name, format!("duplicate `{name}` in `skip`"));
            } else if method
                .args
                .entries
                .iter()
                .any(|entry| entry.name == *name && name != "with")
            {
                cx.error_on(
                    name,
                    format!("`{name}` is skipped and given here; keep one of them"),
                );
            }
            skipped.push(name);
        }
        for own in &method.args.entries {
            let of_block = entries.iter().position(|entry| entry.name == own.name);
            if let Some(public_at) = of_block.and_then(|i| covered[i].public_at[index]) {
                let name = &method.name;
                let message = format!("`{name}` has an `auth` of its own, so it is not public");
                cx.error_at(public_at, message);
            }
        }
    }
}

/// An entry that holds for no method at all was surely meant to.
fn check_coverage(cx: &Ctxt, entries: &[Entry], covered: &[Covered], chains: &[Chain]) {
    for (i, entry) in entries.iter().enumerate() {
        let used = chains.iter().any(|chain| chain.entries.contains(&i));
        // Where each method has an entry of its own, this one is the default for methods to come.
        let replaced = chains
            .iter()
            .any(|chain| chain.entries.iter().any(|&j| j >= entries.len()));
        if !used && !replaced && !covered[i].is_unsure && !chains.is_empty() {
            let name = &entry.name;
            cx.error_on(
                name,
                format!("`{name}` covers no method; take it out, or leave fewer out"),
            );
        }
    }
}

/// A limit by identity needs an `auth` outside of it, in every method that it covers.
fn check_identities(cx: &Ctxt, entries: &[Entry], chains: &[Chain], methods: &[Method]) {
    let is_auth = |&i: &usize| matches!(entries[i].kind, EntryKind::Auth { .. });
    for (i, entry) in entries.iter().enumerate() {
        let EntryKind::RateLimit {
            key: RateLimitKey::Identity(span),
            ..
        } = entry.kind
        else {
            continue;
        };
        let covered = || {
            chains
                .iter()
                .zip(methods)
                .filter(|(chain, _)| chain.entries.contains(&i))
        };
        let verified = |chain: &Chain| chain.entries.iter().take_while(|&&j| j != i).any(is_auth);
        let unverified: Vec<&str> = covered()
            .filter(|(chain, _)| !verified(chain))
            .map(|(_, method)| method.name.as_str())
            .collect();
        if unverified.is_empty() {
            continue;
        }
        let nowhere = unverified.len() == covered().count();
        let message = if nowhere {
            "nobody is verified yet where this limit stands; list `auth` before `rate_limit`"
                .to_owned()
        } else {
            let names = unverified.join(", ");
            format!(
                "public methods have no identity; leave them out with `except = [{names}]`, or give each a `rate_limit` of its own with another `key`"
            )
        };
        cx.error_at(span, message);
    }
}

/// Where the compiler should point when it speaks of an entry.
pub(crate) fn entry_span(entry: &Entry) -> Span {
    match &entry.kind {
        EntryKind::With(expr) => expr.span(),
        EntryKind::Auth {
            verifier: Some(expr),
            ..
        } => expr.span(),
        _ => entry.name.span(),
    }
}
