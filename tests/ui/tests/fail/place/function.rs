use interceptors::intercept;

#[intercept(logging)]
fn function() {}

fn main() {
    function();
}
