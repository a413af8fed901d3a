//! Tasks from offer to end.

use serde_json::{Value, json};
use stockade_protocol::Language;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::stage::Runner;
use stockade_broker_player::Broker;
use stockade_broker_player::Heard;

#[tokio::test]
async fn connects_registers_and_runs_tasks() {
    let mut broker = Broker::start().await;
    let allow = ("N8N_RUNNERS_EXTERNAL_ALLOW", "absent");
    let environment = [("N8N_RUNNERS_MAX_CONCURRENCY", "3"), ("N8N_RUNNERS_ID", "a runner"), allow];
    let runner = Runner::granted(&broker, &environment);
    let mut socket = broker.registered().await;
    assert_eq!(socket.path, "/runners/_ws?id=a%20runner");
    assert_eq!(socket.token, "one-time");
    assert_eq!(socket.information, json!({"type": "runner:info", "name": "Python Task Runner", "types": ["python"]}));
    for number in 0..20 {
        let task_id = format!("t{number}");
        let done = socket.run(&task_id, "return").await;
        assert_eq!(done, json!({"type": "runner:taskdone", "taskId": task_id, "data": {"result": 1}}));
    }
    let log = runner.log();
    let start = "Starting runner...\n\
        Allowlisted module 'absent' is not installed. Please either install it or remove it from the allowlist \
        (No module named 'absent'): it is allowed, but not installed; install it with `stockade packages add python \
        absent`\nConnected to broker\nRegistered with broker\nAccepted task t0\nReceived task t0\n\
        Completed task t0 in ";
    assert!(log.starts_with(start), "{log}");
    assert!(log.contains("(12 bytes) for node \"Code\" (n1) in workflow \"WF\" (w1)\n"), "{log}");
}

#[tokio::test]
async fn one_connection_serves_both_task_types() {
    let mut broker = Broker::start().await;
    let uri = broker.uri();
    let environment = [
        ("N8N_RUNNERS_GRANT_TOKEN", "one-time"),
        ("N8N_RUNNERS_TASK_BROKER_URI", uri.as_str()),
        ("N8N_RUNNERS_MAX_CONCURRENCY", "1"),
    ];
    let _runner = Runner::start(&[], &environment);
    let mut socket = broker.registered().await;
    assert_eq!(socket.information["types"], json!(["javascript", "python"]));
    let offers = [socket.next_of("runner:taskoffer").await, socket.next_of("runner:taskoffer").await];
    assert_eq!([&offers[0]["taskType"], &offers[1]["taskType"]], ["javascript", "python"]);
    for (task_id, offer) in ["a", "b"].into_iter().zip(&offers) {
        socket.accept_offer(task_id, offer).await;
        socket.give(task_id, "return").await;
        assert_eq!(socket.next_word().await["data"], json!({"result": 1}));
    }
}

#[tokio::test]
async fn data_of_a_javascript_task_passes_both_ways() {
    let mut broker = Broker::start().await;
    let uri = broker.uri();
    let environment = [("N8N_RUNNERS_GRANT_TOKEN", "one-time"), ("N8N_RUNNERS_TASK_BROKER_URI", uri.as_str())];
    let _runner = Runner::start(&[Language::JavaScript], &environment);
    let mut socket = broker.registered().await;
    assert_eq!(socket.information["name"], "JS Task Runner");
    let request = socket.run("t1", "ask").await;
    assert_eq!(request["type"], "runner:taskdatarequest");
    assert_eq!(request["requestParams"]["dataOfNodes"], "all");
    let answer = json!({"type": "broker:taskdataresponse", "taskId": "t1", "requestId": request["requestId"],
        "data": {"workflow": {"nodes": []}}});
    socket.send(answer).await;
    let length = json!({"workflow": {"nodes": []}}).to_string().len();
    assert_eq!(socket.next_word().await["data"], json!({ "result": length }));
}

#[tokio::test]
async fn a_cancel_works_in_every_state() {
    let mut broker = Broker::start().await;
    let runner = Runner::granted(&broker, &[("N8N_RUNNERS_MAX_CONCURRENCY", "1")]);
    let mut socket = broker.registered().await;

    socket.accept("waiting").await;
    socket.cancel("waiting").await;
    let offer = socket.hear().await;
    assert!(matches!(&offer, Heard::Message(message) if message["type"] == "runner:taskoffer"), "{offer:?}");

    let Heard::Message(offer) = offer else { return };
    socket.accept_offer("running", &offer).await;
    socket.give("running", "wait").await;
    runner.logs("Received task running").await;
    socket.cancel("running").await;
    let cancelled = json!({"message": "Task was cancelled"});
    assert_eq!(socket.next_word().await["error"], cancelled);

    socket.accept("at once").await;
    socket.give("at once", "wait").await;
    socket.cancel("at once").await;
    assert_eq!(socket.next_word().await["error"], cancelled);

    socket.cancel("never heard of").await;
    let log = runner.logs("Received cancel for unknown task: never heard of. Discarding message.").await;
    assert!(log.contains("Cancelled task waiting (waiting for settings)\n"));
    assert!(log.contains("Cancelled task at once for node \"Code\" (n1) in workflow \"WF\" (w1)\n"));
    assert_eq!(socket.run("after", "return").await["type"], "runner:taskdone");
}

