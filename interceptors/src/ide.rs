//! The words of the attribute, for editors: what they complete, and what they show about a word. The attribute's hints
//! name these items.
//!
//! Made of the rows of entries: `UPDATE_EXPECT=1 cargo test -p interceptors-macros editor`.

pub mod server {
    /// An event for each call, with its status and its duration.
    ///
    /// ```text
    /// logging(level = "debug")
    /// ```
    ///
    /// - `level` (level; default: `"info"`): level of calls that end normally
    /// - `slow` (duration; default: `"500ms"`): a unary call that takes longer is logged at `WARN` at least
    /// - `fields`: values of the request: `name = expr`, `name = %expr` (`Display`) or `name = ?expr` (`Debug`); `request` is the message
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod logging {
        /// Level of calls that end normally.
        ///
        /// Level; default: `"info"`.
        pub mod level {}
        /// A unary call that takes longer is logged at `WARN` at least.
        ///
        /// Duration; default: `"500ms"`.
        pub mod slow {}
        /// Values of the request: `name = expr`, `name = %expr` (`Display`) or `name = ?expr` (`Debug`); `request` is the message.
        pub mod fields {}
    }
    /// Verifies the token of each call; on a client, sends one.
    ///
    /// Calls that it rejects or ends have the status `UNAUTHENTICATED`.
    ///
    /// ```text
    /// auth(verifier = self.tokens)
    /// ```
    ///
    /// - `verifier` (expression; default: `self`): verifies the token: a `Verifier`
    /// - `by`: the server's struct in front of the service, whose `auth` has verified the caller
    /// - `public` (list of methods; default: `[]`): methods that need no token
    /// - `protected` (list of methods; default: all others): methods that need a token; see below
    /// - `scheme` (string; default: `"Bearer"`): word before the token, in upper or lower case; `""` for none
    /// - `header` (string; default: `"authorization"`): metadata key of the token
    /// - `outlive_token` (boolean; default: `false`): whether streams continue after the token that they began with has expired
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod auth {
        /// Verifies the token: a `Verifier`.
        ///
        /// Expression; default: `self`.
        pub mod verifier {}
        /// The server's struct in front of the service, whose `auth` has verified the caller.
        pub mod by {}
        /// Methods that need no token.
        ///
        /// List of methods; default: `[]`.
        pub mod public {}
        /// Methods that need a token; see below.
        ///
        /// List of methods; default: all others.
        pub mod protected {}
        /// Word before the token, in upper or lower case; `""` for none.
        ///
        /// String; default: `"Bearer"`.
        pub mod scheme {}
        /// Metadata key of the token.
        ///
        /// String; default: `"authorization"`.
        pub mod header {}
        /// Whether streams continue after the token that they began with has expired.
        ///
        /// Boolean; default: `false`.
        pub mod outlive_token {}
    }
    /// Rejects callers that may not make the call; needs `auth` before it.
    ///
    /// Calls that it rejects or ends have the status `PERMISSION_DENIED`.
    ///
    /// ```text
    /// authorize(role = "admin")
    /// ```
    ///
    /// - `role` (string): callers with this role, by `HasRole` of the identity
    /// - `roles` (list of strings): callers with any of these
    /// - `with` (expression): a closure or function of the identity, or a `Policy`, which sees the names of the call too
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod authorize {
        /// Callers with this role, by `HasRole` of the identity.
        ///
        /// String.
        pub mod role {}
        /// Callers with any of these.
        ///
        /// List of strings.
        pub mod roles {}
        /// A closure or function of the identity, or a `Policy`, which sees the names of the call too.
        ///
        /// Expression.
        pub mod with {}
    }
    /// Rejects calls beyond a rate.
    ///
    /// Calls that it rejects or ends have the status `RESOURCE_EXHAUSTED`.
    ///
    /// ```text
    /// rate_limit(per_second = 100)
    /// ```
    ///
    /// - `per_second` (integer, at least 1): how many calls per second; this, `per_minute` or `limiter` is needed
    /// - `per_minute` (integer, at least 1): how many calls per minute, instead of per second
    /// - `burst` (integer, at least 1; default: the same as the rate): how many calls may come at once after an idle time, on top of the rate
    /// - `max_keys` (integer, at least 1; default: `65536`): maximum number of distinct keys tracked
    /// - `limiter` (expression): a `Limiter` of yours, instead of all but `key`
    /// - `store` (expression): a `Store` in which processes share the limit, such as `Redis`
    /// - `on_error` (default: `local`): `allow`, `deny` or `local`: what to do while the store fails or is late; `local` applies this limit within the process
    /// - `store_timeout` (duration; default: `"100ms"`): how long a call waits for the store
    /// - `name` (string; default: the service; on a method, service and method): entries with the same name, settings and `key` share a limit, in all services and processes
    /// - `key`: `peer`, `client_ip`, `metadata("x-api-key")` or `identity`: each has a limit of its own
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod rate_limit {
        /// How many calls per second; this, `per_minute` or `limiter` is needed.
        ///
        /// Integer, at least 1.
        pub mod per_second {}
        /// How many calls per minute, instead of per second.
        ///
        /// Integer, at least 1.
        pub mod per_minute {}
        /// How many calls may come at once after an idle time, on top of the rate.
        ///
        /// Integer, at least 1; default: the same as the rate.
        pub mod burst {}
        /// Maximum number of distinct keys tracked.
        ///
        /// Integer, at least 1; default: `65536`.
        pub mod max_keys {}
        /// A `Limiter` of yours, instead of all but `key`.
        ///
        /// Expression.
        pub mod limiter {}
        /// A `Store` in which processes share the limit, such as `Redis`.
        ///
        /// Expression.
        pub mod store {}
        /// `allow`, `deny` or `local`: what to do while the store fails or is late; `local` applies this limit within the process.
        ///
        /// Default: `local`.
        pub mod on_error {}
        /// How long a call waits for the store.
        ///
        /// Duration; default: `"100ms"`.
        pub mod store_timeout {}
        /// Entries with the same name, settings and `key` share a limit, in all services and processes.
        ///
        /// String; default: the service; on a method, service and method.
        pub mod name {}
        /// `peer`, `client_ip`, `metadata("x-api-key")` or `identity`: each has a limit of its own.
        pub mod key {
            /// A limit for each address.
            pub mod peer {}
            /// A limit for each address that `client_ip` has found.
            pub mod client_ip {}
            /// A limit for each value of a metadata key: `metadata("x-api-key")`.
            pub mod metadata {}
            /// A limit for each caller that `auth` has found.
            pub mod identity {}
        }
    }
    /// Retries calls that fail with certain status codes.
    ///
    /// ```text
    /// retry(max = 3)
    /// ```
    ///
    /// - `max` (integer, at least 1; default: `3`): retries after the first attempt
    /// - `max_attempts` (integer, at least 2; default: `4`): the same, with the first attempt included; give only one of the two
    /// - `base_delay` (duration; default: `"500ms"`): delay before the first retry
    /// - `max_delay` (duration; default: `"30s"`): longest delay
    /// - `attempt_timeout` (duration): how long one attempt may take
    /// - `multiplier` (float; default: `2.0`): factor from one delay to the next
    /// - `jitter` (float; default: `0.2`): fraction of the delay that is random
    /// - `codes` (list of status codes; default: `[Unavailable, DeadlineExceeded]`): status codes that are retried
    /// - `throttle`: gRFC A6's throttle: no further attempts while half of the tokens or fewer are left
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod retry {
        /// Retries after the first attempt.
        ///
        /// Integer, at least 1; default: `3`.
        pub mod max {}
        /// The same, with the first attempt included; give only one of the two.
        ///
        /// Integer, at least 2; default: `4`.
        pub mod max_attempts {}
        /// Delay before the first retry.
        ///
        /// Duration; default: `"500ms"`.
        pub mod base_delay {}
        /// Longest delay.
        ///
        /// Duration; default: `"30s"`.
        pub mod max_delay {}
        /// How long one attempt may take.
        ///
        /// Duration.
        pub mod attempt_timeout {}
        /// Factor from one delay to the next.
        ///
        /// Float; default: `2.0`.
        pub mod multiplier {}
        /// Fraction of the delay that is random.
        ///
        /// Float; default: `0.2`.
        pub mod jitter {}
        /// Status codes that are retried.
        ///
        /// List of status codes; default: `[Unavailable, DeadlineExceeded]`.
        pub mod codes {}
        /// GRFC A6's throttle: no further attempts while half of the tokens or fewer are left.
        pub mod throttle {
            /// How many tokens there are at most, and at the start; a failed attempt takes one.
            ///
            /// Integer, 1 to 1000.
            pub mod tokens {}
            /// Fraction of a token that a successful call returns.
            ///
            /// Float.
            pub mod ratio {}
        }
    }
    /// Rejects requests whose messages are not valid.
    ///
    /// Calls that it rejects or ends have the status `INVALID_ARGUMENT`.
    ///
    /// ```text
    /// validate
    /// ```
    ///
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod validate {}
    /// Ends a call that takes too long, or a stream that is idle for too long.
    ///
    /// Calls that it rejects or ends have the status `DEADLINE_EXCEEDED`.
    ///
    /// ```text
    /// timeout("2s")
    /// ```
    ///
    /// - the first value (duration; default: the caller's deadline): how long the call may take, its response stream included
    /// - `idle` (duration): how long to wait for one message of a stream: the handler for the next request message, the caller for the next response message
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod timeout {
        /// How long to wait for one message of a stream: the handler for the next request message, the caller for the next response message.
        ///
        /// Duration.
        pub mod idle {}
    }
    /// Turns a panic into `INTERNAL`, and logs it.
    ///
    /// Calls that it rejects or ends have the status `INTERNAL`.
    ///
    /// ```text
    /// catch_panic(hook = on_panic)
    /// ```
    ///
    /// - `hook` (expression; default: logs the panic): called instead of logging: a function, or a `PanicHandler` that is `Clone`
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod catch_panic {
        /// Called instead of logging: a function, or a `PanicHandler` that is `Clone`.
        ///
        /// Expression; default: logs the panic.
        pub mod hook {}
    }
    /// Limits how many calls run at once; the others wait in order.
    ///
    /// Calls that it rejects or ends have the status `RESOURCE_EXHAUSTED`.
    ///
    /// ```text
    /// concurrency(max = 100)
    /// ```
    ///
    /// - `max` (integer, at least 1): how many calls may run at once; this, `adaptive` or `limiter` is needed
    /// - `adaptive` (integer, at least 1; integer, at least 1; duration): adapts the limit between `min` and `max`, so that calls end within `target`
    /// - `queue` (integer, at least 0; default: `1024`): how many calls may wait; others are rejected
    /// - `wait` (duration; default: until the call's deadline): how long a call may wait before it is rejected
    /// - `retry_after` (duration; default: `"1s"`): how long a rejected caller is asked to wait before it tries again
    /// - `per` (`method` or `service`; default: `method`): whether each method has a limit of its own; with `service`, all methods of the entry share one
    /// - `limiter` (expression): a `Limiter` of yours, instead of all others
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod concurrency {
        /// How many calls may run at once; this, `adaptive` or `limiter` is needed.
        ///
        /// Integer, at least 1.
        pub mod max {}
        /// Adapts the limit between `min` and `max`, so that calls end within `target`.
        ///
        /// Integer, at least 1; integer, at least 1; duration.
        pub mod adaptive {
            /// The lowest limit.
            ///
            /// Integer, at least 1.
            pub mod min {}
            /// The highest limit.
            ///
            /// Integer, at least 1.
            pub mod max {}
            /// How long a call should take; the limit decreases while calls take longer.
            ///
            /// Duration.
            pub mod target {}
        }
        /// How many calls may wait; others are rejected.
        ///
        /// Integer, at least 0; default: `1024`.
        pub mod queue {}
        /// How long a call may wait before it is rejected.
        ///
        /// Duration; default: until the call's deadline.
        pub mod wait {}
        /// How long a rejected caller is asked to wait before it tries again.
        ///
        /// Duration; default: `"1s"`.
        pub mod retry_after {}
        /// Whether each method has a limit of its own; with `service`, all methods of the entry share one.
        ///
        /// `method` or `service`; default: `method`.
        pub mod per {
            /// Each method has a limit of its own.
            pub mod method {}
            /// All methods that the entry covers share one limit.
            pub mod service {}
        }
        /// A `Limiter` of yours, instead of all others.
        ///
        /// Expression.
        pub mod limiter {}
    }
    /// Limits how many calls run at once; the others are rejected.
    ///
    /// Calls that it rejects or ends have the status `RESOURCE_EXHAUSTED`.
    ///
    /// ```text
    /// load_shed(max = 100)
    /// ```
    ///
    /// - `max` (integer, at least 1): how many calls may run at once; this, `adaptive` or `limiter` is needed
    /// - `adaptive` (integer, at least 1; integer, at least 1; duration): adapts the limit between `min` and `max`, so that calls end within `target`
    /// - `retry_after` (duration; default: `"1s"`): how long a rejected caller is asked to wait before it tries again
    /// - `per` (`method` or `service`; default: `method`): whether each method has a limit of its own; with `service`, all methods of the entry share one
    /// - `limiter` (expression): a `Limiter` of yours, instead of all others
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod load_shed {
        /// How many calls may run at once; this, `adaptive` or `limiter` is needed.
        ///
        /// Integer, at least 1.
        pub mod max {}
        /// Adapts the limit between `min` and `max`, so that calls end within `target`.
        ///
        /// Integer, at least 1; integer, at least 1; duration.
        pub mod adaptive {
            /// The lowest limit.
            ///
            /// Integer, at least 1.
            pub mod min {}
            /// The highest limit.
            ///
            /// Integer, at least 1.
            pub mod max {}
            /// How long a call should take; the limit decreases while calls take longer.
            ///
            /// Duration.
            pub mod target {}
        }
        /// How long a rejected caller is asked to wait before it tries again.
        ///
        /// Duration; default: `"1s"`.
        pub mod retry_after {}
        /// Whether each method has a limit of its own; with `service`, all methods of the entry share one.
        ///
        /// `method` or `service`; default: `method`.
        pub mod per {
            /// Each method has a limit of its own.
            pub mod method {}
            /// All methods that the entry covers share one limit.
            pub mod service {}
        }
        /// A `Limiter` of yours, instead of all others.
        ///
        /// Expression.
        pub mod limiter {}
    }
    /// One ID for a call and all calls that it causes.
    ///
    /// ```text
    /// request_id(header = "x-request-id")
    /// ```
    ///
    /// - `header` (string; default: `"x-request-id"`): metadata key of the ID
    /// - `accept` (boolean; default: `true`): on a service: whether to use the ID that the caller sends
    /// - `max_length` (integer, 1 to 1024; default: `128`): on a service: longest ID that is accepted, up to 1024
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod request_id {
        /// Metadata key of the ID.
        ///
        /// String; default: `"x-request-id"`.
        pub mod header {}
        /// On a service: whether to use the ID that the caller sends.
        ///
        /// Boolean; default: `true`.
        pub mod accept {}
        /// On a service: longest ID that is accepted, up to 1024.
        ///
        /// Integer, 1 to 1024; default: `128`.
        pub mod max_length {}
    }
    /// Finds the address of the caller behind trusted proxies.
    ///
    /// ```text
    /// client_ip(trusted = ["10.0.0.0/8"])
    /// ```
    ///
    /// - `trusted` (default: none): the networks of trusted proxies: a list of strings, or an expression for `IpNet`s, such as a field
    /// - `header` (string; default: `"x-forwarded-for"`): where the proxies write the caller's address: `"x-forwarded-for"` or `"forwarded"` (RFC 7239)
    /// - `ipv6_prefix` (integer, 1 to 128; default: `64`): how many leading bits of an IPv6 address identify a caller in `rate_limit(key = client_ip)`
    /// - `by`: the server's struct in front of the service, whose `client_ip` has found the address
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod client_ip {
        /// The networks of trusted proxies: a list of strings, or an expression for `IpNet`s, such as a field.
        ///
        /// Default: none.
        pub mod trusted {}
        /// Where the proxies write the caller's address: `"x-forwarded-for"` or `"forwarded"` (RFC 7239).
        ///
        /// String; default: `"x-forwarded-for"`.
        pub mod header {}
        /// How many leading bits of an IPv6 address identify a caller in `rate_limit(key = client_ip)`.
        ///
        /// Integer, 1 to 128; default: `64`.
        pub mod ipv6_prefix {}
        /// The server's struct in front of the service, whose `client_ip` has found the address.
        pub mod by {}
    }
    /// Counts calls, and measures how they end and how long they take.
    ///
    /// ```text
    /// metrics(recorder = self.recorder)
    /// ```
    ///
    /// - `recorder` (expression; default: `Recorder::global()`): where measurements go: a `Recorder` of yours
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod metrics {
        /// Where measurements go: a `Recorder` of yours.
        ///
        /// Expression; default: `Recorder::global()`.
        pub mod recorder {}
    }
    /// A span for each call, and on a client for each attempt, for OpenTelemetry.
    ///
    /// ```text
    /// trace(public_endpoint = true)
    /// ```
    ///
    /// - `public_endpoint` (boolean; default: `false`): on a service: whether anybody can call it. Then each call begins a new trace, with a link to the caller's span. So callers cannot choose the trace's ID or whether it is sampled
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod trace {
        /// On a service: whether anybody can call it. Then each call begins a new trace, with a link to the caller's span. So callers cannot choose the trace's ID or whether it is sampled.
        ///
        /// Boolean; default: `false`.
        pub mod public_endpoint {}
    }
    /// An event for each message, with the fields that are not secret.
    ///
    /// ```text
    /// payload(show = [request.id])
    /// ```
    ///
    /// - `redact`: the fields that are not logged; `[]` where nothing is secret
    /// - `show`: the fields that are logged, and no others; one of `redact` and `show` is needed
    /// - `max_bytes` (integer, 1 to 262144; default: `1024`): how much of a message is logged
    /// - `level` (level; default: `"debug"`): level of all events
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod payload {
        /// The fields that are not logged; `[]` where nothing is secret.
        pub mod redact {}
        /// The fields that are logged, and no others; one of `redact` and `show` is needed.
        pub mod show {}
        /// How much of a message is logged.
        ///
        /// Integer, 1 to 262144; default: `1024`.
        pub mod max_bytes {}
        /// Level of all events.
        ///
        /// Level; default: `"debug"`.
        pub mod level {}
    }
    /// An interceptor of yours, as a value.
    ///
    /// ```text
    /// with(self.audit)
    /// ```
    ///
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod with {}
}

