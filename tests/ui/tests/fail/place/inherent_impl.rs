use interceptors::intercept;

struct Users;

#[intercept(logging)]
impl Users {
    fn new() -> Self {
        Self
    }
}

fn main() {
    Users::new();
}
