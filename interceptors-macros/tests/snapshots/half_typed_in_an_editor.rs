#[allow(warnings, clippy::all, clippy::pedantic)]
const _: () = {
    impl interceptors_hints::Values for Users {
        async fn values(
            &self,
        ) -> ::core::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {
            let _ = <Self as UserService>::get_user;
            let _ = ("debug");
            let _ = ();
            ::core::result::Result::Ok(())
        }
    }
    mod interceptors_hints {
        mod methods {
            pub fn get_user() {}
        }
        mod list_0 {
            use ::interceptors::__ide::server::{
                logging, auth, authorize, rate_limit, retry, validate, timeout,
                catch_panic, concurrency, load_shed, request_id, client_ip, metrics,
                trace, payload, with,
            };
            use ::interceptors::__ide::words::{service, plan};
            use self::{logging as _, retry as _, au as _};
        }
        mod list_1 {
            use ::interceptors::__ide::server::logging::{level, slow, fields};
            use ::interceptors::__ide::words::{only, except};
            use self::level as _;
        }
        mod list_2 {
            use ::interceptors::__ide::server::retry::{
                max, max_attempts, base_delay, max_delay, attempt_timeout, multiplier,
                jitter, codes, throttle,
            };
            use ::interceptors::__ide::words::{only, except};
            use self::{max as _, only as _};
        }
        mod list_3 {
            use super::methods::*;
            use self::get_user as _;
        }
        pub trait Values {
            async fn values(
                &self,
            ) -> ::core::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>>;
        }
    }
};
::core::compile_error! {
    "[I0004] `max` needs a value: `max = …`"
}
::core::compile_error! {
    "[I0201] unknown interceptor `au`; did you mean `auth`?"
}
impl UserService for Users {
    async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> {
        let user = self.users.get(request);
        Ok(user)
    }
}
const _: () = {
    #[allow(unused_imports)]
    use tonic::async_trait as _;
};
const _: () = {
    #[allow(dead_code, unreachable_pub)]
    pub struct __Plan;
    impl ::interceptors::Intercepted<__Plan> for Users {
        const PLAN: ::interceptors::Plan = ::interceptors::__private::Plan::new(&[]);
    }
};
