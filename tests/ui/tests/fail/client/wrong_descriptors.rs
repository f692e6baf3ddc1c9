// Cause: `descriptors` is given twice, without a value, or as an empty list.
// Cure: Give it one constant, or a list of them: `descriptors = [A, B]`.

use interceptors::intercept;

#[intercept(descriptors = interceptors_ui_tests::FILE_DESCRIPTOR_SET, descriptors = interceptors_ui_tests::FILE_DESCRIPTOR_SET, logging)]
struct Twice;

#[intercept(descriptors, logging)]
struct Nothing;

#[intercept(descriptors = [], logging)]
struct Empty;

fn main() {}
