use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Expr, Ident, ItemStruct, Token};

use super::access::Access;
use super::row::{Fit, Looks, Row};
use super::scope::{Place, Scope};
use super::throttle::Throttle;
use super::view::View;
use crate::ctxt::Ctxt;
use crate::item::methods::{MethodRef, Selector, Spelling};
use crate::item::mount::Mount;
use crate::text::config::Config;
use crate::text::span::at;
use crate::text::tokens::{base, needs_receiver};

/// The code of an entry. Its row describes most of it; this trait has the rest.
pub(crate) trait Entry {
    /// The settings.
    fn config(&self) -> Option<&Config> {
        None
    }

    /// The user's expression for the entry's main value: `self.tokens` in `auth(verifier = self.tokens)`.
    fn given(&self) -> Option<&Expr> {
        None
    }

    /// Whether that value is evaluated once and kept, if it does not depend on `self`.
    fn keeps_given(&self) -> bool {
        true
    }

    /// Whether the given value is the interceptor itself, as in `with(self.audit)`.
    fn is_given(&self) -> bool {
        false
    }

    /// All expressions that are evaluated at run time.
    fn expressions(&self) -> Vec<&Expr> {
        self.given().into_iter().collect()
    }

    /// Whether the entry looks at messages, and whether it does anything else.
    fn looks(&self) -> Looks {
        Looks::No
    }

    /// State that each method has separately, such as its own limiter: the type and the value. The policy function gets a
    /// `&'static` reference to it as a parameter.
    fn method_state(&self, place: &Place<'_>) -> Option<(TokenStream, TokenStream)> {
        let _ = place;
        None
    }

    /// Whether the entry borrows `self` although no expression names it. `auth` without `verifier` does.
    fn borrows_self(&self) -> bool {
        false
    }

    /// The throttle, if the entry has one.
    fn throttle(&self) -> Option<&Throttle> {
        None
    }

    /// The throttle, to set its owner.
    fn throttle_mut(&mut self) -> Option<&mut Throttle> {
        None
    }

    /// The lists of methods that need no token, or that need one.
    fn access(&self) -> Option<&Access> {
        None
    }

    /// Which types the compiler has to check. `by_row` is what the row says.
    fn fit(&self, by_row: Fit) -> Fit {
        by_row
    }

    /// The items that the entry needs once for all calls, besides its settings.
    fn items(&self, place: &Place<'_>) -> TokenStream {
        let _ = place;
        TokenStream::new()
    }

    /// Whether the interceptor is the user's own code, which may print what it sees.
    fn is_user_code(&self) -> bool {
        false
    }

    /// The metadata key of the secret that the entry reads, if the key is not one of the usual ones: an
    /// `Option<&'static str>`. `None` if the entry reads no secret. Secrets are hidden in all methods, also in those that the
    /// entry does not cover.
    fn secret_header(&self, place: &Place<'_>) -> Option<TokenStream> {
        let _ = place;
        None
    }

    /// A setting that only affects streams: its name token, and a constant `bool` that is true if the setting is on.
    fn stream_setting(&self, place: &Place<'_>) -> Option<(&Ident, TokenStream)> {
        let _ = place;
        None
    }

    /// The token that needs a verified caller. `name` is the name of the entry.
    fn needs_caller(&self, name: &Ident) -> Option<Span> {
        let _ = name;
        None
    }

    /// The code that a server's struct runs for calls that the entry does not cover.
    fn for_uncovered_calls(&self, place: &Place<'_>) -> Option<TokenStream> {
        let _ = place;
        None
    }

    /// Trait implementations for a server's struct. If the attribute has an error already (`has_error`), a value of the wrong type
    /// must not cause a second one.
    fn struct_items(&self, item: &ItemStruct, has_error: bool) -> Option<TokenStream> {
        let _ = (item, has_error);
        None
    }

    /// The plan's value for the entry, if the row does not determine it. `shown` are the entry's expressions.
    fn plan(&self, place: &Place<'_>, shown: &TokenStream) -> Option<TokenStream> {
        let _ = (place, shown);
        None
    }

    /// State that each channel or server has separately: the type, and the function that makes it.
    fn struct_state(&self, place: &Place<'_>) -> Option<(TokenStream, Ident)> {
        let _ = place;
        None
    }

