// Made of the rows of entries: `UPDATE_EXPECT=1 cargo test -p interceptors-macros editor`.
#[allow(warnings, clippy::all, clippy::pedantic)]
const _: () = {
    impl<T: Clone> interceptors_hints::Values<T> for HandWritten<T> {
        async fn values(
            &self,
        ) -> ::core::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {
            let _ = Self::get_user;
            let _ = Self::get_user;
            use crate::shown as _;
            let _ = ("demo.v1.UserService");
            let _: (Policy);
            {
                use crate::shown::__ide::client::deadline::{};
                use crate::shown::__ide::words::{only, except};
                let _ = (SLOW);
            }
            let _ = ("1s");
            let _ = (self.tokens);
            {
                use crate::shown::__ide::client::metadata::{};
                use crate::shown::__ide::words::{only, except};
                let _ = ();
            }
            let _ = (self.name()?);
            ::core::result::Result::Ok(())
        }
    }
    mod interceptors_hints {
        mod methods {
            pub fn get_user() {}
        }
        mod list_0 {
            use crate::shown::__ide::client::{
                logging, auth, retry, hedge, metadata, deadline, concurrency, load_shed,
                circuit_breaker, request_id, metrics, trace, payload, with,
            };
            use crate::shown::__ide::words::{service, plan};
            use self::{
                service as _, plan as _, deadline as _, hedge as _, auth as _,
                metadata as _,
            };
        }
        mod list_1 {
            use crate::shown::__ide::client::deadline::{};
            use crate::shown::__ide::words::{only, except};
            use self::{};
        }
        mod list_2 {
            use crate::shown::__ide::client::hedge::{
                max_attempts, delay, non_fatal_codes, throttle,
            };
            use crate::shown::__ide::words::{only, except};
            use self::{delay as _, non_fatal_codes as _, only as _};
        }
        mod list_3 {
            use crate::shown::__private::tonic::Code::{
                Cancelled, Unknown, InvalidArgument, DeadlineExceeded, NotFound,
                AlreadyExists, PermissionDenied, ResourceExhausted, FailedPrecondition,
                Aborted, OutOfRange, Unimplemented, Internal, Unavailable, DataLoss,
                Unauthenticated,
            };
            use self::Unavailable as _;
        }
        mod list_4 {
            use super::methods::*;
            use self::get_user as _;
        }
        mod list_5 {
            use crate::shown::__ide::client::auth::{
                token, public, protected, scheme, header, allow_plaintext,
            };
            use crate::shown::__ide::words::{only, except};
            use self::{token as _, protected as _};
        }
        mod list_6 {
            use super::methods::*;
            use self::get_user as _;
        }
        mod list_7 {
            use crate::shown::__ide::client::metadata::{};
            use crate::shown::__ide::words::{only, except};
            use self::{};
        }
        pub trait Values<T: ?::core::marker::Sized> {
            async fn values(
                &self,
            ) -> ::core::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>>;
        }
    }
};
