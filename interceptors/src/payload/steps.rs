//! The steps of a path.

use std::collections::{BTreeMap, HashMap};

/// The type of a `?` step in a path: an `Option`.
#[diagnostic::on_unimplemented(
    message = "[I0812] `?` in a path goes through an `Option`, and `{Self}` is none",
    label = "not an `Option`",
    note = "take the `?` out; a repeated field takes `[]`"
)]
pub trait Optional {
    /// The type inside.
    type Value;

    /// The value, if there is one.
    fn value(&self) -> Option<&Self::Value>;

    /// The value, if there is one, to change it.
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

/// The type of a `[]` step in a path: a `Vec`, as prost generates for repeated fields, or a map, of which it takes the
/// values.
#[diagnostic::on_unimplemented(
    message = "[I0812] `[]` in a path goes through a repeated field or the values of a map, and `{Self}` is neither",
    label = "not a repeated field",
    note = "take the `[]` out; an optional field takes `?`"
)]
pub trait Repeated {
    /// The type of the elements.
    type Element;

    /// The elements.
    fn elements(&self) -> impl Iterator<Item = &Self::Element>;

    /// The elements, to change them.
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
