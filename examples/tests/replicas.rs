//! Two replicas behind a proxy.
#![allow(clippy::unwrap_used)] // tests

use examples::replicas::{BURST, Calls, Limits, call, start};
use interceptors::rate_limit::Local;

#[tokio::test]
async fn limit_is_shared_by_replicas_and_ignores_forged_headers() {
    let proxy = start(&Limits::Embedded(Local::new())).await.unwrap();
    // The proxy alternates between the replicas.
    let expected = Calls {
        answered: [BURST / 2, BURST / 2],
        limited: 2 * BURST,
    };
    assert_eq!(call(&proxy, 2, 3 * BURST).await.unwrap(), expected);
    assert_eq!(call(&proxy, 3, 3 * BURST).await.unwrap(), expected);
}
