//! Checks of lists of status codes, which also work in constants.

use tonic::Code;

/// Whether none of them is `OK`.
pub const fn are_failures(codes: &[Code]) -> bool {
    let mut i = 0;
    while i < codes.len() {
        if matches!(codes[i], Code::Ok) {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether each is listed once.
pub const fn are_distinct(codes: &[Code]) -> bool {
    let mut i = 0;
    while i < codes.len() {
        let mut j = 0;
        while j < i {
            if codes[i] as i32 == codes[j] as i32 {
                return false;
            }
            j += 1;
        }
        i += 1;
    }
    true
}
