//! The services that the benchmarks compare.
