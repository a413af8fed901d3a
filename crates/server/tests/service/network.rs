//! Tasks that ask for hosts. `tests/egress` has what they can do with them.

use std::net::TcpListener;

use serde_json::{Value, json};
use stockade_protocol::{AllowedHost, Language};
use stockade_server::{KeyFile, Policy};

use crate::stage::{Answer, Stage};

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
    let ask = async |network: Value| {
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

/// A service whose tasks may reach two ports of this machine, and the keys of two callers: one may have both, the other
/// the first.
struct Changing {
    stage: Stage,
    keys: [String; 2],
    ports: [TcpListener; 2],
    _folder: tempfile::TempDir,
}

impl Changing {
    async fn start() -> Self {
        let ports = [(); 2].map(|()| TcpListener::bind(("127.0.0.1", 0)).unwrap());
        let hosts = ports.each_ref().map(|port| port.local_addr().unwrap().to_string().parse::<AllowedHost>().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::new(folder.path().join("keys.toml"));
        let bounded = Policy { hosts: Some(vec![hosts[0].clone()]), ..Policy::default() };
        let keys = [("both", Policy::default()), ("first", bounded)]
            .map(|(name, policy)| file.add(name, policy).unwrap().reveal().to_owned());
        let stage = Stage::with(&[Language::Python], |engine, server| {
            engine.egress.allowed_hosts = Some(hosts.to_vec());
            engine.egress.allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
            server.keys = Some(file.path().to_owned());
        })
        .await;
        Self { stage, keys, ports, _folder: folder }
    }

    fn host(&self, port: usize) -> String {
        self.ports[port].local_addr().unwrap().to_string()
    }

    /// Starts a task of a caller that connects to the second port until it can; its path.
    async fn begin(&self, caller: usize, network: &Value) -> String {
        let port = self.ports[1].local_addr().unwrap().port();
        let code = format!(
            "import socket, time\nwhile True:\n    try:\n        socket.create_connection(('127.0.0.1', {port})).close()\n        \
             return 'connected'\n    except OSError:\n        print('refused', flush=True)\n        time.sleep(0.01)"
        );
        let mut body = json!({ "language": "python", "code": code });
        if !network.is_null() {
            body["network"] = network.clone();
        }
        let request = self.stage.task(&body).header("prefer", "respond-async").bearer_auth(&self.keys[caller]);
        let answer = self.stage.send(request).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.header("location").to_owned()
    }

    async fn change(&self, caller: usize, path: &str, network: &Value) -> Answer {
        let request = self.stage.client.put(self.stage.url(&format!("{path}/network")));
        self.stage.send(request.json(network).bearer_auth(&self.keys[caller])).await
    }

    async fn get(&self, caller: usize, path: &str) -> Value {
        self.stage.send(self.stage.client.get(self.stage.url(path)).bearer_auth(&self.keys[caller])).await.json()
    }

    async fn cancel(&self, caller: usize, path: &str) {
        let request = self.stage.client.delete(self.stage.url(path)).bearer_auth(&self.keys[caller]);
        assert_eq!(self.stage.send(request).await.status, 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_change_while_a_task_runs() {
    let changing = Changing::start().await;
    let first = json!({ "allowed_hosts": [changing.host(0)] });
    let path = changing.begin(0, &first).await;
    // It must have been refused once, so that it is the change that lets it through.
    let refused = |task: &Value| task["network"]["refused"].clone();
    assert_eq!(changing.change(0, &path, &json!({ "allowed_hosts": [] })).await.status, 204);
    assert_eq!(changing.change(0, &path, &first).await.status, 204);
    while changing.get(0, &path).await["stdout"] == "" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let both = json!({ "allowed_hosts": [changing.host(0), changing.host(1)] });
    assert_eq!(changing.change(0, &path, &both).await.status, 204);
    let ended = loop {
        let task = changing.get(0, &path).await;
        if task["status"] != "running" {
            break task;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert_eq!(ended["result"], "connected");
    assert_eq!(refused(&ended), json!([{ "host": changing.host(1), "reason": "not_allowed" }]));
    changing.change(0, &path, &first).await.problem(409, "STATE_ERROR");
    changing.stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_has_the_bounds_of_a_request() {
    let changing = Changing::start().await;
    let first = json!({ "allowed_hosts": [changing.host(0)] });
    let both = json!({ "allowed_hosts": [changing.host(0), changing.host(1)] });
    let path = changing.begin(1, &first).await;
    changing.change(1, &path, &both).await.problem(403, "PERMISSION_ERROR");
    // Whose it is not does not learn that it is there.
    changing.change(0, &path, &first).await.problem(404, "NOT_FOUND_ERROR");
    for wrong in [json!({}), json!([]), json!(null), json!({ "allowed_hosts": ["https://x/"] }), json!({ "hosts": [] })]
    {
        changing.change(1, &path, &wrong).await.problem(400, "VALIDATION_ERROR");
    }
    changing.cancel(1, &path).await;

    let path = changing.begin(0, &first).await;
    let beyond = json!({ "allowed_hosts": ["api.example.com"] });
    changing.change(0, &path, &beyond).await.problem(403, "PERMISSION_ERROR");
    changing.cancel(0, &path).await;

    let path = changing.begin(0, &Value::Null).await;
    let problem = changing.change(0, &path, &first).await.problem(409, "STATE_ERROR");
    assert_eq!(problem["detail"], "the task began without hosts, and gains none");
    changing.cancel(0, &path).await;
    changing.stage.stop().await;
}
