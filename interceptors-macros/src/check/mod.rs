use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, GenericArgument, Generics, Ident, Lit, Path, PathArguments, Type};

use crate::ctxt::Ctxt;
use crate::entries::args::{
    BlockArgs, Entry, EntryKind, FULL_PATH, MethodArgs, MethodRef, Protected, RateLimitKey,
    Selector, Spelled, is_identifier, is_service_name, may_repeat,
};
use crate::entries::parse::Parsed;
use crate::item::annotated::Annotated;
use crate::item::client_module::ClientModule;
use crate::item::constructors::check_constructors;
use crate::item::mount::Mount;
use crate::item::service::{Method, ServiceImpl};
use crate::text::tokens::{Siblings, find_ident, ungroup, without_arguments};
use crate::text::values::{literal, summary};
use crate::text::words::nearest;

/// What is to be generated. By now nothing can be wrong that a macro can see.
pub(crate) struct Checked {
    pub(crate) krate: Path,
    pub(crate) item: Annotated,
    pub(crate) mount: Mount,
    pub(crate) name: ServiceName,
    pub(crate) plan: Option<Type>,
    /// Whether the language lets `Intercepted`, a trait of another crate, be implemented.
    pub(crate) has_plan: bool,
    /// Those of the block, then those of the methods.
    pub(crate) entries: Vec<Entry>,
    /// One for each method; for a channel one for each path that a list names, and before them one
    /// for all others.
    pub(crate) chains: Vec<Chain>,
    /// Services that full paths in lists name, where the compiler has to compare.
    pub(crate) named_services: Vec<(Span, String)>,
}

