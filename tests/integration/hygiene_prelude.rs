//! hygiene_prelude
