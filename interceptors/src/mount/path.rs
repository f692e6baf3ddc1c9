//! The path of a method as a constant, and constant texts.

/// The length of [`join_path`].
#[must_use]
pub const fn path_len(service: &str, method: &str) -> usize {
    service.len() + method.len() + 2
}

/// `/service/method`, at compile time.
#[must_use]
pub const fn join_path<const N: usize>(service: &str, method: &str) -> [u8; N] {
    let mut path = [b'/'; N];
    let (service, method) = (service.as_bytes(), method.as_bytes());
    let mut i = 0;
    while i < service.len() {
        path[1 + i] = service[i];
        i += 1;
    }
    let mut j = 0;
    while j < method.len() {
        path[2 + i + j] = method[j];
        j += 1;
    }
    path
}

/// A service and a method as one path, at compile time.
#[doc(hidden)]
#[macro_export]
macro_rules! __path {
    ($service:expr, $method:expr) => {{
        const BYTES: &[u8] = &$crate::__private::join_path::<
            { $crate::__private::path_len($service, $method) },
        >($service, $method);
        match ::core::str::from_utf8(BYTES) {
            ::core::result::Result::Ok(path) => path,
            ::core::result::Result::Err(_) => "",
        }
    }};
}
