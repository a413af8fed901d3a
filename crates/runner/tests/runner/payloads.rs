//! Large messages, and brokers that are slow to take them.

use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::stage::Runner;
use stockade_broker_player::Broker;
use stockade_broker_player::Heard;

const LARGE: usize = 20 * 1024 * 1024;

#[tokio::test]
async fn a_large_result_arrives_whole() {
    let mut broker = Broker::start().await;
    let _runner = Runner::granted(&broker, &[]);
    let mut socket = broker.registered().await;
    let done = socket.run("t1", &format!("long {LARGE}")).await;
    assert_eq!(done["type"], "runner:taskdone");
    assert_eq!(done["data"]["result"].as_str().unwrap().len(), LARGE);
}

#[tokio::test]
async fn large_data_reaches_the_task() {
    let mut broker = Broker::start().await;
    let _runner = Runner::granted(&broker, &[]);
    let mut socket = broker.registered().await;
    let request = socket.run("t1", "ask").await;
    let data = "x".repeat(LARGE);
    let answer = json!({"type": "broker:taskdataresponse", "taskId": "t1", "requestId": request["requestId"],
        "data": data});
    socket.send(answer).await;
    assert_eq!(socket.next_word().await["data"], json!({ "result": LARGE + 2 }));
}

#[tokio::test]
async fn a_broker_that_is_slow_to_read_can_still_cancel() {
    let mut broker = Broker::start().await;
    let runner = Runner::granted(&broker, &[("N8N_RUNNERS_MAX_CONCURRENCY", "2")]);
    let mut socket = broker.registered().await;
    let offers = [socket.next_of("runner:taskoffer").await, socket.next_of("runner:taskoffer").await];
    socket.accept_offer("waits", &offers[0]).await;
    socket.give("waits", "wait").await;
    socket.accept_offer("large", &offers[1]).await;
    socket.give("large", &format!("long {LARGE}")).await;
    runner.logs("Completed task large").await;
    // The result is on its way and nobody reads it: more than any buffer between holds.
    socket.cancel("waits").await;
    runner.logs("Cancelled task waits").await;
    socket.send_raw(Message::Ping(b"alive?".to_vec().into())).await;
    let mut heard = Vec::new();
    while heard.len() < 3 {
        match socket.hear().await {
            Heard::Message(message) if message["type"] == "runner:taskoffer" => {}
            Heard::Message(message) => heard.push(message["taskId"].as_str().unwrap().to_owned()),
            Heard::Pong(bytes) => heard.push(String::from_utf8(bytes).unwrap()),
            closed @ Heard::Closed(..) => panic!("{closed:?}"),
        }
    }
    heard.sort();
    assert_eq!(heard, ["alive?", "large", "waits"]);
}
