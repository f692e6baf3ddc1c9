use interceptors::intercept;

#[intercept(logging)]
enum Users {
    One,
}

fn main() {
    let _ = Users::One;
}
