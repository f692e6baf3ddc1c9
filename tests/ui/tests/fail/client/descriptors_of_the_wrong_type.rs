// Cause: The value of `descriptors` is the name of a file. The macro cannot read files.
// Cure: Include the file: `descriptors = include_bytes!("user.bin")`.

use interceptors::intercept;

#[intercept(descriptors = "user.bin", logging)]
struct Outbound;

fn main() {}
