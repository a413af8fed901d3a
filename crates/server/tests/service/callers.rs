//! API keys (hostile.md, O6).

use serde_json::json;
use stockade_protocol::Language;
use stockade_server::{Ceilings, KeyFile, Policy, ServerConfiguration, ServerError, Service};
use tempfile::TempDir;

use crate::stage::{Answer, Stage};

/// A service with keys, and their file.
struct Keyed {
    stage: Stage,
    file: KeyFile,
    folder: TempDir,
}

impl Keyed {
    /// With one key for each policy, named after its place.
    async fn start(policies: impl IntoIterator<Item = Policy>) -> (Self, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::new(folder.path().join("keys.toml"));
        let add = |(index, policy)| file.add(&format!("key-{index}"), policy).unwrap().reveal().to_owned();
        let keys = policies.into_iter().enumerate().map(add).collect();
        let path = file.path().to_owned();
        let languages = [Language::Python, Language::JavaScript];
        let stage = Stage::with(&languages, |_, configuration| configuration.keys = Some(path)).await;
        (Self { stage, file, folder }, keys)
    }

    async fn post(&self, key: &str, body: serde_json::Value) -> Answer {
        self.stage.send(self.stage.task(&body).bearer_auth(key)).await
    }
}

fn python(code: &str) -> serde_json::Value {
    json!({ "language": "python", "code": code })
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_there_is_no_way_in() {
    let (keyed, keys) = Keyed::start([Policy::default()]).await;
    let stage = &keyed.stage;
    assert_eq!(keyed.post(&keys[0], python("return 1")).await.result(), 1);
    let refused = stage.post(&python("return 1")).await;
    insta::assert_json_snapshot!(refused.problem(401, "AUTHENTICATION_ERROR"));
    assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"stockade\"");
    let guessed = keyed.post("stockade_00000000_0", python("return 1")).await;
    guessed.problem(401, "AUTHENTICATION_ERROR");
    // Addresses stand in the logs of others.
    let in_query = stage.client.post(stage.url(&format!("/v1/tasks?key={}&access_token={}", keys[0], keys[0])));
    stage.send(in_query.json(&python("return 1"))).await.problem(401, "AUTHENTICATION_ERROR");
    keyed.stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_refused_without_a_restart() {
    let (keyed, keys) = Keyed::start([Policy::default()]).await;
    keyed.file.revoke("key-0").unwrap();
    let later = keyed.file.add("later", Policy::default()).unwrap();
    let refused = async {
        while keyed.post(&keys[0], python("return 1")).await.status != 401 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(crate::stage::PATIENCE, refused).await.expect("the key still works");
    assert_eq!(keyed.post(later.reveal(), python("return 1")).await.result(), 1);
    keyed.stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_keys_lets_nobody_in() {
    // A file whose last key was revoked, and one that was named and is not there.
    let (keyed, _) = Keyed::start([Policy::default()]).await;
    keyed.file.revoke("key-0").unwrap();
    let empty = keyed.file.path().to_owned();
    keyed.stage.stop().await;
    let absent = keyed.folder.path().join("none.toml");
    for (path, requires_key) in [(empty, false), (absent, true)] {
        let stage = Stage::with(&[Language::Python], |_, configuration| {
            configuration.keys = Some(path.clone());
            configuration.requires_key = requires_key;
        })
        .await;
        let refused = stage.post(&python("return 1")).await.problem(401, "AUTHENTICATION_ERROR");
        assert!(refused["detail"].as_str().unwrap().contains("`stockade keys add NAME`"), "{refused}");
        let key = KeyFile::new(&path).add("ada", Policy::default()).unwrap();
        let taken = async {
            let body = python("return 1");
            while stage.send(stage.task(&body).bearer_auth(key.reveal())).await.status == 401 {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(crate::stage::PATIENCE, taken).await.expect("the new key is not taken");
        stage.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_with_an_old_name_owns_nothing_of_the_old_one() {
    let (keyed, keys) = Keyed::start([Policy::default()]).await;
    let stage = &keyed.stage;
    let send = async |key: &str| {
        let request = stage.task(&python("import uuid\nreturn uuid.uuid4().hex")).bearer_auth(key);
        stage.send(request.header("idempotency-key", "order-7")).await
    };
    let first = send(&keys[0]).await;
    let path = format!("/v1/tasks/{}", first.json()["id"].as_str().unwrap());
    keyed.file.revoke("key-0").unwrap();
    let key = keyed.file.add("key-0", Policy::default()).unwrap();
    let second = async {
        loop {
            let answer = send(key.reveal()).await;
            if answer.status != 401 {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let second = tokio::time::timeout(crate::stage::PATIENCE, second).await.expect("the new key is not taken");
    assert_ne!(first.result(), second.result());
    let read = stage.client.get(stage.url(&path)).bearer_auth(key.reveal());
    stage.send(read).await.problem(404, "NOT_FOUND_ERROR");
    keyed.stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_its_own_bounds() {
    let bounded = Policy {
        languages: Some([Language::Python].into()),
        packages: Some(["json".to_owned()].into()),
        hosts: Some(vec!["api.example.com".parse().unwrap()]),
        ceilings: Ceilings { timeout_ms: Some(300), memory_bytes: Some(64 << 20), ..Ceilings::default() },
        ..Policy::default()
    };
    let (keyed, keys) = Keyed::start([bounded, Policy::default()]).await;
    let post = |key: usize, body| keyed.post(&keys[key], body);
    let documents = [
        post(0, json!({ "language": "javascript", "code": "" })).await.problem(403, "PERMISSION_ERROR"),
        post(0, json!({ "language": "python", "code": "", "allow": ["os"] })).await.problem(403, "PERMISSION_ERROR"),
        post(0, json!({ "language": "python", "code": "", "network": { "allowed_hosts": ["example.org"] } }))
            .await
            .problem(403, "PERMISSION_ERROR"),
        post(0, json!({ "language": "python", "code": "", "timeout_ms": 301 })).await.problem(400, "VALIDATION_ERROR"),
    ];
    insta::assert_json_snapshot!(documents);
    assert_eq!(post(0, python("import json\nreturn 1")).await.result(), 1);
    assert_eq!(post(0, python("import csv")).await.status, 422);
    post(0, python("while True: pass")).await.problem(422, "TIMEOUT_ERROR");
    assert_eq!(post(1, json!({ "language": "javascript", "code": "return 1" })).await.result(), 1);
    keyed.stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_are_told_when_to_come_back() {
    let policies = [
        Policy { rate: Some("3/h".parse().unwrap()), ..Policy::default() },
        Policy { concurrency: Some(1), ..Policy::default() },
    ];
    let (keyed, keys) = Keyed::start(policies).await;
    for _ in 0..3 {
        assert_eq!(keyed.post(&keys[0], python("return 1")).await.result(), 1);
    }
    let refused = keyed.post(&keys[0], python("return 1")).await;
    refused.problem(429, "RATE_LIMIT_ERROR");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1000..=1200).contains(&seconds), "{seconds}");

    let stage = &keyed.stage;
    let endless = stage.task(&python("while True: pass")).bearer_auth(&keys[1]).header("prefer", "respond-async");
    let path = stage.send(endless).await.header("location").to_owned();
    keyed.post(&keys[1], python("return 1")).await.problem(429, "RATE_LIMIT_ERROR");
    let delete = |key: &str| stage.send(stage.client.delete(stage.url(&path)).bearer_auth(key));
    // The tasks of others are none at all.
    let other = keyed.file.add("other", Policy::default()).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    delete(other.reveal()).await.problem(404, "NOT_FOUND_ERROR");
    assert_eq!(delete(&keys[1]).await.status, 204);
    assert_eq!(keyed.post(&keys[1], python("return 1")).await.result(), 1);
    keyed.stage.stop().await;
}

#[tokio::test]
async fn without_keys_only_this_machine_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.toml");
    let bind = |address: &str| {
        let listen = address.parse().unwrap();
        Service::bind(ServerConfiguration { listen, keys: Some(keys.clone()), ..ServerConfiguration::default() })
    };
    assert!(matches!(bind("0.0.0.0:0").await, Err(ServerError::NeedsKeys { .. })));
    assert!(bind("127.0.0.1:0").await.is_ok());
    let required = |listen: &str| {
        let configuration = ServerConfiguration { listen: listen.parse().unwrap(), ..ServerConfiguration::default() };
        Service::bind(ServerConfiguration { keys: Some(keys.clone()), requires_key: true, ..configuration })
    };
    assert!(required("0.0.0.0:0").await.is_ok(), "nobody is let in");
    KeyFile::new(&keys).add("ada", Policy::default()).unwrap();
    assert!(bind("0.0.0.0:0").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_whose_name_leads_here_is_refused() {
    let stage = Stage::start().await;
    let request = stage.task(&python("return 1")).header("host", "rebound.example.org");
    stage.send(request).await.problem(421, "HOST_ERROR");
    // What a page can send without asking first is not taken.
    let simple = stage.client.post(stage.url("/v1/tasks")).header("content-type", "text/plain").body("{}");
    stage.send(simple).await.problem(415, "MEDIA_TYPE_ERROR");
    stage.stop().await;
}
