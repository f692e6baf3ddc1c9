use syn::spanned::Spanned;

use crate::codes;
use crate::ctxt::Ctxt;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::entries::row::Times;
use crate::item::service::ServiceImpl;
use crate::text::summary::summary;
use crate::text::tokens::is_place_of_self;

/// Reports entries that do not fit a method with `&mut self`. During such a call, nothing can be borrowed from the client, and
/// there can be no concurrent attempts.
pub(super) fn check_borrows(cx: &Ctxt, block: &ServiceImpl, entries: &[Listed], chains: &[Chain]) {
    let mut reported = Vec::new();
    for (method, chain) in block.methods.iter().zip(chains) {
        for &i in chain.entries.iter().filter(|_| method.by_mut) {
            let name = &method.name;
            let entry = &entries[i];
            if entry.row.needs.unary && !reported.contains(&i) {
                reported.push(i);
                let hedge = &entry.name;
                cx.error_on(
                    codes::TAKES_MUT_SELF,
                    hedge,
                    format!("`{hedge}` makes attempts at the same time, and `{name}` takes `&mut self`; let it take `&self`, or leave it out"),
                );
            }
            let borrows_self = entry.entry.borrows_self();
            let expressions = entry.entry.expressions();
            let place = expressions.into_iter().find(|expr| is_place_of_self(expr));
            if (borrows_self || place.is_some()) && !reported.contains(&i) {
                reported.push(i);
                let span = place.map_or(entry.name.span(), Spanned::span);
                let shown = place.map_or_else(|| "token = self".to_owned(), summary);
                cx.error_at(
                    codes::TAKES_MUT_SELF,
                    span,
                    format!("`{name}` takes `&mut self`, so nothing can be borrowed from it during the call; write `{shown}.clone()`, or let it take `&self`"),
                );
            }
        }
    }
}

/// Reports a second entry on a method if its row allows only one for each message type.
pub(super) fn check_once_per_message(cx: &Ctxt, entries: &[Listed], chains: &[Chain]) {
    let mut reported = Vec::new();
    for chain in chains {
        let mut seen: Vec<&str> = Vec::new();
        for &i in &chain.entries {
            let Listed { name, key, row, .. } = &entries[i];
            if row.times != Times::OncePerMessage || !is_known_to_cover(&entries[i], chain) {
                continue;
            }
            if !seen.contains(&key.as_str()) {
                seen.push(key);
            } else if !reported.contains(&i) {
                reported.push(i);
                let of = &chain.name;
                cx.error_on(
                    codes::OVERLAPPING_ENTRIES,
                    name,
                    format!("another `{name}` covers `{of}` too; divide the methods with `only` and `except`"),
                );
            }
        }
    }
}

/// Reports entries that exclude each other on one method. In gRFC A6, a method has either `retry` or `hedge`.
pub(super) fn check_exclusions(cx: &Ctxt, entries: &[Listed], chains: &[Chain]) {
    let mut reported: Vec<(usize, usize)> = Vec::new();
    for chain in chains {
        let pairs = chain.entries.iter().flat_map(|&a| {
            let excluded = |&b: &usize| {
                let is_known_to_cover = |i: usize| is_known_to_cover(&entries[i], chain);
                entries[a].excludes(&entries[b]) && is_known_to_cover(a) && is_known_to_cover(b)
            };
            let others = chain.entries.iter().copied().find(excluded);
            others.map(|b| (a.max(b), a.min(b)))
        });
        for (later, earlier) in pairs {
            let rows = |(a, b): (usize, usize)| (entries[a].row.name, entries[b].row.name);
            let is_same = |pair: &(usize, usize)| {
                let ((a, b), (c, d)) = (rows(*pair), rows((later, earlier)));
                (a, b) == (c, d) || (a, b) == (d, c)
            };
            if reported.iter().any(is_same) {
                continue;
            }
            reported.push((later, earlier));
            let (later, earlier) = (&entries[later].name, &entries[earlier].name);
            let of = match chain.name.as_str() {
                "*" => String::new(),
                name => format!(" for `{name}`"),
            };
            cx.error_on(
                codes::EXCLUSIVE_ENTRIES,
                later,
                format!("`{later}` cannot be given together with `{earlier}`{of}; keep one of them, or divide the methods with `only`"),
            );
        }
    }
}

/// Whether the macro knows that the entry covers this chain. Only the compiler knows which methods are idempotent.
fn is_known_to_cover(entry: &Listed, chain: &Chain) -> bool {
    !entry.depends_on_descriptors() || chain.rpc.ends_with('*')
}
