use std::any::Any;
use std::fmt;
use std::sync::{OnceLock, PoisonError, RwLock};

type Kept = &'static (dyn Any + Send + Sync);

/// Keeps the value of an expression in an attribute, which has no name for its type.
///
/// A service with type parameters may have a value of another type for each of its instances;
/// the first type has the fast place.
#[derive(Default)]
pub struct Once {
    first: OnceLock<Kept>,
    others: RwLock<Vec<Kept>>,
}

impl Once {
    /// Nothing evaluated yet.
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

/// The value of `expression`, evaluated when it is first needed and kept for good.
#[inline]
pub fn evaluate_once<T: Send + Sync + 'static>(
    once: &'static Once,
    expression: impl Fn() -> T,
) -> &'static T {
    match once.first.get().and_then(|first| first.downcast_ref()) {
        Some(value) => value,
        None => evaluate_or_find(once, expression),
    }
}

/// The value of a path, such as `Audit`: to evaluate it does nothing, so that a value without a
/// size need not be looked for.
#[inline]
pub fn evaluate_path<T: Send + Sync + 'static>(
    once: &'static Once,
    path: impl Fn() -> T,
) -> &'static T {
    if const { size_of::<T>() == 0 } {
        return Box::leak(Box::new(path()));
    }
    evaluate_once(once, path)
}

/// Apart, so that the fast way is short enough to stand in every method.
#[cold]
fn evaluate_or_find<T: Send + Sync + 'static>(
    once: &'static Once,
    expression: impl Fn() -> T,
) -> &'static T {
    let evaluate = || -> &'static T { Box::leak(Box::new(expression())) };
    if let Some(value) = once.first.get_or_init(|| evaluate()).downcast_ref() {
        return value;
    }
    if let Some(value) = find(&once.others.read().unwrap_or_else(PoisonError::into_inner)) {
        return value;
    }
    let mut others = once.others.write().unwrap_or_else(PoisonError::into_inner);
    find(&others).unwrap_or_else(|| {
        let value = evaluate();
        others.push(value);
        value
    })
}

fn find<T: 'static>(kept: &[Kept]) -> Option<&'static T> {
    kept.iter().find_map(|kept| kept.downcast_ref())
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
            evaluate_once(&ONCE, || {
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
