use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Expr, Ident, ItemStruct, Token};

use super::access::Access;
use super::row::{Fit, Looks, Row};
use super::site::{Place, Site};
use super::throttle::Throttle;
use super::view::View;
use crate::ctxt::Ctxt;
use crate::item::methods::{MethodRef, Selector, Spelled};
use crate::item::mount::Mount;
use crate::text::config::Config;
use crate::text::span::at;
use crate::text::tokens::{base, needs_receiver};

/// What an entry becomes. The row says most of it; this trait says the rest.
pub(crate) trait Entry {
    /// Its settings.
    fn config(&self) -> Option<&Config> {
        None
    }

    /// The user's expression that gives the value which the entry is about.
    fn given(&self) -> Option<&Expr> {
        None
    }

    /// Whether that value is made once and kept, where it does not depend on `self`.
    fn keeps_given(&self) -> bool {
        true
    }

    /// Whether the interceptor is itself what was given.
    fn is_given(&self) -> bool {
        false
    }

    /// All expressions that give values at run time.
    fn expressions(&self) -> Vec<&Expr> {
        self.given().into_iter().collect()
    }

    /// Whether it only looks at messages, and how it is written in the part of a policy that looks at none.
    fn looks(&self) -> Looks {
        Looks::No
    }

    /// What each method has of its own: a parameter of the policy. The type behind the reference, and the value.
    fn kept_by_method(&self, place: &Place<'_>) -> Option<(TokenStream, TokenStream)> {
        let _ = place;
        None
    }

    /// Whether it borrows from the annotated type.
    fn asks_self(&self) -> bool {
        false
    }

    /// Its throttle, if it has one.
    fn throttle(&self) -> Option<&Throttle> {
        None
    }

    /// The same, to change whose it is.
    fn throttle_mut(&mut self) -> Option<&mut Throttle> {
        None
    }

    /// Which methods do without it.
    fn access(&self) -> Option<&Access> {
        None
    }

    /// Whether the compiler has to be asked; `by_row` is what the row says.
    fn fit(&self, by_row: Fit) -> Fit {
        by_row
    }

    /// What it needs once for all calls, its settings apart.
    fn items(&self, place: &Place<'_>) -> TokenStream {
        let _ = place;
        TokenStream::new()
    }

    /// Whether it runs code of the user's, which may print what it sees.
    fn is_users_code(&self) -> bool {
        false
    }

    /// If it looks for a secret, the metadata key that is not a usual one: an `Option<&'static str>`. Secrets are hidden in all
    /// methods, whether it covers them or not.
    fn secret(&self, place: &Place<'_>) -> Option<TokenStream> {
        let _ = place;
        None
    }

    /// A setting that says something of streams alone: where it stands, and whether it is on, as a constant `bool`.
    fn of_streams(&self, place: &Place<'_>) -> Option<(&Ident, TokenStream)> {
        let _ = place;
        None
    }

    /// Where it asks for the caller that `auth` has verified. `name` is the name of the entry.
    fn asks_for_caller(&self, name: &Ident) -> Option<Span> {
        let _ = name;
        None
    }

    /// What a server's own mount does with calls that the entry does not cover.
    fn passes(&self, place: &Place<'_>) -> Option<TokenStream> {
        let _ = place;
        None
    }

    /// What a server's struct is because of it. Where the attribute has an error, a value of the wrong type is no further one.
    fn beside(&self, item: &ItemStruct, has_error: bool) -> Option<TokenStream> {
        let _ = (item, has_error);
        None
    }

    /// How the plan has it, where the row does not say; `shown` are its expressions.
    fn plan(&self, place: &Place<'_>, shown: &TokenStream) -> Option<TokenStream> {
        let _ = (place, shown);
        None
    }

    /// What each channel has of its own: the type, and the item that makes one.
    fn struct_state(&self, place: &Place<'_>) -> Option<(TokenStream, Ident)> {
        let _ = place;
        None
    }

    /// The interceptor, as a value for one call.
    fn value(&self, spot: &Spot<'_>) -> TokenStream;

    /// What has to be true of the methods that it covers.
    fn check(&self, cx: &Ctxt, view: &View<'_>) {
        let _ = (cx, view);
    }
}

/// Where an entry's value is made.
pub(crate) struct Spot<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) site: &'a Site<'a>,
    /// The local that holds the `auth` before it, if there is one.
    pub(crate) verifier: Option<usize>,
    /// Whether it is made at its turn, by a closure that gives it away.
    pub(crate) at_its_turn: bool,
    /// Whether the call borrows `self` mutably.
    pub(crate) by_mut: bool,
    /// Whether it is made for the part of a policy that looks at no message.
    pub(crate) in_policy: bool,
}