pub mod client {
    /// An event for each call, with its status and its duration.
    ///
    /// ```text
    /// logging(level = "debug")
    /// ```
    ///
    /// - `level` (level; default: `"debug"`): level of calls that end normally
    /// - `slow` (duration; default: `"500ms"`): a unary call that takes longer is logged at `WARN` at least
    /// - `fields`: values of the request: `name = expr`, `name = %expr` (`Display`) or `name = ?expr` (`Debug`); `request` is the message
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod logging {
        /// Level of calls that end normally.
        ///
        /// Level; default: `"debug"`.
        pub mod level {}
        /// A unary call that takes longer is logged at `WARN` at least.
        ///
        /// Duration; default: `"500ms"`.
        pub mod slow {}
        /// Values of the request: `name = expr`, `name = %expr` (`Display`) or `name = ?expr` (`Debug`); `request` is the message.
        pub mod fields {}
    }
    /// Sends a token with each call.
    ///
    /// ```text
    /// auth(token = self.tokens)
    /// ```
    ///
    /// - `token` (expression; default: `self`): where tokens come from: a `TokenSource`, such as a `TokenCache`
    /// - `public` (list of methods; default: `[]`): methods that are called without a token
    /// - `protected` (list of methods; default: all others): methods that are called with a token; not on a channel
    /// - `scheme` (string; default: `"Bearer"`): word before the token; `""` for none
    /// - `header` (string; default: `"authorization"`): metadata key of the token
    /// - `allow_plaintext` (boolean; default: `false`): whether to send the token over a connection that is known not to be encrypted
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod auth {
        /// Where tokens come from: a `TokenSource`, such as a `TokenCache`.
        ///
        /// Expression; default: `self`.
        pub mod token {}
        /// Methods that are called without a token.
        ///
        /// List of methods; default: `[]`.
        pub mod public {}
        /// Methods that are called with a token; not on a channel.
        ///
        /// List of methods; default: all others.
        pub mod protected {}
        /// Word before the token; `""` for none.
        ///
        /// String; default: `"Bearer"`.
        pub mod scheme {}
        /// Metadata key of the token.
        ///
        /// String; default: `"authorization"`.
        pub mod header {}
        /// Whether to send the token over a connection that is known not to be encrypted.
        ///
        /// Boolean; default: `false`.
        pub mod allow_plaintext {}
    }
    /// Retries calls that fail with certain status codes.
    ///
    /// ```text
    /// retry(max = 3)
    /// ```
    ///
    /// - `max` (integer, at least 1; default: `3`): retries after the first attempt
    /// - `max_attempts` (integer, at least 2; default: `4`): the same, with the first attempt included; give only one of the two
    /// - `base_delay` (duration; default: `"500ms"`): delay before the first retry
    /// - `max_delay` (duration; default: `"30s"`): longest delay
    /// - `attempt_timeout` (duration): how long one attempt may take
    /// - `multiplier` (float; default: `2.0`): factor from one delay to the next
    /// - `jitter` (float; default: `0.2`): fraction of the delay that is random
    /// - `codes` (list of status codes; default: `[Unavailable, DeadlineExceeded]`): status codes that are retried
    /// - `buffer_size` (integer, at least 0; default: `262144`): on a generated client and on a channel: how many bytes of a request are kept to be sent again
    /// - `throttle`: gRFC A6's throttle: no further attempts while half of the tokens or fewer are left
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod retry {
        /// Retries after the first attempt.
        ///
        /// Integer, at least 1; default: `3`.
        pub mod max {}
        /// The same, with the first attempt included; give only one of the two.
        ///
        /// Integer, at least 2; default: `4`.
        pub mod max_attempts {}
        /// Delay before the first retry.
        ///
        /// Duration; default: `"500ms"`.
        pub mod base_delay {}
        /// Longest delay.
        ///
        /// Duration; default: `"30s"`.
        pub mod max_delay {}
        /// How long one attempt may take.
        ///
        /// Duration.
        pub mod attempt_timeout {}
        /// Factor from one delay to the next.
        ///
        /// Float; default: `2.0`.
        pub mod multiplier {}
        /// Fraction of the delay that is random.
        ///
        /// Float; default: `0.2`.
        pub mod jitter {}
        /// Status codes that are retried.
        ///
        /// List of status codes; default: `[Unavailable, DeadlineExceeded]`.
        pub mod codes {}
        /// On a generated client and on a channel: how many bytes of a request are kept to be sent again.
        ///
        /// Integer, at least 0; default: `262144`.
        pub mod buffer_size {}
        /// GRFC A6's throttle: no further attempts while half of the tokens or fewer are left.
        pub mod throttle {
            /// How many tokens there are at most, and at the start; a failed attempt takes one.
            ///
            /// Integer, 1 to 1000.
            pub mod tokens {}
            /// Fraction of a token that a successful call returns.
            ///
            /// Float.
            pub mod ratio {}
        }
    }
    /// Makes several attempts at the same time; the first success counts.
    ///
    /// ```text
    /// hedge(delay = "200ms")
    /// ```
    ///
    /// - `max_attempts` (integer, at least 2; default: `2`): number of attempts, the first one included
    /// - `delay` (duration, zero included; default: none): how long to wait for a response before the next attempt; without it, all are made at once
    /// - `non_fatal_codes` (list of status codes, perhaps empty; default: `[]`): status codes that start the next attempt at once instead of ending the call
    /// - `throttle`: gRFC A6's throttle: no further attempts while half of the tokens or fewer are left; `retry` and `hedge` share it
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod hedge {
        /// Number of attempts, the first one included.
        ///
        /// Integer, at least 2; default: `2`.
        pub mod max_attempts {}
        /// How long to wait for a response before the next attempt; without it, all are made at once.
        ///
        /// Duration, zero included; default: none.
        pub mod delay {}
        /// Status codes that start the next attempt at once instead of ending the call.
        ///
        /// List of status codes, perhaps empty; default: `[]`.
        pub mod non_fatal_codes {}
        /// GRFC A6's throttle: no further attempts while half of the tokens or fewer are left; `retry` and `hedge` share it.
        pub mod throttle {
            /// How many tokens there are at most, and at the start; a failed attempt takes one.
            ///
            /// Integer, 1 to 1000.
            pub mod tokens {}
            /// Fraction of a token that a successful call returns.
            ///
            /// Float.
            pub mod ratio {}
        }
    }
    /// Sends metadata with each call.
    ///
    /// ```text
    /// metadata("x-trace-id" = trace_id())
    /// ```
    ///
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod metadata {}
    /// Ends a call that takes too long, with all its attempts.
    ///
    /// Calls that it rejects or ends have the status `DEADLINE_EXCEEDED`.
    ///
    /// ```text
    /// deadline("2s")
    /// ```
    ///
    /// - the first value (duration): how long the call may take, unless its caller set a timeout
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod deadline {}
    /// Limits how many calls run at once; the others wait in order.
    ///
    /// Calls that it rejects or ends have the status `RESOURCE_EXHAUSTED`.
    ///
    /// ```text
    /// concurrency(max = 100)
    /// ```
    ///
    /// - `max` (integer, at least 1): how many calls may run at once; this, `adaptive` or `limiter` is needed
    /// - `adaptive` (integer, at least 1; integer, at least 1; duration): adapts the limit between `min` and `max`, so that calls end within `target`
    /// - `queue` (integer, at least 0; default: `1024`): how many calls may wait; others are rejected
    /// - `wait` (duration; default: until the call's deadline): how long a call may wait before it is rejected
    /// - `retry_after` (duration; default: `"1s"`): how long a rejected caller is asked to wait before it tries again
    /// - `per` (`method` or `service`; default: `method`): whether each method has a limit of its own; with `service`, all methods of the entry share one
    /// - `limiter` (expression): a `Limiter` of yours, instead of all others
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod concurrency {
        /// How many calls may run at once; this, `adaptive` or `limiter` is needed.
        ///
        /// Integer, at least 1.
        pub mod max {}
        /// Adapts the limit between `min` and `max`, so that calls end within `target`.
        ///
        /// Integer, at least 1; integer, at least 1; duration.
        pub mod adaptive {
            /// The lowest limit.
            ///
            /// Integer, at least 1.
            pub mod min {}
            /// The highest limit.
            ///
            /// Integer, at least 1.
            pub mod max {}
            /// How long a call should take; the limit decreases while calls take longer.
            ///
            /// Duration.
            pub mod target {}
        }
        /// How many calls may wait; others are rejected.
        ///
        /// Integer, at least 0; default: `1024`.
        pub mod queue {}
        /// How long a call may wait before it is rejected.
        ///
        /// Duration; default: until the call's deadline.
        pub mod wait {}
        /// How long a rejected caller is asked to wait before it tries again.
        ///
        /// Duration; default: `"1s"`.
        pub mod retry_after {}
        /// Whether each method has a limit of its own; with `service`, all methods of the entry share one.
        ///
        /// `method` or `service`; default: `method`.
        pub mod per {
            /// Each method has a limit of its own.
            pub mod method {}
            /// All methods that the entry covers share one limit.
            pub mod service {}
        }
        /// A `Limiter` of yours, instead of all others.
        ///
        /// Expression.
        pub mod limiter {}
    }
    /// Limits how many calls run at once; the others are rejected.
    ///
    /// Calls that it rejects or ends have the status `RESOURCE_EXHAUSTED`.
    ///
    /// ```text
    /// load_shed(max = 100)
    /// ```
    ///
    /// - `max` (integer, at least 1): how many calls may run at once; this, `adaptive` or `limiter` is needed
    /// - `adaptive` (integer, at least 1; integer, at least 1; duration): adapts the limit between `min` and `max`, so that calls end within `target`
    /// - `retry_after` (duration; default: `"1s"`): how long a rejected caller is asked to wait before it tries again
    /// - `per` (`method` or `service`; default: `method`): whether each method has a limit of its own; with `service`, all methods of the entry share one
    /// - `limiter` (expression): a `Limiter` of yours, instead of all others
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod load_shed {
        /// How many calls may run at once; this, `adaptive` or `limiter` is needed.
        ///
        /// Integer, at least 1.
        pub mod max {}
        /// Adapts the limit between `min` and `max`, so that calls end within `target`.
        ///
        /// Integer, at least 1; integer, at least 1; duration.
        pub mod adaptive {
            /// The lowest limit.
            ///
            /// Integer, at least 1.
            pub mod min {}
            /// The highest limit.
            ///
            /// Integer, at least 1.
            pub mod max {}
            /// How long a call should take; the limit decreases while calls take longer.
            ///
            /// Duration.
            pub mod target {}
        }
        /// How long a rejected caller is asked to wait before it tries again.
        ///
        /// Duration; default: `"1s"`.
        pub mod retry_after {}
        /// Whether each method has a limit of its own; with `service`, all methods of the entry share one.
        ///
        /// `method` or `service`; default: `method`.
        pub mod per {
            /// Each method has a limit of its own.
            pub mod method {}
            /// All methods that the entry covers share one limit.
            pub mod service {}
        }
        /// A `Limiter` of yours, instead of all others.
        ///
        /// Expression.
        pub mod limiter {}
    }
    /// Rejects calls after too many failures, and tries again after a while.
    ///
    /// Calls that it rejects or ends have the status `UNAVAILABLE`.
    ///
    /// ```text
    /// circuit_breaker(failures = 5)
    /// ```
    ///
    /// - `failures` (integer, at least 1; default: `5`): how many consecutive failures open it
    /// - `probes` (integer, at least 1; default: `1`): how many trial calls are made after `open_for`; all have to succeed
    /// - `failure_ratio` (float): instead of `failures`: fraction of calls that has to fail, above `0.0` and up to `1.0`
    /// - `window` (duration; default: `"20s"`): with `failure_ratio`: time in which calls are counted
    /// - `min_calls` (integer, at least 1; default: `10`): with `failure_ratio`: calls required before the ratio applies
    /// - `open_for` (duration; default: `"30s"`): how long calls are rejected
    /// - `codes` (list of status codes; default: `[Unavailable, DeadlineExceeded, Internal, Unknown]`): status codes that count as failures
    /// - `per` (`method` or `service`; default: `method`): whether each method has a breaker of its own; with `service`, the methods of a service share one
    /// - `breaker` (expression): a `CircuitBreaker` of yours, instead of all others
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod circuit_breaker {
        /// How many consecutive failures open it.
        ///
        /// Integer, at least 1; default: `5`.
        pub mod failures {}
        /// How many trial calls are made after `open_for`; all have to succeed.
        ///
        /// Integer, at least 1; default: `1`.
        pub mod probes {}
        /// Instead of `failures`: fraction of calls that has to fail, above `0.0` and up to `1.0`.
        ///
        /// Float.
        pub mod failure_ratio {}
        /// With `failure_ratio`: time in which calls are counted.
        ///
        /// Duration; default: `"20s"`.
        pub mod window {}
        /// With `failure_ratio`: calls required before the ratio applies.
        ///
        /// Integer, at least 1; default: `10`.
        pub mod min_calls {}
        /// How long calls are rejected.
        ///
        /// Duration; default: `"30s"`.
        pub mod open_for {}
        /// Status codes that count as failures.
        ///
        /// List of status codes; default: `[Unavailable, DeadlineExceeded, Internal, Unknown]`.
        pub mod codes {}
        /// Whether each method has a breaker of its own; with `service`, the methods of a service share one.
        ///
        /// `method` or `service`; default: `method`.
        pub mod per {
            /// Each method has a limit of its own.
            pub mod method {}
            /// All methods that the entry covers share one limit.
            pub mod service {}
        }
        /// A `CircuitBreaker` of yours, instead of all others.
        ///
        /// Expression.
        pub mod breaker {}
    }
    /// One ID for a call and all calls that it causes.
    ///
    /// ```text
    /// request_id(header = "x-request-id")
    /// ```
    ///
    /// - `header` (string; default: `"x-request-id"`): metadata key of the ID
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod request_id {
        /// Metadata key of the ID.
        ///
        /// String; default: `"x-request-id"`.
        pub mod header {}
    }
    /// Counts calls, and measures how they end and how long they take.
    ///
    /// ```text
    /// metrics(recorder = self.recorder)
    /// ```
    ///
    /// - `recorder` (expression; default: `Recorder::global()`): where measurements go: a `Recorder` of yours
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod metrics {
        /// Where measurements go: a `Recorder` of yours.
        ///
        /// Expression; default: `Recorder::global()`.
        pub mod recorder {}
    }
    /// A span for each call, and on a client for each attempt, for OpenTelemetry.
    ///
    /// ```text
    /// trace(public_endpoint = true)
    /// ```
    ///
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod trace {}
    /// An event for each message, with the fields that are not secret.
    ///
    /// ```text
    /// payload(show = [request.id])
    /// ```
    ///
    /// - `redact`: the fields that are not logged; `[]` where nothing is secret
    /// - `show`: the fields that are logged, and no others; one of `redact` and `show` is needed
    /// - `max_bytes` (integer, 1 to 262144; default: `1024`): how much of a message is logged
    /// - `level` (level; default: `"debug"`): level of all events
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod payload {
        /// The fields that are not logged; `[]` where nothing is secret.
        pub mod redact {}
        /// The fields that are logged, and no others; one of `redact` and `show` is needed.
        pub mod show {}
        /// How much of a message is logged.
        ///
        /// Integer, 1 to 262144; default: `1024`.
        pub mod max_bytes {}
        /// Level of all events.
        ///
        /// Level; default: `"debug"`.
        pub mod level {}
    }
    /// An interceptor of yours, as a value.
    ///
    /// ```text
    /// with(self.audit)
    /// ```
    ///
    /// - `only`, `except` (list of methods): which methods it is for
    pub mod with {}
}

pub mod words {
    /// The struct is the layer of a whole server; this word comes first.
    pub mod server {}
    /// The full name of the service, as the proto has it: `service = "user.v1.UserService"`.
    pub mod service {}
    /// A type of yours that names this policy, if the same type has several: `plan = UsersPolicy`.
    pub mod plan {}
    /// A constant with the bytes of a descriptor set, or a list of them; the lists of methods are compared with it.
    pub mod descriptors {}
    /// Entries of the block that this method skips: `skip(retry)`.
    pub mod skip {}
    /// The name of the RPC, as the proto has it: `name = "GetURL"`.
    pub mod name {}
    /// The methods that the entry covers, and no others.
    ///
    /// List of methods.
    pub mod only {}
    /// The methods that the entry does not cover.
    ///
    /// List of methods.
    pub mod except {}
    /// The methods that their proto marks with `idempotency_level`; needs `descriptors`.
    pub mod idempotent {}
}
