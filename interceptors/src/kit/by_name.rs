use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::core::details::CallDetails;
use crate::core::name::name_in;

/// More methods than that has no process; beyond it they share one value, so that memory stays bounded
/// whatever paths a channel is asked for.
const MOST: usize = 1024;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The service and the method, as in `user.v1.UserService/Login`.
    Method,
    /// The full name of the service.
    Service,
}

/// A value for each method or each service that calls name, made when the first one does.
///
/// For a channel, which learns the names at run time. What is known at compile time has a `static`.
#[derive(Debug)]
pub struct ByName<T> {
    by: By,
    values: RwLock<HashMap<Box<str>, T>>,
    /// That of all names which found no place.
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

    /// The value of the name that this call has; `make` makes it for the first call with that name.
    pub fn of(&self, call: &CallDetails, make: impl FnOnce() -> T) -> T {
        let name = match self.by {
            By::Method => name_in(call.path()),
            By::Service => call.service(),
        };
        self.get(name, make)
    }

    fn get(&self, name: &str, make: impl FnOnce() -> T) -> T {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        match values.get(name) {
            Some(value) => value.clone(),
            None => {
                drop(values);
                self.make(name, make)
            }
        }
    }

    #[cold]
    fn make(&self, name: &str, make: impl FnOnce() -> T) -> T {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        // Another call may have been faster.
        if let Some(value) = values.get(name) {
            return value.clone();
        }
        if values.len() >= MOST {
            drop(values);
            return self.others.get_or_init(make).clone();
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
    fn what_a_service_is_nested_under_names_no_other_method() {
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
    fn each_name_has_a_value_and_those_too_many_share_one() {
        let names: ByName<Arc<usize>> = ByName::new(By::Method);
        for n in 0..MOST {
            assert_eq!(*names.get(&format!("/a.B/{n}"), || Arc::new(n)), n);
        }
        let others = names.get("/a.B/Other", || Arc::new(MOST));
        assert_eq!(*names.get("/a.B/Another", || Arc::new(0)), MOST);
        assert!(Arc::ptr_eq(
            &others,
            &names.get("/a.B/More", || Arc::new(0))
        ));
        for n in 0..MOST {
            assert_eq!(*names.get(&format!("/a.B/{n}"), || Arc::new(0)), n);
        }
        assert_eq!(names.values.read().unwrap().len(), MOST);
    }
}
