use interceptors::intercept;

#[intercept(logging, retry(max = 3))]
#[derive(Debug, Clone)]
pub struct UserServiceClient<T> {
    inner: tonic::client::Grpc<T>,
}

fn main() {}
