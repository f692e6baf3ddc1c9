//! Holds the tests beside it; there is nothing to use here.
