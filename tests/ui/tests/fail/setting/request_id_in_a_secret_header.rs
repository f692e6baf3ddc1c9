// Cause: The ID of a call is logged and passed on, so its key must not be one that usually has a secret. A constant
// must not be out of range.
// Cure: Leave `header` out, or choose another key: `header = "x-correlation-id"`.

use interceptors::intercept;

const KEY: &str = "x-id-bin";

#[intercept(request_id(header = "authorization"))]
struct Secret;

#[intercept(request_id(header = KEY))]
struct Bytes;

fn main() {}
