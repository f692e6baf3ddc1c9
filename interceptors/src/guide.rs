#![doc = include_str!("../docs/guide.md")]

#[doc = include_str!("../docs/getting_started.md")]
pub mod getting_started {}
#[doc = include_str!("../docs/services.md")]
pub mod services {}
#[doc = include_str!("../docs/server.md")]
pub mod server {}
#[doc = include_str!("../docs/clients.md")]
pub mod clients {}
#[doc = include_str!("../docs/tasks.md")]
pub mod tasks {}
#[doc = include_str!("../docs/your_own.md")]
pub mod your_own {}
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}
#[doc = include_str!("../docs/policy.md")]
pub mod policy {}
#[doc = include_str!("../docs/production.md")]
pub mod production {}
#[doc = include_str!("../docs/many_replicas.md")]
pub mod many_replicas {}
#[doc = include_str!("../docs/limits.md")]
pub mod limits {}
#[doc = include_str!("../docs/how_it_works.md")]
pub mod how_it_works {}
#[doc = include_str!("../docs/coming_from.md")]
pub mod coming_from {}
