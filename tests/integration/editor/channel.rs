// Made of the rows of entries: `UPDATE_EXPECT=1 cargo test -p interceptors-macros editor`.
#[allow(warnings, clippy::all, clippy::pedantic)]
const _: () = {
    impl<T> interceptors_hints::Values<T> for Outbound<T> {
        async fn values(
            &self,
        ) -> ::core::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {
            use crate::shown as _;
            let _ = ([SET]);
            {
                use crate::shown::__ide::client::deadline::{};
                use crate::shown::__ide::words::{only, except};
                let _ = ("2s");
            }
            let _ = (3);
            let _ = (self.tokens);
            ::core::result::Result::Ok(())
        }
    }
    mod interceptors_hints {
        mod methods {}
        mod list_0 {
            use crate::shown::__ide::client::{
                logging, auth, retry, hedge, metadata, deadline, concurrency, load_shed,
                circuit_breaker, request_id, metrics, trace, with,
            };
            use crate::shown::__ide::words::{server, plan, descriptors};
            use self::{
                descriptors as _, deadline as _, circuit_breaker as _, retry as _,
                auth as _,
            };
        }
        mod list_1 {
            use crate::shown::__ide::client::deadline::{};
            use crate::shown::__ide::words::{only, except};
            use self::{};
        }
        mod list_2 {
            use crate::shown::__ide::client::circuit_breaker::{
                failures, probes, failure_ratio, window, min_calls, open_for, codes, per,
                breaker,
            };
            use crate::shown::__ide::words::{only, except};
            use self::{failures as _, per as _};
        }
        mod list_3 {
            use crate::shown::__ide::client::circuit_breaker::per::{method, service};
            use self::method as _;
        }
        mod list_4 {
            use crate::shown::__ide::client::retry::{
                max, max_attempts, base_delay, max_delay, attempt_timeout, multiplier,
                jitter, codes, buffer_size, throttle,
            };
            use crate::shown::__ide::words::{only, except};
            use self::only as _;
        }
        mod list_5 {
            use crate::shown::__ide::words::idempotent;
            use self::idempotent as _;
        }
        mod list_6 {
            use crate::shown::__ide::client::auth::{
                token, public, scheme, header, allow_plaintext,
            };
            use crate::shown::__ide::words::{only, except};
            use self::token as _;
        }
        pub trait Values<T: ?::core::marker::Sized> {
            async fn values(
                &self,
            ) -> ::core::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>>;
        }
    }
};
