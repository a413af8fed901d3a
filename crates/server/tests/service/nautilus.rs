//! Nautilus over real HTTP (spec/nautilus.md; hostile.md, N3, N5, N7).

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use fastcrypto::ed25519::{Ed25519PublicKey, Ed25519Signature};
use fastcrypto::traits::{ToFromBytes, VerifyingKey};
use serde_json::{Value, json};
use stockade_protocol::Language;
use stockade_server::NautilusConfiguration;
use tempfile::TempDir;

use crate::stage::{Answer, Stage};

/// A service with a folder of tasks.
struct Enclave {
    stage: Stage,
    tasks: PathBuf,
    _folder: TempDir,
}

impl Enclave {
    async fn start(change: impl FnOnce(&mut NautilusConfiguration)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tasks = folder.path().join("tasks");
        fs::create_dir(&tasks).unwrap();
        let mut nautilus = NautilusConfiguration::new(&tasks);
        nautilus.allowed_endpoints = folder.path().join("allowed_endpoints.yaml");
        change(&mut nautilus);
        let stage = Stage::with(&[Language::JavaScript], |engine, configuration| {
            engine.task_directory = Some(tasks.clone());
            configuration.nautilus = Some(nautilus);
        })
        .await;
        let enclave = Self { stage, tasks, _folder: folder };
        enclave.add("nodejs-task", "console.log('🚀 hi', process.argv.slice(2).join()); console.error('hm')");
        enclave
    }