#[tokio::test]
async fn bad_messages_cost_nothing() {
    let mut broker = Broker::start().await;
    let runner = Runner::granted(&broker, &[("N8N_RUNNERS_MAX_CONCURRENCY", "1")]);
    let mut socket = broker.registered().await;
    for text in ["{not json", "[]", "7", "", "{\"type\":\"broker:whatever\"}"] {
        socket.send_raw(Message::text(text)).await;
    }
    socket.send_raw(Message::binary(&b"\xff\xfe"[..])).await;
    socket.accept("t1").await;
    let no_code = json!({"type": "broker:tasksettings", "taskId": "t1", "settings": {"items": []}});
    socket.send(no_code).await;
    let error = socket.next_word().await;
    assert_eq!(
        error["error"]["message"],
        "The task runner cannot read the settings of this task: Missing field in task settings message: 'code'"
    );
    assert_eq!(socket.run("t2", "return").await["type"], "runner:taskdone");
    let log = runner.log();
    assert!(log.contains("Error handling message: Unknown message type: broker:whatever\n"), "{log}");
    assert!(log.contains("Error handling message: the message is not UTF-8\n"), "{log}");
}

#[tokio::test]
async fn binary_frames_are_read_as_text() {
    let mut broker = Broker::start().await;
    let _runner = Runner::granted(&broker, &[]);
    let mut socket = broker.registered().await;
    let offer = socket.next_of("runner:taskoffer").await;
    let accept = json!({"type": "broker:taskofferaccept", "taskId": "bin", "offerId": offer["offerId"]});
    socket.send_raw(Message::binary(accept.to_string().into_bytes())).await;
    assert_eq!(socket.next_word().await["type"], "runner:taskaccepted");
}

#[tokio::test]
async fn heartbeats_are_answered_while_tasks_run() {
    let mut broker = Broker::start().await;
    let _runner = Runner::granted(&broker, &[("N8N_RUNNERS_MAX_CONCURRENCY", "1")]);
    let mut socket = broker.registered().await;
    socket.accept("t1").await;
    socket.give("t1", "stubborn").await;
    for number in [b"1", b"2"] {
        socket.send_raw(Message::Ping(number.to_vec().into())).await;
        assert_eq!(socket.hear().await, Heard::Pong(number.to_vec()));
    }
}

#[tokio::test]
async fn drain_lets_tasks_end_and_sends_no_more_offers() {
    let mut broker = Broker::start().await;
    let runner = Runner::granted(&broker, &[("N8N_RUNNERS_MAX_CONCURRENCY", "2")]);
    let mut socket = broker.registered().await;
    let offers = [socket.next_of("runner:taskoffer").await, socket.next_of("runner:taskoffer").await];
    socket.accept_offer("t1", &offers[0]).await;
    socket.give("t1", "wait").await;
    socket.send(json!({"type": "broker:drain"})).await;
    runner.logs("Received drain signal, stopped accepting new tasks").await;
    runner.engine.release.notify_one();
    assert_eq!(socket.next_word().await["type"], "runner:taskdone");
    // An offer that n8n took up in that moment still holds, and after it there is none.
    socket.accept_offer("t2", &offers[1]).await;
    socket.give("t2", "return").await;
    assert_eq!(socket.next_word().await["type"], "runner:taskdone");
    socket.send_raw(Message::Ping(Vec::new().into())).await;
    assert_eq!(socket.hear().await, Heard::Pong(Vec::new()));
}

#[tokio::test]
async fn an_engine_that_cannot_work_is_not_offered() {
    let mut broker = Broker::start().await;
    let runner = Runner::granted(&broker, &[("N8N_RUNNERS_MAX_CONCURRENCY", "1")]);
    let mut socket = broker.registered().await;
    let offer = socket.next_of("runner:taskoffer").await;
    *runner.engine.problem.lock().unwrap() = Some("the zygote ended".to_owned());
    runner.logs("Not taking tasks: python cannot run: the zygote ended").await;
    let accept = json!({"type": "broker:taskofferaccept", "taskId": "t1", "offerId": offer["offerId"]});
    socket.send(accept).await;
    let answer = socket.next_word().await;
    assert_eq!(answer["type"], "runner:taskrejected");
    assert_eq!(answer["reason"], Value::from("The runner cannot run tasks now: the zygote ended"));
    *runner.engine.problem.lock().unwrap() = None;
    runner.logs("Taking tasks again").await;
    assert_eq!(socket.run("t2", "return").await["type"], "runner:taskdone");
}