    /// The interceptor for one call, as an expression.
    fn value(&self, context: &ValueContext<'_>) -> TokenStream;

    /// Checks the methods that the entry covers.
    fn check(&self, cx: &Ctxt, view: &View<'_>) {
        let _ = (cx, view);
    }
}

/// The place in generated code where an interceptor is created.
pub(crate) struct ValueContext<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) scope: &'a Scope<'a>,
    /// The index of the `auth` before the entry, if there is one.
    pub(crate) verifier: Option<usize>,
    /// Whether a closure creates the interceptor when the call reaches it, and returns it by value.
    pub(crate) is_lazy: bool,
    /// Whether the call borrows `self` mutably.
    pub(crate) by_mut: bool,
    /// Whether the code is for the policy function, which sees no messages.
    pub(crate) in_policy: bool,
}

impl ValueContext<'_> {
    /// A reference to the value of an expression.
    pub(crate) fn borrowed(&self, expr: &Expr) -> TokenStream {
        self.place.borrowed(expr, self.scope, self.by_mut)
    }

    /// The `&` in front of an interceptor, unless a closure returns it by value.
    pub(crate) fn ampersand(&self) -> Option<Token![&]> {
        (!self.is_lazy).then(|| Token![&](at(self.place.span)))
    }

    /// The local variable of the `auth` before the entry.
    pub(crate) fn verifier(&self, span: Span) -> Option<Ident> {
        self.verifier.map(|i| Ident::new(&format!("__{i}"), span))
    }
}

/// One element of the list of interceptors.
pub(crate) struct Listed {
    pub(crate) name: Ident,
    /// The name or the path, as it was written. Entries are compared by it.
    pub(crate) key: String,
    pub(crate) row: &'static Row,
    pub(crate) methods: Selector,
    /// The names and values of settings that are expressions, as the plan shows them.
    pub(crate) shown: Vec<(String, String)>,
    pub(crate) entry: Box<dyn Entry>,
}

impl Listed {
    /// The span for errors about the entry.
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
            Fit::CheckedIfGiven | Fit::CheckedWhereMade if self.entry.given().is_none() => {
                Fit::Always
            }
            Fit::CheckedIfGiven => Fit::Checked,
            fit => fit,
        }
    }

    /// The expression that is evaluated once for all calls.
    pub(crate) fn evaluated_once(&self) -> Option<&Expr> {
        let given = self.entry.given().filter(|_| self.entry.keeps_given());
        given.filter(|expr| !needs_receiver(expr))
    }

    /// An expression that creates a value from `self` for each call, such as `Arc::clone(&self.tokens)`. Its value needs a
    /// local variable.
    pub(crate) fn made_from_self(&self) -> Option<&Expr> {
        let given = self.entry.given().filter(|_| self.entry.keeps_given());
        let base = given.filter(needs_receiver).map(base)?;
        (!matches!(base, Expr::Path(_))).then_some(base)
    }

    /// Whether the interceptor's type decides if it takes any message or only certain ones.
    pub(crate) fn is_type_dependent(&self) -> bool {
        self.entry.is_user_code()
    }

    /// Whether the entry cannot run before a request is decoded, because it looks at messages or copies them.
    pub(crate) fn needs_decoded_message(&self) -> bool {
        self.entry.looks() != Looks::No || self.row.needs.resend
    }

    /// Whether the two entries cannot cover the same method.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        self.row.conflicts_with.contains(&other.row.name)
    }

    /// The elements of `only`, `except` and `public`.
    pub(crate) fn named_methods(&self) -> impl Iterator<Item = &MethodRef> {
        let selector = match &self.methods {
            Selector::All => &[][..],
            Selector::Only(list) | Selector::Except(list) => &list[..],
        };
        let access = self.entry.access();
        selector
            .iter()
            .chain(access.into_iter().flat_map(|access| &access.public))
    }

    /// Whether only the compiler knows which methods the entry covers, as with `only = [idempotent]`.
    pub(crate) fn depends_on_descriptors(&self) -> bool {
        self.named_methods()
            .any(|method| matches!(method.spelling, Spelling::Idempotent))
    }

    /// Whether the entry uses `self`.
    pub(crate) fn needs_self(&self) -> bool {
        self.entry.borrows_self() || self.entry.expressions().into_iter().any(needs_receiver)
    }

    /// Whether a closure creates the interceptor when the call reaches it. User expressions may panic, and the entries before
    /// have to see that panic.
    pub(crate) fn is_made_lazily(&self) -> bool {
        let is_given = self.entry.given().is_some() && self.entry.keeps_given();
        is_given || self.entry.borrows_self() || self.row.verifies
    }
}
