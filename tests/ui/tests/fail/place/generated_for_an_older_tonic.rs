// Cause: The module was generated for tonic 0.13 or earlier, and this crate works with tonic 0.14.
// Cure: Update `tonic` and `prost`, and generate the code with `tonic-prost-build`.

#[interceptors::intercept(logging)]
mod user_service_client {
    // Code from tonic 0.13. The `cfg` keeps the compiler from resolving it.
    #[cfg(any())]
    use tonic::codec::ProstCodec;
}

fn main() {}
