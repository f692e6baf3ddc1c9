use interceptors::intercept;

#[intercept(logging)]
mod included {
    std::thread_local! {}
}

#[intercept(logging)]
mod other {
    pub struct Users;
}

fn main() {}
