//! Metrics, health and the audit log (hostile.md, O8).

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use stockade_protocol::Language;
use stockade_server::{AuditConfiguration, KeyFile, Policy};

use crate::stage::Stage;

/// The value of a sample, labels included in its name.
fn sample(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_the_names_of_the_seed_and_count() {
    let stage = Stage::with(&[Language::Python], |_, configuration| {
        configuration.missing_walls = vec!["landlock".to_owned()];
    })
    .await;
    let names = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).map(str::to_owned).collect()
    };
    let before = stage.get("/metrics").await;
    assert!(before.header("content-type").starts_with("application/openmetrics-text"), "{before:?}");
    insta::assert_snapshot!(names(&before.text).join("\n"));
    assert_eq!(sample(&before.text, "task_runner_executions_total{language=\"python\",status=\"ok\"}"), Some(0.0));

    stage.python("return 1").await.result();
    stage.python("return 1 / 0").await;
    stage.python("import socket\nsocket.socket()").await;
    let body = json!({ "language": "python", "code": "while True: pass", "timeout_ms": 100 });
    stage.post(&body).await.problem(422, "TIMEOUT_ERROR");
    let path = stage.begin("return 'kept'").await;
    stage.ended(&path).await;

    let text = stage.get("/metrics").await.text;
    let value = |name: &str| sample(&text, name).unwrap_or_else(|| panic!("no {name} in\n{text}"));
    assert_eq!(value("task_runner_executions_total{language=\"python\",status=\"ok\"}"), 2.0);
    assert_eq!(value("task_runner_executions_total{language=\"python\",status=\"error\"}"), 3.0);
    assert_eq!(value("task_runner_failures_total{language=\"python\",code=\"RUNTIME_ERROR\"}"), 1.0);
    assert_eq!(value("task_runner_failures_total{language=\"python\",code=\"PERMISSION_ERROR\"}"), 1.0);
    assert_eq!(value("task_runner_failures_total{language=\"python\",code=\"TIMEOUT_ERROR\"}"), 1.0);
    assert_eq!(value("task_runner_timeouts_total{language=\"python\"}"), 1.0);
    assert_eq!(value("task_runner_execution_duration_ms_count{language=\"python\"}"), 5.0);
    assert_eq!(value("stockade_denied_tasks_total{language=\"python\"}"), 1.0);
    assert!(value("task_runner_memory_usage_mb{language=\"python\"}") >= 0.0);
    assert!(value("task_runner_cpu_usage_percent{language=\"python\"}") >= 0.0);
    assert_eq!(value("stockade_wall_missing{wall=\"landlock\"}"), 1.0);
    assert_eq!((value("stockade_ready"), value("stockade_outcomes_kept")), (1.0, 1.0));
    assert!(value("stockade_outcome_bytes") > 0.0 && value("stockade_resident_memory_bytes") > 1e6);
    assert!(value("stockade_open_files") > 3.0);
    assert_eq!((value("stockade_tasks_running"), value("stockade_tasks_maximum")), (0.0, 10.0));
    assert_eq!((value("stockade_tasks_queued"), value("stockade_body_bytes")), (0.0, 0.0));
    assert_eq!(value("stockade_http_requests_total{path=\"/v1/tasks\",method=\"POST\",status=\"200\"}"), 1.0);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_chooses_a_label() {
    let stage = Stage::start().await;
    stage.python("return 1").await;
    let labels = |text: &str| {
        text.lines().filter_map(|line| line.rsplit_once(' ')).map(|(name, _)| name.to_owned()).collect::<BTreeSet<_>>()
    };
    stage.get("/made-up-0").await;
    stage.get("/v1/tasks/0").await;
    let before = labels(&stage.get("/metrics").await.text);
    for number in 1..50 {
        stage.get(&format!("/made-up-{number}")).await;
        stage.get(&format!("/v1/tasks/{number}")).await;
        let language = json!({ "language": format!("made-up-{number}"), "code": "" });
        stage.post(&language).await.problem(400, "VALIDATION_ERROR");
        let method = reqwest::Method::from_bytes(format!("MADEUP{number}").as_bytes()).unwrap();
        stage.send(stage.client.request(method, stage.url("/made-up"))).await;
    }
    let new: Vec<String> = labels(&stage.get("/metrics").await.text).difference(&before).cloned().collect();
    insta::assert_debug_snapshot!(new);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_says_why_not() {
    let mut stage =
        Stage::with(&[Language::Python], |engine, _| (engine.maximum_tasks, engine.maximum_queue) = (1, 1)).await;
    assert_eq!(stage.get("/healthz").await.text, "ok\n");
    assert_eq!(stage.get("/readyz").await.json(), json!({ "status": "ready" }));
    let running = [stage.begin("while True: pass").await, stage.begin("import time\ntime.sleep(1)").await];
    let full = stage.get("/readyz").await.problem(503, "UNAVAILABLE_ERROR");
    assert_eq!(full["detail"], "1 tasks are running and 1 are waiting, which is the most");
    stage.delete(&running[0]).await;
    assert_eq!(stage.get("/readyz").await.status, 200);
    stage.begin_stop();
    let stopping = loop {
        let answer = stage.get("/readyz").await;
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(stopping.problem(503, "UNAVAILABLE_ERROR")["detail"], "the service is stopping");
    assert_eq!(stage.get("/healthz").await.status, 200);
    stage.ending().await;
}

/// A stage with an audit log; the lines of the log after it has stopped.
async fn audited(with_code: bool, run: impl AsyncFnOnce(&Stage)) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = AuditConfiguration { path: path.clone(), with_code };
    let stage = Stage::with(&[Language::Python], |_, configuration| configuration.audit = Some(audit)).await;
    run(&stage).await;
    stage.stop().await;
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ran_what_is_logged_and_not_what_it_was() {
    let lines = audited(false, async |stage| {
        stage.python("print('secret')\nreturn 1").await.result();
        stage.python("raise ValueError('a\\n{\"event\": \"task\"}\\x1b[2J')").await;
        let request = stage.task(&json!({ "language": "python", "code": "" })).header("host", "example.org");
        stage.send(request).await.problem(421, "HOST_ERROR");
    })
    .await;
    assert!(!format!("{lines:?}").contains("secret"), "{lines:?}");
    let stable: Vec<Value> = lines
        .into_iter()
        .map(|mut line| {
            assert!(line["time"].as_str().unwrap().ends_with('Z'));
            line["time"] = "[time]".into();
            crate::stage::stable(line)
        })
        .collect();
    insta::assert_json_snapshot!(stable);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_without_a_key_fill_no_log() {
    let (mut sent, begun) = (0, std::time::Instant::now());
    let lines = audited(false, async |stage| {
        // The first begins a second, and the last comes after it.
        while sent < 100 || begun.elapsed() < Duration::from_secs(2) {
            let request = stage.client.get(stage.url("/metrics")).header("host", "example.org");
            stage.send(request).await.problem(421, "HOST_ERROR");
            sent += 1;
        }
    })
    .await;
    let seconds = begun.elapsed().as_secs() as usize + 1;
    assert!(lines.len() < sent && lines.len() <= 10 * seconds, "{} of {sent}", lines.len());
    assert!(lines.iter().any(|line| line["left_out"].as_u64() > Some(0)), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_and_inputs_are_logged_if_asked_for() {
    let lines = audited(true, async |stage| {
        let body = json!({ "language": "python", "code": "return x", "inputs": { "x": 1 } });
        stage.post(&body).await.result();
    })
    .await;
    assert_eq!((&lines[0]["code"], &lines[0]["inputs"]), (&json!("return x"), &json!("{\"x\":1}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_moved_away_is_begun_anew_and_without_one_nothing_runs() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let path = logs.join("audit.jsonl");
    let audit = AuditConfiguration { path: path.clone(), with_code: false };
    let stage = Stage::with(&[Language::Python], |_, configuration| configuration.audit = Some(audit)).await;
    let lines = || fs::read_to_string(&path).map_or(0, |text| text.lines().count());
    let written = async |count: usize| {
        while lines() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    stage.python("return 1").await.result();
    written(1).await;
    fs::rename(&path, logs.join("audit.jsonl.1")).unwrap();
    stage.python("return 2").await.result();
    written(1).await;

    fs::rename(&logs, folder.path().join("away")).unwrap();
    stage.python("return 3").await.result();
    let refused = loop {
        let answer = stage.python("return 4").await;
        if answer.status != 200 {
            break answer;
        }
    };
    let problem = refused.problem(503, "UNAVAILABLE_ERROR");
    assert!(problem["detail"].as_str().unwrap().contains("the audit log"), "{problem}");
    stage.get("/readyz").await.problem(503, "UNAVAILABLE_ERROR");
    fs::create_dir(&logs).unwrap();
    while stage.python("return 5").await.status != 200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Nothing was lost in between.
    written(2).await;
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_need_a_key_where_tasks_do() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.toml");
    let key = KeyFile::new(&keys).add("prometheus", Policy::default()).unwrap();
    let stage = Stage::with(&[Language::Python], |_, configuration| configuration.keys = Some(keys)).await;
    stage.get("/metrics").await.problem(401, "AUTHENTICATION_ERROR");
    let request = stage.client.get(stage.url("/metrics")).bearer_auth(key.reveal());
    assert_eq!(stage.send(request).await.status, 200);
    assert_eq!(stage.get("/readyz").await.status, 200);
    stage.stop().await;
}
