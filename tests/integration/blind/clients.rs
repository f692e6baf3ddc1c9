//! stub
#[derive(Debug)]
pub(crate) struct X;
