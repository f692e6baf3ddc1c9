//! hygiene_renamed