    fn add(&self, name: &str, index: &str) {
        let task = self.tasks.join(name);
        fs::create_dir_all(&task).unwrap();
        fs::write(task.join("package.json"), r#"{"name": "task", "main": "index.js"}"#).unwrap();
        fs::write(task.join("index.js"), index).unwrap();
    }

    async fn process(&self, payload: Value) -> Answer {
        let url = self.stage.url("/process_data");
        self.stage.send(self.stage.client.post(url).json(&json!({ "payload": payload }))).await
    }

    async fn error(&self, payload: Value) -> String {
        let answer = self.process(payload).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        answer.json()["error"].as_str().unwrap().to_owned()
    }

    async fn public_key(&self) -> String {
        self.stage.get("/health_check").await.json()["pk"].as_str().unwrap().to_owned()
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|index| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap()).collect()
}

/// The signed bytes, put together from the answer by hand.
fn message(response: &Value) -> Vec<u8> {
    let mut message = vec![u8::try_from(response["intent"].as_u64().unwrap()).unwrap()];
    message.extend(response["timestamp_ms"].as_u64().unwrap().to_le_bytes());
    let data = &response["data"];
    for name in ["task_id", "status", "stdout", "stderr"] {
        let text = data[name].as_str().unwrap();
        let mut length = text.len();
        while length >= 128 {
            message.push(u8::try_from(length % 128).unwrap() | 128);
            length /= 128;
        }
        message.push(u8::try_from(length).unwrap());
        message.extend(text.as_bytes());
    }
    message.extend(i32::try_from(data["exit_code"].as_i64().unwrap()).unwrap().to_le_bytes());
    message.extend(data["execution_time_ms"].as_u64().unwrap().to_le_bytes());
    message
}

/// With the library that Nautilus itself uses.
fn verified_by_fastcrypto(public_key: &str, answer: &Value) -> bool {
    let key = Ed25519PublicKey::from_bytes(&bytes(public_key)).unwrap();
    let signature = Ed25519Signature::from_bytes(&bytes(answer["signature"].as_str().unwrap())).unwrap();
    key.verify(&message(&answer["response"]), &signature).is_ok()
}

/// With OpenSSL, by way of Node.js, and the bytes put together there.
fn verified_by_node(public_key: &str, answer: &Value) -> bool {
    const SCRIPT: &str = r#"
        const { publicKey, answer } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
        const { intent, timestamp_ms, data } = answer.response;
        const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b; };
        const i32 = (n) => { const b = Buffer.alloc(4); b.writeInt32LE(n); return b; };
        const text = (s) => {
            const b = Buffer.from(s, 'utf8'), length = [];
            for (let n = b.length; ; n >>>= 7) { length.push((n & 127) | (n > 127 ? 128 : 0)); if (n <= 127) break; }
            return Buffer.concat([Buffer.from(length), b]);
        };
        const message = Buffer.concat([Buffer.from([intent]), u64(timestamp_ms), text(data.task_id), text(data.status),
            text(data.stdout), text(data.stderr), i32(data.exit_code), u64(data.execution_time_ms)]);
        const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(publicKey, 'hex')]);
        const key = require('node:crypto').createPublicKey({ key: der, format: 'der', type: 'spki' });
        const good = require('node:crypto').verify(null, message, key, Buffer.from(answer.signature, 'hex'));
        process.exit(good ? 0 : 1);
    "#;
    let mut node = Command::new("node").args(["-e", SCRIPT]).stdin(Stdio::piped()).spawn().unwrap();
    let input = json!({ "publicKey": public_key, "answer": answer }).to_string();
    node.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    node.wait().unwrap().success()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_signed_for_both_kinds_of_readers() {
    let enclave = Enclave::start(|_| {}).await;
    let answer = enclave.process(json!({ "args": ["a", "b"] })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    let (response, data) = (&answer["response"], &answer["response"]["data"]);
    assert_eq!((&data["status"], &data["exit_code"]), (&json!("success"), &json!(0)));
    assert_eq!((&data["stdout"], &data["stderr"]), (&json!("🚀 hi a,b"), &json!("hm")));
    assert_eq!((&response["signature"], &response["timestamp"]), (&answer["signature"], &response["timestamp_ms"]));
    assert_eq!(response["intent"], 0);
    let key = enclave.public_key().await;
    assert!(verified_by_fastcrypto(&key, &answer) && verified_by_node(&key, &answer));

    let mut changed = answer.clone();
    changed["response"]["data"]["stdout"] = "🚀 hi a,c".into();
    assert!(!verified_by_fastcrypto(&key, &changed) && !verified_by_node(&key, &changed));
    enclave.stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_task_prints_the_signature_is_ours() {
    let enclave = Enclave::start(|_| {}).await;
    // A signed answer within an answer, other forms of the same text, and more than 127 bytes.
    let forged = r#"console.log(JSON.stringify({response: {intent: 0, data: {status: "success"}}, signature: "00".repeat(64)}));
        console.log("e\u0301 \u00e9 1e3 1000.0 \ufeff", "x".repeat(1000)); process.stdout.write("no end"); process.exit(3)"#;
    enclave.add("forged", forged);
    let answer = enclave.process(json!({ "task_path": "forged" })).await.json();
    let data = &answer["response"]["data"];
    assert_eq!((&data["status"], &data["exit_code"]), (&json!("failed"), &json!(3)));
    assert!(data["stdout"].as_str().unwrap().contains("e\u{301} \u{e9} 1e3 1000.0 \u{feff}"), "{data}");
    let key = enclave.public_key().await;
    assert!(verified_by_fastcrypto(&key, &answer) && verified_by_node(&key, &answer));
    enclave.stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_words_of_the_reference() {
    let enclave = Enclave::start(|nautilus| nautilus.maximum_timeout = std::time::Duration::from_secs(60)).await;
    fs::create_dir(enclave.tasks.join("empty")).unwrap();
    enclave.add("no-index", "");
    fs::remove_file(enclave.tasks.join("no-index/index.js")).unwrap();
    enclave.add("pipe", "");
    fs::remove_file(enclave.tasks.join("pipe/index.js")).unwrap();
    assert!(Command::new("mkfifo").arg(enclave.tasks.join("pipe/index.js")).status().unwrap().success());
    enclave.add("endless", "while (true);");
    symlink("/etc", enclave.tasks.join("link")).unwrap();
    let payloads = [
        json!({ "task_path": "missing" }),
        json!({ "task_path": "empty" }),
        json!({ "task_path": "no-index" }),
        json!({ "task_path": "pipe" }),
        json!({ "task_path": "nodejs-task/index.js" }),
        json!({ "task_path": "../tasks/nodejs-task" }),
        json!({ "task_path": "/etc" }),
        json!({ "task_path": "link" }),
        json!({ "task_path": "endless", "timeout_secs": 1 }),
        json!({ "timeout_secs": 0 }),
        json!({ "timeout_secs": 61 }),
        json!({ "timeout_secs": -1 }),
        json!({ "args": "a" }),
        json!({ "args": ["a\u{0}b"] }),
        json!(null),
    ];
    let mut errors = Vec::new();
    for payload in payloads {
        errors.push(enclave.error(payload).await);
    }
    insta::assert_snapshot!(errors.join("\n"));
    enclave.stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_are_none_fail_and_say_so_in_what_is_signed() {
    let enclave = Enclave::start(|_| {}).await;
    enclave.add("nothing", "");
    enclave.add("binary", "\u{7f}ELF\u{2}\u{1}\u{1}");
    enclave.add("abort", "process.abort()");
    let nothing = enclave.process(json!({ "task_path": "nothing" })).await.json();
    assert_eq!(nothing["response"]["data"]["status"], "success");
    let binary = enclave.process(json!({ "task_path": "binary" })).await.json();
    assert_eq!(binary["response"]["data"]["status"], "failed");
    // A task that did not run to its end has nothing that could be signed.
    let answer = enclave.process(json!({ "task_path": "abort" })).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    enclave.stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_paths_answer_as_the_reference() {
    let enclave = Enclave::start(|_| {}).await;
    let stage = &enclave.stage;
    assert_eq!(stage.get("/").await.text, "Pong!");
    let health = stage.get("/health_check").await.json();
    assert_eq!((health["pk"].as_str().unwrap().len(), &health["endpoints_status"]), (64, &json!({})));
    let attestation = stage.get("/get_attestation").await;
    assert_eq!(attestation.status, 400);
    let error = attestation.json()["error"].as_str().unwrap().to_owned();
    assert_eq!(error, "Failed to get attestation: there is no /dev/nsm; this is no Nitro enclave");
    // A page of any origin may call.
    let preflight = stage
        .client
        .request(reqwest::Method::OPTIONS, stage.url("/process_data"))
        .header("origin", "https://example.org")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let preflight = stage.send(preflight).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, "*"));
    assert_eq!(preflight.header("access-control-allow-methods"), "POST");
    assert_eq!(preflight.header("access-control-allow-headers"), "content-type");
    enclave.stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_by_file_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, "07".repeat(32) + "\n").unwrap();
    let mut keys = Vec::new();
    for _ in 0..2 {
        let enclave = Enclave::start(|nautilus| nautilus.signing_key = Some(path.clone())).await;
        keys.push(enclave.public_key().await);
        enclave.stage.stop().await;
    }
    assert_eq!(keys[0], keys[1]);
    assert_eq!(keys[0], "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c");
}
