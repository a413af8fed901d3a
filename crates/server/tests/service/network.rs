//! Tasks that ask for hosts. `tests/egress` has what they can do with them.

use serde_json::json;
use stockade_protocol::Language;

use crate::stage::Stage;

async fn stage() -> Stage {
    Stage::with(&[Language::Python], |engine, _| {
        engine.egress.allowed_hosts = Some(vec!["*.example.com".parse().unwrap()]);
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outcome_names_the_hosts_that_a_task_was_kept_from() {
    let stage = stage().await;
    let code =
        "import socket\ntry: socket.create_connection(('other.example.org', 80))\nexcept OSError: return 'refused'";
    let network = json!({ "enabled": true, "allowed_hosts": ["api.example.com"] });
    let answer = stage.post(&json!({ "language": "python", "code": code, "network": network })).await.json();
    assert_eq!(answer["result"], "refused");
    let refused = json!([{ "host": "other.example.org", "reason": "not_allowed" }]);
    assert_eq!(
        answer["network"],
        json!({ "connections": 0, "sent_bytes": 0, "received_bytes": 0, "refused": refused })
    );
    let metrics = stage.get("/metrics").await.text;
    assert!(metrics.contains("stockade_network_refused_hosts_total 1"), "{metrics}");

    let off = json!({ "enabled": false, "allowed_hosts": ["api.example.com"] });
    let answer = stage.post(&json!({ "language": "python", "code": "return 1", "network": off })).await.json();
    assert!(answer["network"].is_null());
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_beyond_those_of_the_service_are_refused() {
    let stage = stage().await;
    let ask = async |network: serde_json::Value| {
        stage.post(&json!({ "language": "python", "code": "return 1", "network": network })).await
    };
    for hosts in [json!(["example.org"]), json!(["api.example.com", "127.0.0.1"]), json!(["api.example.com:22"])] {
        ask(json!({ "allowed_hosts": hosts })).await.problem(403, "PERMISSION_ERROR");
    }
    for network in [
        json!({ "allowed_hosts": ["https://api.example.com/"] }),
        json!({ "enabled": true }),
        json!({ "allow": [] }),
        json!([]),
        json!({ "allowed_hosts": vec!["api.example.com"; 1000] }),
    ] {
        ask(network).await.problem(400, "VALIDATION_ERROR");
    }
    stage.stop().await;
}
