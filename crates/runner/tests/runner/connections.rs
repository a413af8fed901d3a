//! Tokens, refusals, reconnects.

use std::time::Duration;

use stockade_runner::{Ending, RunnerError};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::stage::Runner;
use stockade_broker_player::Broker;
use stockade_broker_player::Heard;

#[tokio::test]
async fn every_connection_gets_a_grant_token_of_its_own() {
    let mut broker = Broker::start().await;
    let runner = Runner::authorized(&broker.uri(), &[]);
    let mut first = broker.registered().await;
    assert_eq!(first.run("t1", "return").await["type"], "runner:taskdone");
    let token = first.token.clone();
    first.close(1001).await;
    let mut second = broker.registered().await;
    assert_ne!(second.token, token);
    assert_eq!(second.path, format!("/runners/_ws?id={}", second.path.rsplit('=').next().unwrap()));
    assert_eq!(second.run("t2", "return").await["type"], "runner:taskdone");
    let requests: Vec<String> = broker.requests.lock().unwrap().clone();
    let lines = ["GET /healthz HTTP/1.1", "POST /runners/auth HTTP/1.1"];
    assert_eq!(requests[..2], lines);
    assert_eq!(requests[3..5], lines);
    assert!(
        runner
            .log()
            .contains("Failed to connect to broker: the broker closed the connection with 1001 - retrying...\n")
    );
}

#[tokio::test]
async fn waits_for_a_broker_that_is_not_there_yet() {
    let reserved = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = reserved.local_addr().unwrap().to_string();
    drop(reserved);
    let runner = Runner::authorized(&format!("http://{address}"), &[]);
    let refused = format!("Failed to connect to broker: failed to connect to {address}: Connection refused");
    runner.logs(&refused).await;
    let log = runner.logs("Not taking tasks: there is no connection to the broker at ").await;
    assert!(log.contains("\nhint: n8n must run with N8N_RUNNERS_MODE=external; "), "{log}");
    let mut broker = Broker::start_at(&address, None).await;
    broker.registered().await;
    runner.logs("Taking tasks again").await;
}

#[tokio::test]
async fn survives_a_restart_of_the_broker() {
    let mut broker = Broker::start().await;
    let address = broker.address.to_string();
    let runner = Runner::authorized(&broker.uri(), &[]);
    let mut socket = broker.registered().await;
    socket.accept("t1").await;
    socket.give("t1", "wait").await;
    runner.logs("Received task t1").await;
    drop(socket);
    drop(broker);
    runner.logs("The connection to n8n ended with 1 running tasks").await;
    runner.engine.release.notify_one();
    runner.logs("Task t1 ended while there is no connection to n8n").await;
    let mut broker = Broker::start_at(&address, None).await;
    let mut socket = broker.registered().await;
    let late = socket.next_word().await;
    assert_eq!((&late["type"], &late["taskId"]), (&"runner:taskdone".into(), &"t1".into()));
    assert_eq!(socket.run("t2", "return").await["type"], "runner:taskdone");
}

#[tokio::test]
async fn no_refusal_ends_a_runner_with_an_auth_token() {
    let mut broker = Broker::start().await;
    broker.answers.lock().unwrap().health = Some(503);
    let runner = Runner::authorized(&broker.uri(), &[]);
    runner.logs("answered /healthz with HTTP 503").await;
    *broker.answers.lock().unwrap() = stockade_broker_player::Answers { auth: Some(403), ..Default::default() };
    let log = runner.logs("answered /runners/auth with HTTP 403").await;
    assert!(log.contains("hint: N8N_RUNNERS_AUTH_TOKEN must be the same here and in n8n\n"), "{log}");
    for status in [403, 429] {
        *broker.answers.lock().unwrap() =
            stockade_broker_player::Answers { upgrade: Some(status), ..Default::default() };
        let line = format!("Failed to connect to broker: server rejected WebSocket connection: HTTP {status}");
        runner.logs(&line).await;
    }
    *broker.answers.lock().unwrap() = stockade_broker_player::Answers::default();
    let mut socket = broker.registered().await;
    assert_eq!(socket.run("t1", "return").await["type"], "runner:taskdone");
}

#[tokio::test]
async fn a_used_up_grant_token_ends_the_runner() {
    let broker = Broker::start().await;
    broker.answers.lock().unwrap().upgrade = Some(403);
    let runner = Runner::granted(&broker, &[]);
    let has_stopped = runner.engine.has_stopped.clone();
    let (result, log) = runner.ended().await;
    let error = result.unwrap_err();
    assert!(matches!(error, RunnerError::GrantTokenRefused), "{error:?}");
    let text = "Authentication failed with status 403: server rejected WebSocket connection: HTTP 403";
    assert_eq!(error.to_string(), text);
    assert!(error.hint().unwrap().contains("N8N_RUNNERS_AUTH_TOKEN"));
    assert!(log.ends_with("Runner stopped\n"));
    assert!(*has_stopped.lock().unwrap());
}

