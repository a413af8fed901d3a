//! Signed tasks, beside the reference way: spawning `node`.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ed25519_dalek::{Signer, SigningKey};
use serde::Serialize;

use crate::client::{Client, post};
use crate::load::milliseconds;
use crate::report::percentile;
use crate::service::{Service, TASK};

const SAMPLES: usize = 100;
const SPAWNS: usize = 30;
const SIGNATURES: u32 = 2000;

/// Milliseconds.
#[derive(Debug)]
pub(crate) struct Nautilus {
    /// From a request to its signed answer.
    pub(crate) answer_p50: f64,
    pub(crate) answer_p99: f64,
    /// `node index.js` of the same task, from its start to its end.
    pub(crate) spawn_p50: f64,
    /// One signature over the BCS of an answer.
    pub(crate) signature: f64,
}

/// What is signed, as `crates/server` has it.
#[derive(Serialize)]
struct Signed<'text> {
    intent: u8,
    timestamp_ms: u64,
    task_id: &'text str,
    status: &'text str,
    stdout: &'text str,
    stderr: &'text str,
    exit_code: i32,
    execution_time_ms: u64,
}

pub(crate) async fn measure(service: &Service) -> Nautilus {
    let request = post("/process_data", &serde_json::json!({ "payload": {} }));
    let mut client = Client::connect(service.address).await;
    let mut answers = Vec::new();
    for _ in 0..SAMPLES {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let started = Instant::now();
        let answer = client.send(&request).await;
        answers.push(milliseconds(started));
        assert!(answer.status == 200 && answer.body.contains(r#""stdout":"hello""#), "{answer:?}");
    }
    let task = service.folder.path().join("tasks/nodejs-task");
    assert_eq!(std::fs::read_to_string(task.join("index.js")).unwrap(), TASK);
    let mut spawns = Vec::new();
    for _ in 0..SPAWNS {
        let started = Instant::now();
        let output = Command::new("node").arg("index.js").current_dir(&task).stdin(Stdio::null()).output().unwrap();
        spawns.push(milliseconds(started));
        assert_eq!(output.stdout, b"hello\n");
    }
    answers.sort_by(f64::total_cmp);
    spawns.sort_by(f64::total_cmp);
    Nautilus {
        answer_p50: percentile(&answers, 50),
        answer_p99: percentile(&answers, 99),
        spawn_p50: percentile(&spawns, 50),
        signature: signature(),
    }
}

/// Milliseconds of one signature, the bytes included.
fn signature() -> f64 {
    let key = SigningKey::from_bytes(&[7; 32]);
    let started = Instant::now();
    for number in 0..SIGNATURES {
        let signed = Signed {
            intent: 0,
            timestamp_ms: u64::from(number),
            task_id: "123e4567-e89b-12d3-a456-426614174000",
            status: "success",
            stdout: "hello",
            stderr: "",
            exit_code: 0,
            execution_time_ms: 1,
        };
        let bytes = bcs::to_bytes(&signed).unwrap();
        std::hint::black_box(key.sign(&bytes));
    }
    milliseconds(started) / f64::from(SIGNATURES)
}
