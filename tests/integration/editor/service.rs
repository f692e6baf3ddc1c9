// Made of the rows of entries: `UPDATE_EXPECT=1 cargo test -p interceptors-macros editor`.
#[allow(warnings, clippy::all, clippy::pedantic)]
const _: () = {
    impl interceptors_hints::Values for Users {
        async fn values(
            &self,
        ) -> ::core::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {
            let _ = <Self as demo::user_service_server::UserService>::get_user;
            let _ = <Self as demo::user_service_server::UserService>::login;
            let _ = <Self as demo::user_service_server::UserService>::login;
            let _ = <Self as demo::user_service_server::UserService>::login;
            use crate::shown as _;
            let _ = ("debug");
            let _ = (SLOW);
            let _ = |request: demo::GetUserRequest, response: demo::User| {
                let _ = (request.id);
                ::core::option::Option::Some(())
            };
            let _ = |request: demo::GetUserRequest, response: demo::User| {
                let _ = (request);
                ::core::option::Option::Some(())
            };
            let _ = (self.keys);
            let _ = ("admin");
            let _ = (BURST);
            let _ = (1);
            let _ = (9);
            let _ = ("50ms");
            let _ = (3);
            let _ = (10);
            let _ = (0.1);
            {
                use crate::shown::__ide::server::timeout::idle;
                use crate::shown::__ide::words::{only, except};
                let _ = ("2s");
            }
            let _ = ("30s");
            let _ = |request: demo::LoginRequest, response: demo::LoginReply| {
                let _ = (request.password,);
                ::core::option::Option::Some(())
            };
            {
                use crate::shown::__ide::server::with::{};
                use crate::shown::__ide::words::{only, except};
                let _ = (self.keys);
            }
            let _ = (5);
            ::core::result::Result::Ok(())
        }
    }
    mod interceptors_hints {
        mod methods {
            pub fn login() {}
            pub fn get_user() {}
        }
        mod list_0 {
            use crate::shown::__ide::server::{
                logging, auth, authorize, rate_limit, retry, validate, timeout,
                catch_panic, concurrency, load_shed, request_id, client_ip, metrics,
                trace, payload, with,
            };
            use crate::shown::__ide::words::{service, plan};
            use self::{
                logging as _, auth as _, authorize as _, rate_limit as _, load_shed as _,
                retry as _, timeout as _, payload as _, with as _,
            };
        }
        mod list_1 {
            use crate::shown::__ide::server::logging::{level, slow, fields};
            use crate::shown::__ide::words::{only, except};
            use self::{level as _, slow as _, fields as _, only as _};
        }
        mod list_2 {
            use super::methods::*;
            use self::get_user as _;
        }
        mod list_3 {
            use crate::shown::__ide::server::auth::{
                verifier, by, public, protected, scheme, header, outlive_token,
            };
            use crate::shown::__ide::words::{only, except};
            use self::{verifier as _, public as _};
        }
        mod list_4 {
            use super::methods::*;
            use self::login as _;
        }
        mod list_5 {
            use crate::shown::__ide::server::authorize::{role, roles, with};
            use crate::shown::__ide::words::{only, except};
            use self::{role as _, except as _};
        }
        mod list_6 {
            use super::methods::*;
            use self::login as _;
        }
        mod list_7 {
            use crate::shown::__ide::server::rate_limit::{
                per_second, per_minute, burst, max_keys, limiter, store, on_error,
                store_timeout, name, key,
            };
            use crate::shown::__ide::words::{only, except};
            use self::{per_second as _, key as _};
        }
        mod list_8 {
            use crate::shown::__ide::server::rate_limit::key::{
                peer, client_ip, metadata, identity,
            };
            use self::metadata as _;
        }
        mod list_9 {
            use crate::shown::__ide::server::load_shed::{
                max, adaptive, retry_after, per, limiter,
            };
            use crate::shown::__ide::words::{only, except};
            use self::{adaptive as _, per as _};
        }
        mod list_10 {
            use crate::shown::__ide::server::load_shed::adaptive::{min, max, target};
            use self::{min as _, max as _, target as _};
        }
        mod list_11 {
            use crate::shown::__ide::server::load_shed::per::{method, service};
            use self::service as _;
        }
        mod list_12 {
            use crate::shown::__ide::server::retry::{
                max, max_attempts, base_delay, max_delay, attempt_timeout, multiplier,
                jitter, codes, throttle,
            };
            use crate::shown::__ide::words::{only, except};
            use self::{max as _, codes as _, throttle as _};
        }
        mod list_13 {
            use crate::shown::__private::tonic::Code::{
                Cancelled, Unknown, InvalidArgument, DeadlineExceeded, NotFound,
                AlreadyExists, PermissionDenied, ResourceExhausted, FailedPrecondition,
                Aborted, OutOfRange, Unimplemented, Internal, Unavailable, DataLoss,
                Unauthenticated,
            };
            use self::{Unavailable as _, Aborted as _};
        }
        mod list_14 {
            use crate::shown::__ide::server::retry::throttle::{tokens, ratio};
            use self::{tokens as _, ratio as _};
        }
        mod list_15 {
            use crate::shown::__ide::server::timeout::idle;
            use crate::shown::__ide::words::{only, except};
            use self::idle as _;
        }
        mod list_16 {
            use crate::shown::__ide::server::payload::{redact, show, max_bytes, level};
            use crate::shown::__ide::words::{only, except};
            use self::{redact as _, only as _};
        }
        mod list_17 {
            use super::methods::*;
            use self::login as _;
        }
        mod list_18 {
            use crate::shown::__ide::server::with::{};
            use crate::shown::__ide::words::{only, except};
            use self::{};
        }
        mod list_19 {
            use crate::shown::__ide::server::{
                logging, auth, authorize, rate_limit, retry, validate, timeout,
                catch_panic, concurrency, load_shed, request_id, client_ip, metrics,
                trace, payload, with,
            };
            use crate::shown::__ide::words::{skip, name};
            use self::{retry as _, skip as _, name as _};
        }
        mod list_20 {
            use crate::shown::__ide::server::retry::{
                max, max_attempts, base_delay, max_delay, attempt_timeout, multiplier,
                jitter, codes, throttle,
            };
            use crate::shown::__ide::words::{};
            use self::max as _;
        }
        mod list_21 {
            use crate::shown::__ide::server::{
                logging, auth, authorize, rate_limit, retry, timeout, load_shed, payload,
                with,
            };
            use self::rate_limit as _;
        }
        pub trait Values {
            async fn values(
                &self,
            ) -> ::core::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>>;
        }
    }
};
