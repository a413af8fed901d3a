//! Tasks that outlive their request: `Prefer: respond-async`, idempotency keys, cancelling.

use std::time::Duration;

use serde_json::json;
use stockade_protocol::Language;
use stockade_server::Retention;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_task_can_be_asked_for() {
    let stage = Stage::start().await;
    let path = stage.begin("print('so far', flush=True)\nimport time\ntime.sleep(0.2)\nreturn 7").await;
    let running = stage.get(&path).await.json();
    assert_eq!(running["status"], "running");
    assert!(running.get("usage").is_none(), "{running}");
    let ended = stage.ended(&path).await;
    assert_eq!((&ended["status"], &ended["result"], &ended["stdout"]), (&json!("ok"), &json!(7), &json!("so far\n")));

    // A task that failed is a task all the same.
    let path = stage.begin("return 1 / 0").await;
    let ended = stage.ended(&path).await;
    assert_eq!((&ended["status"], &ended["error"]["code"]), (&json!("error"), &json!("RUNTIME_ERROR")));
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_task_is_cancelled_and_an_ended_one_forgotten() {
    let stage = Stage::start().await;
    let path = stage.begin("while True: pass").await;
    assert_eq!(stage.delete(&path).await.status, 204);
    assert_eq!(stage.get(&path).await.json()["error"]["code"], "CANCELLED_ERROR");
    assert_eq!(stage.delete(&path).await.status, 204);
    stage.get(&path).await.problem(404, "NOT_FOUND_ERROR");
    stage.delete(&path).await.problem(404, "NOT_FOUND_ERROR");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_are_forgotten_after_a_while() {
    let stage = Stage::with(&[Language::Python], |_, configuration| {
        configuration.retention = Retention { time: Duration::from_millis(100), ..configuration.retention };
    })
    .await;
    let path = stage.begin("return 1").await;
    stage.ended(&path).await;
    let forgotten = async {
        while stage.get(&path).await.status != 404 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(crate::stage::PATIENCE, forgotten).await.expect("the outcome is kept");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_key_runs_once() {
    let stage = Stage::start().await;
    let body = json!({ "language": "python", "code": "import uuid\nreturn str(uuid.uuid4())" });
    let send = |body: &serde_json::Value| stage.send(stage.task(body).header("idempotency-key", "order-7"));
    // At the same time, and later.
    let (first, second) = tokio::join!(send(&body), send(&body));
    let third = send(&body).await;
    assert_eq!((first.result(), second.result()), (third.result(), third.result()));
    assert_eq!(third.header("idempotency-replayed"), "true");
    assert_eq!(first.json()["id"], third.json()["id"]);
    assert_ne!(stage.post(&body).await.result(), third.result());

    let other = json!({ "language": "python", "code": "return 1" });
    send(&other).await.problem(422, "IDEMPOTENCY_ERROR");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_task_of_a_client_that_has_gone_is_cancelled() {
    let stage =
        Stage::with(&[Language::Python], |engine, _| (engine.maximum_tasks, engine.maximum_queue) = (1, 1)).await;
    let body = json!({ "language": "python", "code": "while True: pass" });
    let request = stage.task(&body).timeout(Duration::from_millis(300)).send().await;
    assert!(request.unwrap_err().is_timeout());
    // There is one place only, and the endless task has a minute.
    let next = tokio::time::timeout(Duration::from_secs(10), stage.python("return 1"));
    assert_eq!(next.await.expect("the task of the client that has gone still runs").result(), 1);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_error_is_cut_and_counted() {
    let stage = Stage::start().await;
    let path = stage.begin("raise type('E' * 10_000_000, (Exception,), {})('x' * 10_000_000)").await;
    let error = stage.ended(&path).await["error"].clone();
    let lengths = ["name", "message"].map(|part| error[part].as_str().map_or(0, str::len));
    assert!(lengths.iter().all(|length| (10..=66_000).contains(length)), "{lengths:?}");
    // It is counted a moment after it can be read.
    let counted = async {
        loop {
            match outcome_bytes(&stage).await {
                0 => tokio::time::sleep(Duration::from_millis(2)).await,
                bytes => return bytes,
            }
        }
    };
    let counted = tokio::time::timeout(crate::stage::PATIENCE, counted).await.expect("nothing is counted");
    assert!(counted >= lengths.iter().sum() && counted < 500_000, "{counted}");
    // What its caller forgets takes nothing any more.
    assert_eq!(stage.delete(&path).await.status, 204);
    assert_eq!(outcome_bytes(&stage).await, 0);
    stage.stop().await;
}

async fn outcome_bytes(stage: &Stage) -> usize {
    let metrics = stage.get("/metrics").await.text;
    let line =
        metrics.lines().find(|line| line.starts_with("stockade_outcome_bytes ")).unwrap_or_else(|| panic!("{metrics}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_runs_twice_after_its_outcome_had_to_go() {
    let stage = Stage::with(&[Language::Python], |_, configuration| {
        configuration.retention = Retention { tasks: 1, ..configuration.retention };
    })
    .await;
    let body = json!({ "language": "python", "code": "return 1" });
    let send = async |key: &str| stage.send(stage.task(&body).header("idempotency-key", key)).await;
    assert_eq!(send("order-7").await.result(), 1);
    assert_eq!(send("order-8").await.result(), 1);
    // The outcome of the second takes the place of the first a moment after its answer.
    let gone = async {
        loop {
            let answer = send("order-7").await;
            if answer.status != 200 {
                return answer;
            }
            assert_eq!(answer.header("idempotency-replayed"), "true");
        }
    };
    let gone = tokio::time::timeout(crate::stage::PATIENCE, gone).await.expect("the outcome is kept");
    gone.problem(409, "STATE_ERROR");
    stage.stop().await;
}
