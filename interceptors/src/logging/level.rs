use tonic::Code;
use tracing::Level;

/// go-grpc-middleware's `DefaultServerCodeToLevel`, with `usual` instead of its `INFO`.
pub(crate) fn server_level(code: Code, usual: Level) -> Level {
    match code {
        Code::Ok
        | Code::NotFound
        | Code::Cancelled
        | Code::AlreadyExists
        | Code::InvalidArgument
        | Code::Unauthenticated => usual,
        Code::DeadlineExceeded
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable => Level::WARN,
        Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => Level::ERROR,
    }
}

/// go-grpc-middleware's `DefaultClientCodeToLevel`, with `usual` instead of its `DEBUG`. Codes that the caller itself
/// may have caused stay at `usual`.
pub(crate) fn client_level(code: Code, usual: Level) -> Level {
    match code {
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange => usual,
        Code::Unknown | Code::DeadlineExceeded | Code::PermissionDenied | Code::Unauthenticated => {
            Level::INFO
        }
        Code::Unimplemented | Code::Internal | Code::Unavailable | Code::DataLoss => Level::WARN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_levels_match_go_grpc_middleware() {
        let warn = [4, 7, 8, 9, 10, 11, 14];
        let error = [2, 12, 13, 15];
        for code in 0..=16 {
            let expected = match code {
                _ if warn.contains(&code) => Level::WARN,
                _ if error.contains(&code) => Level::ERROR,
                _ => Level::DEBUG,
            };
            assert_eq!(
                server_level(Code::from_i32(code), Level::DEBUG),
                expected,
                "{code}"
            );
        }
    }

    #[test]
    fn client_levels_match_go_grpc_middleware() {
        let info = [2, 4, 7, 16];
        let warn = [12, 13, 14, 15];
        for code in 0..=16 {
            let expected = match code {
                _ if info.contains(&code) => Level::INFO,
                _ if warn.contains(&code) => Level::WARN,
                _ => Level::TRACE,
            };
            assert_eq!(
                client_level(Code::from_i32(code), Level::TRACE),
                expected,
                "{code}"
            );
        }
    }
}
