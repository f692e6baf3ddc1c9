use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::core::details::CallDetails;
use crate::core::name::name_in;

/// More names than any process serves. All further names share one value, so memory stays bounded whatever paths are
/// called.
const MOST: usize = 1024;

/// Which part of a call's name is the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The service and the method, as in `user.v1.UserService/Login`.
    Method,
    /// The full name of the service.
    Service,
}

/// A value for each method or service that is called, made on its first call.
///
/// For channels, which learn the names at run time. Names that are known at compile time have a `static`.
#[derive(Debug)]
pub struct ByName<T> {
    by: By,
    values: RwLock<HashMap<Box<str>, T>>,
    /// The shared value of names that exceed the limit, and of names that no descriptor set has.
    others: OnceLock<T>,
}

impl<T: Clone> ByName<T> {
    /// No values yet.
    #[must_use]
    pub fn new(by: By) -> Self {
        Self {
            by,
            values: RwLock::default(),
            others: OnceLock::new(),
        }
    }

    /// The value for the name of this call. `make` makes it for the first call with that name.
    pub fn of(&self, call: &CallDetails, make: impl FnOnce() -> T) -> T {
        self.of_any(call, make, |_| false)
    }

    /// The same. If there are too many names, a value for which `may_go` is true is replaced. Clients can make up
    /// names, which must not displace the server's real ones.
    pub fn of_any(
        &self,
        call: &CallDetails,
        make: impl FnOnce() -> T,
        may_go: impl Fn(&T) -> bool,
    ) -> T {
        // If descriptor sets list the names, unlisted ones get no value of their own.
        match call.plan().is_undescribed() {
            true => self.others.get_or_init(make).clone(),
            false => self.get(self.name(call), make, may_go),
        }
    }

    fn name<'a>(&self, call: &'a CallDetails) -> &'a str {
        match self.by {
            By::Method => name_in(call.path()),
            By::Service => call.service(),
        }
    }

    fn get(&self, name: &str, make: impl FnOnce() -> T, may_go: impl Fn(&T) -> bool) -> T {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        match values.get(name) {
            Some(value) => value.clone(),
            None => {
                drop(values);
                self.make(name, make, may_go)
            }
        }
    }

    #[cold]
    fn make(&self, name: &str, make: impl FnOnce() -> T, may_go: impl Fn(&T) -> bool) -> T {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have inserted the value meanwhile.
        if let Some(value) = values.get(name) {
            return value.clone();
        }
        if values.len() >= MOST {
            // Values are cloned under the lock, so nothing can start to use this one meanwhile.
            let unused = values.iter().find(|(_, value)| may_go(value));
            let Some(unused) = unused.map(|(name, _)| name.clone()) else {
                drop(values);
                return self.others.get_or_init(make).clone();
            };
            values.remove(&unused);
        }
        let value = make();
        values.insert(name.into(), value.clone());
        value
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn path_prefix_does_not_change_the_method_name() {
        for path in [
            "/user.v1.UserService/Login",
            "/acme/user.v1.UserService/Login",
            "/a/b/user.v1.UserService/Login",
        ] {
            assert_eq!(name_in(path), "user.v1.UserService/Login", "{path}");
        }
        for path in ["", "/", "Login", "/Login"] {
            assert_eq!(name_in(path), path);
        }
    }

    #[test]
    fn each_name_has_a_value_and_excess_names_share_one() {
        let names: ByName<Arc<usize>> = ByName::new(By::Method);
        let get = |name: &str, n| names.get(name, || Arc::new(n), |_| false);
        for n in 0..MOST {
            assert_eq!(*get(&format!("/a.B/{n}"), n), n);
        }
        let others = get("/a.B/Other", MOST);
        assert_eq!(*get("/a.B/Another", 0), MOST);
        assert!(Arc::ptr_eq(&others, &get("/a.B/More", 0)));
        for n in 0..MOST {
            assert_eq!(*get(&format!("/a.B/{n}"), 0), n);
        }
        assert_eq!(names.values.read().unwrap().len(), MOST);
    }

    #[test]
    fn unused_values_are_evicted() {
        let names: ByName<Arc<usize>> = ByName::new(By::Method);
        let may_go = |n: &Arc<usize>| **n >= 10 && Arc::strong_count(n) == 1;
        let get = |name: &str, n| names.get(name, || Arc::new(n), may_go);
        let held = get("/a.B/Held", 10);
        for n in 0..10 {
            get(&format!("/a.B/{n}"), n);
        }
        for n in 0..2 * MOST {
            let name = format!("/made.Up/{n}");
            assert_eq!(
                *get(&name, 100 + n),
                100 + n,
                "{name} has no value of its own"
            );
            assert!(names.values.read().unwrap().len() <= MOST);
        }
        for n in 0..10 {
            assert_eq!(*get(&format!("/a.B/{n}"), 0), n);
        }
        assert!(Arc::ptr_eq(&held, &get("/a.B/Held", 0)));
    }
}