#[tokio::test]
async fn other_refusals_of_a_grant_token_are_tried_again() {
    let mut broker = Broker::start().await;
    broker.answers.lock().unwrap().upgrade = Some(503);
    let runner = Runner::granted(&broker, &[]);
    let line = "Failed to connect to broker: server rejected WebSocket connection: HTTP 503 - retrying...";
    runner.logs(line).await;
    broker.answers.lock().unwrap().upgrade = None;
    broker.registered().await;
    drop(runner);
}

#[tokio::test]
async fn a_runner_with_a_grant_token_ends_with_its_connection() {
    let mut broker = Broker::start().await;
    let runner = Runner::granted(&broker, &[]);
    let mut socket = broker.registered().await;
    socket.accept("t1").await;
    socket.give("t1", "wait").await;
    runner.logs("Received task t1").await;
    drop(socket);
    let (result, log) = runner.ended().await;
    let error = result.unwrap_err();
    assert!(matches!(error, RunnerError::GrantedConnectionLost(_)), "{error:?}");
    assert!(error.to_string().starts_with("Connection to task broker closed unexpectedly, exiting... ("), "{error}");
    assert!(error.hint().unwrap().contains("a grant token works once"));
    assert!(log.contains("The connection to n8n ended with 1 running tasks"), "{log}");
}

#[tokio::test]
async fn a_runner_with_a_grant_token_that_was_drained_ends_well() {
    let mut broker = Broker::start().await;
    let runner = Runner::granted(&broker, &[]);
    let mut socket = broker.registered().await;
    socket.send(serde_json::json!({"type": "broker:drain"})).await;
    runner.logs("Received drain signal").await;
    socket.close(1001).await;
    let (result, _) = runner.ended().await;
    assert_eq!(result.unwrap(), Ending::Drained);
}

#[tokio::test]
async fn a_grant_token_is_tried_for_as_long_as_it_holds() {
    let broker = Broker::start().await;
    broker.answers.lock().unwrap().upgrade = Some(503);
    let runner = Runner::granted(&broker, &[]);
    runner.logs("HTTP 503 - retrying...").await;
    tokio::time::pause();
    let line = "the broker could not be reached within the 30 seconds for which a grant token holds: server rejected";
    while !runner.log().contains(line) {
        sleep(Duration::from_secs(1)).await;
    }
    tokio::time::resume();
    let (result, _) = runner.ended().await;
    assert!(matches!(result, Err(RunnerError::GrantTokenExpired { .. })), "{result:?}");
}

#[tokio::test]
async fn every_address_of_localhost_is_tried() {
    let mut broker = Broker::start().await;
    let _runner = Runner::authorized(&format!("http://localhost:{}", broker.address.port()), &[]);
    broker.registered().await;
}

#[tokio::test]
async fn a_broker_that_falls_silent_is_left() {
    let mut broker = Broker::start().await;
    let runner = Runner::authorized(&broker.uri(), &[]);
    // Held open and never read from: nothing comes back, not even an answer to a ping.
    let silent = broker.registered().await;
    runner.logs("Registered with broker").await;
    tokio::time::pause();
    let line = "Failed to connect to broker: nothing was received for 40 seconds, not even an answer to a ping";
    while !runner.log().contains(line) {
        sleep(Duration::from_secs(1)).await;
    }
    drop(silent);
}

#[tokio::test]
async fn a_message_above_the_limit_ends_the_connection_with_1009() {
    let mut broker = Broker::start().await;
    let runner = Runner::authorized(&broker.uri(), &[("N8N_RUNNERS_MAX_PAYLOAD", "20000")]);
    let mut socket = broker.registered().await;
    socket.accept("big").await;
    socket.give("big", &format!("return {}", "x".repeat(30_000))).await;
    let closed = loop {
        if let Heard::Closed(code, reason) = socket.hear().await {
            break (code, reason);
        }
    };
    assert_eq!(closed.0, 1009);
    assert!(closed.1.ends_with(" bytes exceeds limit of 20000 bytes"), "{closed:?}");
    runner.logs("Failed to connect to broker: sent 1009 (message too big) frame with 30").await;
    let mut socket = broker.registered().await;
    assert_eq!(socket.run("small", "return").await["type"], "runner:taskdone");
}
