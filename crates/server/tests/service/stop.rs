//! The end of a service.

use std::time::Duration;

use stockade_protocol::Language;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn running_tasks_end_and_new_ones_are_refused() {
    let mut stage = Stage::start().await;
    let path = stage.begin("import time\ntime.sleep(0.5)\nreturn 7").await;
    stage.begin_stop();
    let refused = loop {
        let answer = stage.python("return 1").await;
        if answer.status != 200 {
            break answer;
        }
    };
    refused.problem(503, "UNAVAILABLE_ERROR");
    // Its caller has time to come for the outcome, after the task has ended too.
    assert_eq!(stage.ended(&path).await["result"], 7);
    stage.ending().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_is_answered() {
    let mut stage = Stage::start().await;
    let path = stage.begin("import time\ntime.sleep(0.5)\nreturn 7").await;
    let events = stage.client.get(stage.url(&format!("{path}/events"))).send().await.unwrap();
    stage.begin_stop();
    let events = events.text().await.unwrap();
    assert!(events.contains("event: outcome\n"), "{events}");
    assert!(events.contains(r#""result":7"#), "{events}");
    stage.ending().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_do_not_end_are_cancelled_at_the_deadline() {
    let mut stage = Stage::with(&[Language::Python], |_, configuration| {
        configuration.stop_deadline = Duration::from_millis(200);
    })
    .await;
    let body = serde_json::json!({ "language": "python", "code": "while True: pass" });
    let waiting = tokio::spawn(stage.task(&body).send());
    while !stage.get("/metrics").await.text.contains("\nstockade_tasks_running 1\n") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stage.begin_stop();
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(answer.status().as_u16(), 409);
    assert!(answer.text().await.unwrap().contains("CANCELLED_ERROR"));
    stage.ending().await;
}