impl Spot<'_> {
    /// A reference to what an expression gives.
    pub(crate) fn lent(&self, expr: &Expr) -> TokenStream {
        self.place.borrowed(expr, self.site, self.by_mut)
    }

    /// The `&` in front of an interceptor that is not given away.
    pub(crate) fn and(&self) -> Option<Token![&]> {
        (!self.at_its_turn).then(|| Token![&](at(self.place.span)))
    }

    /// The local of the `auth` before it.
    pub(crate) fn verifier(&self, span: Span) -> Option<Ident> {
        self.verifier.map(|i| Ident::new(&format!("__{i}"), span))
    }
}

/// An interceptor, as it was listed.
pub(crate) struct Listed {
    pub(crate) name: Ident,
    /// As it was written: the name, or a path. It tells entries apart.
    pub(crate) key: String,
    pub(crate) row: &'static Row,
    pub(crate) methods: Selector,
    /// Settings that are expressions, as the plan shows them.
    pub(crate) shown: Vec<(String, String)>,
    pub(crate) entry: Box<dyn Entry>,
}

impl Listed {
    /// Where the compiler should point when it speaks of the entry.
    pub(crate) fn span(&self) -> Span {
        let given = self.entry.given();
        given.map_or_else(|| self.name.span(), Spanned::span)
    }

    pub(crate) fn place(&self, mount: Mount, i: usize) -> Place<'_> {
        Place {
            mount,
            i,
            name: &self.name,
            span: self.span(),
        }
    }

    pub(crate) fn fit(&self) -> Fit {
        match self.entry.fit(self.row.fit) {
            Fit::IfGiven | Fit::WhereMade if self.entry.given().is_none() => Fit::Always,
            Fit::IfGiven => Fit::Asked,
            fit => fit,
        }
    }

    /// The expression whose value is made once and kept.
    pub(crate) fn made_once(&self) -> Option<&Expr> {
        let given = self.entry.given().filter(|_| self.entry.keeps_given());
        given.filter(|expr| !needs_receiver(expr))
    }

    /// An expression that makes a value from `self` for each call, such as `Arc::clone(&self.tokens)`: the value needs a
    /// place of its own.
    pub(crate) fn made_from_self(&self) -> Option<&Expr> {
        let given = self.entry.given().filter(|_| self.entry.keeps_given());
        let base = given.filter(needs_receiver).map(base)?;
        (!matches!(base, Expr::Path(_))).then_some(base)
    }

    /// Whether it depends on its type that it takes any message.
    pub(crate) fn is_asked(&self) -> bool {
        self.entry.is_users_code()
    }

    /// Whether it cannot run before a request is decoded: it looks at messages, or needs a copy of one.
    pub(crate) fn is_behind_decoding(&self) -> bool {
        self.entry.looks() != Looks::No || self.row.needs.resend
    }

    /// Whether no method has both of these.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        self.row.not_with.contains(&other.row.name)
    }

    /// The elements of all its lists of methods that leave some out or in.
    pub(crate) fn named(&self) -> impl Iterator<Item = &MethodRef> {
        let selector = match &self.methods {
            Selector::All => &[][..],
            Selector::Only(list) | Selector::Except(list) => &list[..],
        };
        let access = self.entry.access();
        selector
            .iter()
            .chain(access.into_iter().flat_map(|access| &access.public))
    }

    /// Whether the compiler has to find out which methods of these names it covers: `only = [idempotent]`.
    pub(crate) fn depends_on_descriptors(&self) -> bool {
        self.named()
            .any(|method| matches!(method.spelled, Spelled::Idempotent))
    }

    /// Whether it uses the annotated value.
    pub(crate) fn needs_self(&self) -> bool {
        self.entry.asks_self() || self.entry.expressions().into_iter().any(needs_receiver)
    }

    /// Whether the interceptor comes of an expression of the user's. It is made at its turn, inside of the chain.
    pub(crate) fn is_made_at_its_turn(&self) -> bool {
        let is_given = self.entry.given().is_some() && self.entry.keeps_given();
        is_given || self.entry.asks_self() || self.row.verifies
    }
}
