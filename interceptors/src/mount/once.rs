use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};

type Kept = (TypeId, &'static (dyn Any + Send + Sync));

/// Keeps the value of an expression in an attribute, because its type has no name.
///
/// In a service with type parameters, the value may have another type for each instance. The first type uses the fast
/// path.
#[derive(Default)]
pub struct Once {
    first: OnceLock<Kept>,
    others: RwLock<Vec<Kept>>,
}

impl Once {
    /// No value yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            first: OnceLock::new(),
            others: RwLock::new(Vec::new()),
        }
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}

/// The value of `expression`. It is evaluated on first use and kept forever, once for each `Instance`: the service with its type parameters filled
/// in. The expression may depend on them even if the type of its value does not.
#[inline]
pub fn evaluate_once<Instance: ?Sized + 'static, T: Send + Sync + 'static>(
    once: &'static Once,
    expression: impl Fn() -> T,
) -> &'static T {
    match once.first.get().and_then(of::<Instance, T>) {
        Some(value) => value,
        None => evaluate_or_find::<Instance, T>(once, expression),
    }
}

/// The value of a path, such as `Audit`.
#[inline]
pub fn evaluate_path<Instance: ?Sized + 'static, T: Send + Sync + 'static>(
    once: &'static Once,
    path: impl Fn() -> T,
) -> &'static T {
    if const { size_of::<T>() == 0 } {
        return Box::leak(Box::new(path()));
    }
    evaluate_once::<Instance, T>(once, path)
}

/// The value of a path that may name a `static`. It is borrowed, and the compiler promotes a constant to a `static`.
pub struct PathValue<F, T: 'static>(F, PhantomData<fn() -> &'static T>);

pub fn path_value<F: Fn() -> &'static T, T>(path: F) -> PathValue<F, T> {
    PathValue(path, PhantomData)
}

/// No type implements this. So the compiler reports a `LazyLock` here, before it reports that it is not an interceptor.
#[diagnostic::on_unimplemented(
    message = "[I0822] the value is in a `static`, and cannot be moved out of it",
    label = "put `&*` in front of it: `&*TOKENS`"
)]
pub trait MovedOutOfStatic {}

impl<F: Fn() -> &'static LazyLock<T, Init>, T, Init> PathValue<F, LazyLock<T, Init>> {
    /// As [`KeepsPath::keep`], but fails to compile.
    #[allow(
        clippy::extra_unused_type_parameters,
        reason = "generated code names it for both"
    )]
    pub fn keep<Instance: ?Sized>(self, _: &'static Once) -> &'static LazyLock<T, Init>
    where
        LazyLock<T, Init>: MovedOutOfStatic,
    {
        (self.0)()
    }
}

/// Any value except a `LazyLock`, which is always in a `static`.
pub trait KeepsPath<T> {
    fn keep<Instance: ?Sized + 'static>(self, once: &'static Once) -> &'static T;
}

impl<F: Fn() -> &'static T, T: Send + Sync + 'static> KeepsPath<T> for PathValue<F, T> {
    #[inline]
    fn keep<Instance: ?Sized + 'static>(self, _: &'static Once) -> &'static T {
        (self.0)()
    }
}

fn of<Instance: ?Sized + 'static, T: 'static>((instance, value): &Kept) -> Option<&'static T> {
    (*instance == TypeId::of::<Instance>()).then(|| value.downcast_ref())?
}

#[cold]
fn evaluate_or_find<Instance: ?Sized + 'static, T: Send + Sync + 'static>(
    once: &'static Once,
    expression: impl Fn() -> T,
) -> &'static T {
    let evaluate = || -> &'static T { Box::leak(Box::new(expression())) };
    let first = once
        .first
        .get_or_init(|| (TypeId::of::<Instance>(), evaluate()));
    if let Some(value) = of::<Instance, T>(first) {
        return value;
    }
    if let Some(value) =
        find::<Instance, T>(&once.others.read().unwrap_or_else(PoisonError::into_inner))
    {
        return value;
    }
    let mut others = once.others.write().unwrap_or_else(PoisonError::into_inner);
    find::<Instance, T>(&others).unwrap_or_else(|| {
        let value = evaluate();
        others.push((TypeId::of::<Instance>(), value));
        value
    })
}

fn find<Instance: ?Sized + 'static, T: 'static>(kept: &[Kept]) -> Option<&'static T> {
    kept.iter().find_map(of::<Instance, T>)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn each_type_is_evaluated_once() {
        static ONCE: Once = Once::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        fn evaluated<T: Default + Send + Sync>() -> &'static T {
            evaluate_once::<(), _>(&ONCE, || {
                COUNT.fetch_add(1, Ordering::Relaxed);
                T::default()
            })
        }
        for _ in 0..3 {
            assert_eq!(evaluated::<u8>(), &0);
            assert_eq!(evaluated::<String>(), "");
            assert_eq!(evaluated::<u64>(), &0);
        }
        assert_eq!(COUNT.load(Ordering::Relaxed), 3);
    }
}
