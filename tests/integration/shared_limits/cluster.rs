//! A custom connection to a cluster of three nodes.

use std::time::Duration;

use interceptors::rate_limit::Redis;
use redis::cluster::ClusterClient;
use tonic::Code;

use super::server::{Server, free_port};
use super::service::{Limited, Usual, call, count};

#[tokio::test]
async fn custom_connection_to_a_cluster_keeps_limits() {
    let mut nodes = Vec::new();
    for _ in 0..3 {
        let bus = free_port().to_string();
        let options = ["--cluster-enabled", "yes", "--cluster-port", &bus];
        nodes.push((Server::with(&options).await, bus));
    }
    for (i, (node, _)) in nodes.iter().enumerate() {
        let (first, last) = (i * 5_462, ((i + 1) * 5_462 - 1).min(16_383));
        node.tell(&format!("CLUSTER ADDSLOTSRANGE {first} {last}"))
            .await;
        for (other, bus) in &nodes {
            node.tell(&format!("CLUSTER MEET 127.0.0.1 {} {bus}", other.port))
                .await;
        }
    }
    for (node, _) in &nodes {
        for attempt in 0.. {
            let info: String = node.ask(redis::cmd("CLUSTER").arg("INFO")).await;
            if info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3") {
                break;
            }
            assert!(attempt < 200, "{info}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let client = ClusterClient::new([nodes[0].0.url()]).unwrap();
    let connection = client.get_async_connection().await.unwrap();
    let service: Usual = Limited(Redis::with_connection(connection));

    let mut ended = Vec::new();
    for n in 0..60 {
        ended.push(call(&service, &format!("key-{n}")).await);
    }
    assert_eq!(count(&ended, Code::Ok), 60, "{ended:?}");
    let mut of_one = Vec::new();
    for _ in 0..100 {
        of_one.push(call(&service, "one").await);
    }
    let passed = count(&of_one, Code::Ok);
    assert!((50..100).contains(&passed), "{passed}");
    assert_eq!(passed + count(&of_one, Code::ResourceExhausted), 100);

    // Each node has loaded the script for its own keys.
    for (node, _) in &nodes {
        let stats: String = node.ask(redis::cmd("INFO").arg("commandstats")).await;
        assert!(stats.contains("cmdstat_eval:"), "{stats}");
    }
}
