//! The steps of a path.

use std::collections::{BTreeMap, HashMap};

/// What `?` in a path goes through: an `Option`.
#[diagnostic::on_unimplemented(
    message = "[I0812] `?` in a path goes through an `Option`, and `{Self}` is none",
    label = "not an `Option`",
    note = "take the `?` out; a repeated field takes `[]`"
)]
pub trait Optional {
    /// What may be there.
    type Value;

    /// What is there.
    fn value(&self) -> Option<&Self::Value>;

    /// What is there, to change it.
    fn value_mut(&mut self) -> Option<&mut Self::Value>;
}

impl<T> Optional for Option<T> {
    type Value = T;

    fn value(&self) -> Option<&T> {
        self.as_ref()
    }

    fn value_mut(&mut self) -> Option<&mut T> {
        self.as_mut()
    }
}

/// What `[]` in a path goes through: a `Vec`, as prost has repeated fields, or the values of a map.
#[diagnostic::on_unimplemented(
    message = "[I0812] `[]` in a path goes through a repeated field or the values of a map, and `{Self}` is neither",
    label = "not a repeated field",
    note = "take the `[]` out; an optional field takes `?`"
)]
pub trait Repeated {
    /// One of them.
    type Element;

    /// All of them.
    fn elements(&self) -> impl Iterator<Item = &Self::Element>;

    /// All of them, to change them.
    fn elements_mut(&mut self) -> impl Iterator<Item = &mut Self::Element>;
}

impl<T> Repeated for Vec<T> {
    type Element = T;

    fn elements(&self) -> impl Iterator<Item = &T> {
        self.iter()
    }

    fn elements_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.iter_mut()
    }
}

impl<K, T, H> Repeated for HashMap<K, T, H> {
    type Element = T;

    fn elements(&self) -> impl Iterator<Item = &T> {
        self.values()
    }

    fn elements_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.values_mut()
    }
}

impl<K, T> Repeated for BTreeMap<K, T> {
    type Element = T;

    fn elements(&self) -> impl Iterator<Item = &T> {
        self.values()
    }

    fn elements_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.values_mut()
    }
}