/// What a call of one method goes through.
pub(crate) struct Chain {
    /// The method's name in Rust; the path, or `*`, for a channel.
    pub(crate) name: String,
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

pub(crate) fn check(parsed: Parsed) -> syn::Result<Checked> {
    let Parsed {
        args:
            BlockArgs {
                krate,
                service,
                plan,
                mut entries,
            },
        mount,
        item,
        mut methods,
        cx,
    } = parsed;
    // What could not be read is not there: that something is missing says nothing then.
    let all_is_here = cx.errors() == 0;
    let (name, has_plan, named_services, chains);
    match &item {
        Annotated::Block(block) => {
            if mount == Mount::Stub && service.is_none() {
                cx.error_on(
                    &block.self_ty,
                    "which service this is cannot be seen here; add `service = \"user.v1.UserService\"`",
                );
            }
            name = service_name(service, block.trait_path.as_ref());
            has_plan = may_implement_foreign_trait(&block.generics, &block.self_ty);
            (chains, named_services) =
                block_chains(&cx, &name, block, &mut methods, &mut entries, all_is_here);
            if all_is_here && mount == Mount::Stub {
                check_borrows(&cx, block, &entries, &chains);
            }
        }
        Annotated::ClientModule(module) => {
            name = match module.methods.first() {
                Some(method) => {
                    let service = &method.service;
                    ServiceName::Given(syn::parse_quote!(#service))
                }
                None => ServiceName::Derived(module.client.to_string()),
            };
            has_plan = true;
            named_services = Vec::new();
            chains = module_chains(&cx, &name, module, &entries, all_is_here);
        }
        Annotated::Channel(item) => {
            name = ServiceName::Derived(item.ident.to_string());
            has_plan = true;
            named_services = Vec::new();
            chains = channel_chains(&cx, &entries);
        }
    }
    if all_is_here {
        check_retry_and_hedge(&cx, &entries, &chains);
        check_payloads(&cx, &entries, &chains);
    }
    cx.check()?;
    Ok(Checked {
        krate,
        item,
        mount,
        name,
        plan,
        has_plan,
        entries,
        chains,
        named_services,
    })
}

/// The chains of a block, and the services that its lists name. The entries of its methods are added to
/// those of the block.
fn block_chains(
    cx: &Ctxt,
    name: &ServiceName,
    block: &ServiceImpl,
    args: &mut [MethodArgs],
    entries: &mut Vec<Entry>,
    all_is_here: bool,
) -> (Vec<Chain>, Vec<(Span, String)>) {
    let methods = block.methods.iter().zip(&*args);
    let methods: Vec<Named> = methods
        .map(|(method, args)| Named::of(method, args))
        .collect();
    let mut names = Names::new(cx, name, &methods);
    let covered: Vec<Covered> = entries.iter().map(|entry| names.covered(entry)).collect();
    let named_services = names.compare;
    if all_is_here {
        check_method_attributes(cx, &block.methods, args, entries, &covered);
    }

    let of_block = entries.len();
    let mut chains = Vec::new();
    for (index, args) in args.iter_mut().enumerate() {
        let first_own = entries.len();
        let skip = std::mem::take(&mut args.skip);
        entries.append(&mut args.entries);
        let own = |name: &Ident| {
            (first_own..entries.len()).find(|&i| !may_repeat(name) && entries[i].name == *name)
        };
        let mut chain = Vec::new();
        for i in 0..of_block {
            let replaced = own(&entries[i].name);
            if skip.contains(&entries[i].name) {
                continue;
            }
            let entry = replaced.or_else(|| covered[i].holds[index].then_some(i));
            chain.extend(entry.filter(|entry| !chain.contains(entry)));
        }
        let added = (first_own..entries.len())
            .filter(|i| !chain.contains(i))
            .collect::<Vec<_>>();
        chain.extend(added);
        let named = |covered: &Covered| covered.only_named_at.get(index).copied().flatten();
        let retry_named_at = (0..of_block)
            .filter(|&i| matches!(entries[i].kind, EntryKind::Retry { .. }) && chain.contains(&i))
            .find_map(|i| named(&covered[i]));
        let own_retry = (first_own..entries.len())
            .find(|&i| matches!(entries[i].kind, EntryKind::Retry { .. }))
            .map(|i| entries[i].name.span());
        let Named {
            name,
            rpc,
            is_derived,
        } = methods[index].clone();
        chains.push(Chain {
            name,
            rpc,
            is_derived,
            entries: chain,
            rename: false,
            retry_named_at: retry_named_at.or(own_retry),
        });
    }
    if all_is_here {
        check_coverage(cx, &entries[..of_block], &covered, &chains);
        check_identities(cx, entries, &chains);
        check_authorized(cx, entries, of_block, &covered, &chains);
    }

    let method_names: Vec<String> = methods.into_iter().map(|method| method.name).collect();
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
    (chains, named_services)
}

/// The chains of a generated client. What its kinds rule out is left out, unless it is named.
fn module_chains(
    cx: &Ctxt,
    name: &ServiceName,
    module: &ClientModule,
    entries: &[Entry],
    all_is_here: bool,
) -> Vec<Chain> {
    let sends_token = |entry: &Entry| matches!(entry.kind, EntryKind::Token { .. });
    if entries.iter().any(sends_token) {
        check_constructors(cx, module);
    }
    let methods = module.methods.iter().map(|method| Named {
        name: method.name.clone(),
        rpc: method.rpc.value(),
        is_derived: false,
    });
    let methods: Vec<Named> = methods.collect();
    if methods.is_empty() {
        return Vec::new();
    }
    let mut names = Names::new(cx, name, &methods);
    names.is_of_package = true;
    let mut covered: Vec<Covered> = entries.iter().map(|entry| names.covered(entry)).collect();
    let mut chains = Vec::new();
    for (index, (named, method)) in methods.iter().zip(&module.methods).enumerate() {
        let is_unary = !method.request_is_stream && !method.response_is_stream;
        let mut chain = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            if !covered[i].holds[index] {
                continue;
            }
            if matches!(entry.kind, EntryKind::Hedge { .. }) && !is_unary {
                if let Some(Some(span)) = covered[i].only_named_at.get(index) {
                    let name = &named.name;
                    let message = format!(
                        "`hedge` is for unary calls, and `{name}` is none; take it out here"
                    );
                    cx.error_at(*span, message);
                    covered[i].is_unsure = true;
                }
                continue;
            }
            chain.push(i);
        }
        let Named {
            name,
            rpc,
            is_derived,
        } = named.clone();
        chains.push(Chain {
            name,
            rpc,
            is_derived,
            entries: chain,
            rename: false,
            retry_named_at: None,
        });
    }
    for entry in entries {
        for expr in expressions(entry) {
            if let Some(this) = find_ident(expr.to_token_stream(), "self") {
                cx.error_on(
                    &this,
                    "a generated client holds nothing of yours, so there is no `self` here; name a `static`, or call a function",
                );
            }
        }
    }
    if all_is_here {
        check_coverage(cx, entries, &covered, &chains);
    }
    chains
}

/// The chain of a channel for all methods, and those for methods that lists name.
fn channel_chains(cx: &Ctxt, entries: &[Entry]) -> Vec<Chain> {
    let lists = entries.iter().flat_map(|entry| {
        let selector = match &entry.methods {
            Selector::All => &[][..],
            Selector::Only(list) | Selector::Except(list) => &list[..],
        };
        selector.iter().chain(public(entry))
    });
    let mut paths: Vec<String> = Vec::new();
    for method in lists {
        match &method.spelled {
            Spelled::Path {
                service,
                method: name,
            } if is_service_name(service) && is_identifier(name) => {
                let path = format!("/{service}/{name}");
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
            _ => cx.error_at(method.span, FULL_PATH),
        }
    }
    let is_named = |list: &[MethodRef], path: &str| {
        list.iter().any(|method| match &method.spelled {
            Spelled::Path { service, method } => path == format!("/{service}/{method}"),
            _ => false,
        })
    };
    for entry in entries {
        let lists = match &entry.methods {
            Selector::All => [&[][..], public(entry)],
            Selector::Only(list) | Selector::Except(list) => [&list[..], public(entry)],
        };
        for list in lists {
            for (i, method) in list.iter().enumerate() {
                if let Spelled::Path {
                    service,
                    method: name,
                } = &method.spelled
                    && is_named(&list[..i], &format!("/{service}/{name}"))
                {
                    cx.error_at(
                        method.span,
                        format!("duplicate method `/{service}/{name}`; take one out"),
                    );
                }
            }
        }
    }
    let chain = |path: Option<&str>| {
        let holds = |entry: &Entry| {
            let named = |list: &[MethodRef]| path.is_some_and(|path| is_named(list, path));
            let selected = match &entry.methods {
                Selector::All => true,
                Selector::Only(list) => named(list),
                Selector::Except(list) => !named(list),
            };
            selected && !named(public(entry))
        };
        Chain {
            name: path.unwrap_or("*").to_owned(),
            rpc: path.unwrap_or("*").to_owned(),
            is_derived: false,
            entries: (0..entries.len()).filter(|&i| holds(&entries[i])).collect(),
            rename: false,
            retry_named_at: None,
        }
    };
    let others = std::iter::once(chain(None));
    others
        .chain(paths.iter().map(|path| chain(Some(path))))
        .collect()
}

/// The methods that an `auth` leaves open.
pub(crate) fn public(entry: &Entry) -> &[MethodRef] {
    match &entry.kind {
        EntryKind::Auth { access, .. } | EntryKind::Token { access, .. } => &access.public,
        _ => &[],
    }
}

/// The methods that an `auth` closes, where it says so of each.
fn protected(entry: &Entry) -> Option<&Protected> {
    match &entry.kind {
        EntryKind::Auth { access, .. } | EntryKind::Token { access, .. } => {
            access.protected.as_ref()
        }
        _ => None,
    }
}

/// The expressions in an entry that give values at run time.
fn expressions(entry: &Entry) -> Vec<&Expr> {
    match &entry.kind {
        EntryKind::Auth { verifier, .. } => verifier.iter().collect(),
        EntryKind::Token { token, .. } => token.iter().collect(),
        EntryKind::Authorize { policy, .. } => policy.iter().collect(),
        EntryKind::RateLimit { limiter, .. } => limiter.iter().collect(),
        EntryKind::Metadata(pairs) => pairs.iter().map(|pair| &pair.value).collect(),
        EntryKind::CatchPanic { hook } => hook.iter().collect(),
        EntryKind::Metrics { recorder } => recorder.iter().collect(),
        EntryKind::With(expr) => vec![expr],
        EntryKind::Concurrency { limiter, .. } => limiter.iter().collect(),
        EntryKind::CircuitBreaker { breaker, .. } => breaker.iter().collect(),
        EntryKind::Logging { .. }
        | EntryKind::Retry { .. }
        | EntryKind::Hedge { .. }
        | EntryKind::RequestId { .. }
        | EntryKind::Trace { .. }
        | EntryKind::Payload { .. }
        | EntryKind::Deadline { .. }
        | EntryKind::Validate
        | EntryKind::Timeout { .. } => Vec::new(),
    }
}

/// A call that borrows the stub mutably leaves nothing to borrow for its interceptors, nor can it be made
/// several times at once.
fn check_borrows(cx: &Ctxt, block: &ServiceImpl, entries: &[Entry], chains: &[Chain]) {
    let mut told = Vec::new();
    for (method, chain) in block.methods.iter().zip(chains) {
        for &i in chain.entries.iter().filter(|_| method.by_mut) {
            let name = &method.name;
            let entry = &entries[i];
            if matches!(entry.kind, EntryKind::Hedge { .. }) && !told.contains(&i) {
                told.push(i);
                cx.error_on(
                    &entry.name,
                    format!("`hedge` makes attempts at the same time, and `{name}` takes `&mut self`; let it take `&self`, or leave it out"),
                );
            }
            let asks_self = matches!(&entry.kind, EntryKind::Token { token: None, .. });
            let place = expressions(entry)
                .into_iter()
                .find(|expr| is_place_of_self(expr));
            if (asks_self || place.is_some()) && !told.contains(&i) {
                told.push(i);
                let span = place.map_or(entry.name.span(), Spanned::span);
                let shown = place.map_or_else(|| "token = self".to_owned(), summary);
                cx.error_at(
                    span,
                    format!("`{name}` takes `&mut self`, so nothing can be borrowed from it during the call; write `{shown}.clone()`, or let it take `&self`"),
                );
            }
        }
    }
}

/// `self`, `self.field` and so on: what is borrowed and not made anew.
pub(crate) fn is_place_of_self(expr: &Expr) -> bool {
    match expr {
        Expr::Path(path) => path.path.is_ident("self"),
        Expr::Field(field) => is_place_of_self(&field.base),
        Expr::Reference(reference) => is_place_of_self(&reference.expr),
        Expr::Paren(paren) => is_place_of_self(&paren.expr),
        Expr::Group(group) => is_place_of_self(&group.expr),
        _ => false,
    }
}

/// Which fields of a message are secret is said once.
fn check_payloads(cx: &Ctxt, entries: &[Entry], chains: &[Chain]) {
    let mut told = Vec::new();
    for chain in chains {
        let is_payload = |&&i: &&usize| matches!(entries[i].kind, EntryKind::Payload { .. });
        for &i in chain.entries.iter().filter(is_payload).skip(1) {
            if !told.contains(&i) {
                told.push(i);
                let name = &chain.name;
                cx.error_on(
                    &entries[i].name,
                    format!("another `payload` covers `{name}` too; part the methods with `only` and `except`"),
                );
            }
        }
    }
}

/// gRFC A6 has one or the other for a method.
fn check_retry_and_hedge(cx: &Ctxt, entries: &[Entry], chains: &[Chain]) {
    let mut told = false;
    for chain in chains {
        let position = |is: fn(&EntryKind) -> bool| {
            let mut covering = chain.entries.iter().copied();
            covering.find(|&i| is(&entries[i].kind))
        };
        let retry = position(|kind| matches!(kind, EntryKind::Retry { .. }));
        let hedge = position(|kind| matches!(kind, EntryKind::Hedge { .. }));
        if let (Some(retry), Some(hedge)) = (retry, hedge)
            && !std::mem::replace(&mut told, true)
        {
            let (later, earlier) = (retry.max(hedge), retry.min(hedge));
            let (later, earlier) = (&entries[later].name, &entries[earlier].name);
            let of = match chain.name.as_str() {
                "*" => String::new(),
                name => format!(" for `{name}`"),
            };
            cx.error_on(
                later,
                format!("`{later}` cannot be given together with `{earlier}`{of}; keep one of them, or part the methods with `only`"),
            );
        }
    }
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

fn service_name(given: Option<Expr>, trait_path: Option<&Path>) -> ServiceName {
    let trait_path = match (given, trait_path) {
        (Some(expr), _) => return ServiceName::Given(expr),
        (None, Some(path)) => path,
        (None, None) => return ServiceName::Derived(String::new()),
    };
    let segments = &trait_path.segments;
    if segments.len() >= 2
        && segments[segments.len() - 2]
            .ident
            .to_string()
            .ends_with("_server")
        && segments[0].ident != "Self"
    {
        let mut module = without_arguments(trait_path.clone());
        module.segments.pop();
        module.segments.pop_punct();
        return ServiceName::Module(module);
    }
    let ident = segments
        .last()
        .map(|segment| segment.ident.unraw().to_string());
    ServiceName::Derived(ident.unwrap_or_default())
}

/// The RPC's name, and whether it only comes from Rust's: tonic derives the name of a stream's
/// associated type from the RPC's and keeps its spelling.
fn rpc_name(method: &Method, args: &MethodArgs) -> (String, bool) {
    if let Some(name) = &args.name {
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
    /// Something about its lists was reported.
    is_unsure: bool,
}

/// A method, by its names.
#[derive(Clone)]
struct Named {
    name: String,
    rpc: String,
    is_derived: bool,
}

impl Named {
    fn of(method: &Method, args: &MethodArgs) -> Self {
        let (rpc, is_derived) = rpc_name(method, args);
        Self {
            name: method.name.clone(),
            rpc,
            is_derived,
        }
    }

    /// A name that was given is exact; one that comes from Rust's has lost its case.
    fn has_rpc_name(&self, written: &str) -> bool {
        match self.is_derived {
            false => self.rpc == written,
            true => plain(&self.rpc) == plain(written),
        }
    }
}

/// Finds methods by the names in lists.
struct Names<'a> {
    cx: &'a Ctxt,
    service: &'a ServiceName,
    methods: &'a [Named],
    compare: Vec<(Span, String)>,
    /// How many names led to no method.
    unresolved: usize,
    /// Whether the policy stands on the clients of all services of a package.
    is_of_package: bool,
}

impl<'a> Names<'a> {
    fn new(cx: &'a Ctxt, service: &'a ServiceName, methods: &'a [Named]) -> Self {
        Self {
            cx,
            service,
            methods,
            compare: Vec::new(),
            unresolved: 0,
            is_of_package: false,
        }
    }

    fn covered(&mut self, entry: &Entry) -> Covered {
        let nobody = || vec![None; self.methods.len()];
        let (unresolved, errors) = (self.unresolved, self.cx.errors());
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
        if let EntryKind::Auth { .. } | EntryKind::Token { .. } = &entry.kind {
            public_at = self.resolve(public(entry));
            for (holds, public) in holds.iter_mut().zip(&public_at) {
                *holds &= public.is_none();
            }
        }
        if let Some(protected) = protected(entry) {
            self.decide(protected, &public_at, errors);
        }
        Covered {
            holds,
            only_named_at,
            public_at,
            is_unsure: self.unresolved > unresolved || self.cx.errors() > errors,
        }
    }

    /// Every method has to be in one list and in no more. A name that led to an error was surely meant to be
    /// one of those that are missing.
    fn decide(&mut self, protected: &Protected, public_at: &[Option<Span>], errors_before: usize) {
        let protected_at = self.resolve(&protected.methods);
        let is_unsure = self.cx.errors() > errors_before;
        let mut undecided: Vec<&str> = Vec::new();
        for (i, method) in self.methods.iter().enumerate() {
            let name = method.name.as_str();
            match (public_at[i], protected_at[i]) {
                (Some(_), Some(span)) => self.cx.error_at(
                    span,
                    format!("`{name}` is in `public` too; take it out of one of them"),
                ),
                (None, None) if !undecided.contains(&name) => undecided.push(name),
                _ => {}
            }
        }
        if undecided.is_empty() || is_unsure {
            return;
        }
        let (is, them) = match undecided.len() {
            1 => ("is", "it"),
            _ => ("are", "each"),
        };
        let undecided = undecided.join("`, `");
        self.cx.error_on(
            &protected.key,
            format!(
                "`{undecided}` {is} in neither `public` nor `protected`; add {them} to one of them"
            ),
        );
    }

    /// For each method, where the list names it.
    fn resolve(&mut self, list: &[MethodRef]) -> Vec<Option<Span>> {
        let mut named = vec![None; self.methods.len()];
        for method_ref in list {
            let indices = self.find(method_ref);
            if indices.iter().any(|&index| named[index].is_some()) {
                let message = format!(
                    "duplicate method `{}`; take one out",
                    self.methods[indices[0]].name
                );
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
        let indices_where = |fits: &dyn Fn(&Named) -> bool| -> Vec<usize> {
            (0..self.methods.len())
                .filter(|&index| fits(&self.methods[index]))
                .collect()
        };
        let (found, written) = match &method_ref.spelled {
            Spelled::Rust(name) => (indices_where(&|method| method.name == *name), name),
            Spelled::Rpc(name) => (indices_where(&|method| method.has_rpc_name(name)), name),
            Spelled::Path {
                service,
                method: name,
            } => {
                if !self.is_this_service(method_ref.span, service) {
                    return Vec::new();
                }
                (indices_where(&|method| method.has_rpc_name(name)), name)
            }
        };
        // Exactly this name before one that differs in case and underscores.
        let exact = |&index: &usize| self.methods[index].rpc == *written;
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
        let package = |service: &str| {
            service
                .rsplit_once('.')
                .map(|(package, _)| package.to_owned())
        };
        if own != service && self.is_of_package && package(&own) == package(service) {
            // The same policy stands on that service's client, where this means something.
            return false;
        }
        if own != service {
            self.cx.error_at(
                span,
                format!("this is the service `{own}`, not `{service}`; a path here begins with `/{own}/`"),
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
                    method.rpc.clone()
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

/// `skip(name)` and entries of the same name must have something to work on.
fn check_method_attributes(
    cx: &Ctxt,
    methods: &[Method],
    args: &[MethodArgs],
    entries: &[Entry],
    covered: &[Covered],
) {
    for (index, (method, args)) in methods.iter().zip(args).enumerate() {
        let mut skipped: Vec<&Ident> = Vec::new();
        for name in &args.skip {
            let known: Vec<String> = entries.iter().map(|entry| entry.name.to_string()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            if !known.contains(&name.to_string().as_str()) {
                let near = nearest(&name.to_string(), &known);
                let hint = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known.contains(&"with") => {
                        "take it out; one of several `with` is left out by its `except`".to_owned()
                    }
                    None => "take it out".to_owned(),
                };
                cx.error_on(name, format!("the block has no `{name}` to skip; {hint}"));
            } else if skipped.contains(&name) {
                cx.error_on(name, format!("duplicate `{name}` in `skip`; take one out"));
            } else if args
                .entries
                .iter()
                .any(|entry| entry.name == *name && !may_repeat(name))
            {
                cx.error_on(
                    name,
                    format!("`{name}` is skipped and given here; keep one of them"),
                );
            }
            let of_block = entries.iter().find(|entry| entry.name == *name);
            if of_block.is_some_and(|entry| protected(entry).is_some()) {
                cx.error_on(
                    name,
                    "the block's `auth` says of every method whether it is public; say it there",
                );
            }
            skipped.push(name);
        }
        for own in &args.entries {
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
fn check_identities(cx: &Ctxt, entries: &[Entry], chains: &[Chain]) {
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
            let chains = chains.iter();
            chains.filter(|chain| chain.entries.contains(&i))
        };
        let verified = |chain: &Chain| chain.entries.iter().take_while(|&&j| j != i).any(is_auth);
        let unverified: Vec<&str> = covered()
            .filter(|chain| !verified(chain))
            .map(|chain| chain.name.as_str())
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

/// There has to be somebody to authorize, in every method that the entry covers.
fn check_authorized(
    cx: &Ctxt,
    entries: &[Entry],
    of_block: usize,
    covered: &[Covered],
    chains: &[Chain],
) {
    let is_auth = |&i: &usize| matches!(entries[i].kind, EntryKind::Auth { .. });
    let is_public = |method: usize| {
        let mut auths = (0..of_block).filter(is_auth);
        auths.any(|i| covered[i].public_at[method].is_some())
    };
    for (i, entry) in entries.iter().enumerate() {
        if !matches!(entry.kind, EntryKind::Authorize { .. }) {
            continue;
        }
        let name = &entry.name;
        let (mut covers, mut public, mut unverified) = (0, Vec::new(), Vec::new());
        for (method, chain) in chains.iter().enumerate() {
            if !chain.entries.contains(&i) {
                continue;
            }
            covers += 1;
            if chain.entries.iter().take_while(|&&j| j != i).any(is_auth) {
                continue;
            }
            let list = match is_public(method) && !chain.entries.iter().any(is_auth) {
                true => &mut public,
                false => &mut unverified,
            };
            if !list.contains(&chain.name.as_str()) {
                list.push(chain.name.as_str());
            }
        }
        if !public.is_empty() {
            let (are, them) = match public.len() {
                1 => ("is", "it"),
                _ => ("are", "each"),
            };
            let cure = match &entry.methods {
                _ if i >= of_block => "take one of the two out".to_owned(),
                Selector::Only(_) => format!("take {them} out of `only`"),
                Selector::Except(_) => format!("add {them} to `except`"),
                Selector::All => {
                    format!("leave {them} out with `except = [{}]`", public.join(", "))
                }
            };
            cx.error_on(
                name,
                format!(
                    "`{}` {are} public, so there is nobody to authorize; {cure}",
                    public.join("`, `")
                ),
            );
        } else if unverified.len() == covers && covers > 0 {
            let message =
                "nobody is verified yet where this stands; list `auth` before `authorize`";
            cx.error_on(name, message);
        } else if !unverified.is_empty() {
            cx.error_on(
                name,
                format!(
                    "nobody is verified in `{}`; let `auth` cover what `authorize` does",
                    unverified.join("`, `")
                ),
            );
        }
    }
}

/// Where the compiler should point when it speaks of an entry.
pub(crate) fn entry_span(entry: &Entry) -> Span {
    match &entry.kind {
        EntryKind::With(expr) => expr.span(),
        EntryKind::CatchPanic { hook: Some(expr) }
        | EntryKind::RateLimit {
            limiter: Some(expr),
            ..
        }
        | EntryKind::Auth {
            verifier: Some(expr),
            ..
        }
        | EntryKind::Authorize {
            policy: Some(expr), ..
        }
        | EntryKind::Token {
            token: Some(expr), ..
        }
        | EntryKind::Metrics {
            recorder: Some(expr),
        }
        | EntryKind::Concurrency {
            limiter: Some(expr),
            ..
        }
        | EntryKind::CircuitBreaker {
            breaker: Some(expr),
            ..
        } => expr.span(),
        _ => entry.name.span(),
    }
}
