//! How a runner ends.

use serde_json::json;
use stockade_runner::{Ending, Signal};

use crate::stage::Runner;
use stockade_broker_player::Broker;
use stockade_broker_player::Heard;

#[tokio::test]
async fn a_signal_ends_an_idle_runner_in_peace() {
    for (signal, name) in [(Signal::Terminate, "SIGTERM"), (Signal::Interrupt, "SIGINT")] {
        let mut broker = Broker::start().await;
        let runner = Runner::granted(&broker, &[("N8N_RUNNERS_MAX_CONCURRENCY", "1")]);
        let mut socket = broker.registered().await;
        socket.next_of("runner:taskoffer").await;
        runner.signals.send(signal).unwrap();
        assert_eq!(socket.hear().await, Heard::Closed(1000, String::new()));
        let (result, log) = runner.ended().await;
        assert_eq!(result.unwrap(), Ending::Signal);
        let end = format!("Received {name} signal, starting shutdown...\nDisconnected from broker\nRunner stopped\n");
        assert!(log.ends_with(&end), "{log}");
    }
}

#[tokio::test]
async fn a_running_task_ends_before_the_runner_does() {
    let mut broker = Broker::start().await;
    let runner = Runner::granted(&broker, &[("N8N_RUNNERS_MAX_CONCURRENCY", "1")]);
    let mut socket = broker.registered().await;
    socket.accept("t1").await;
    socket.give("t1", "wait").await;
    runner.logs("Received task t1").await;
    runner.signals.send(Signal::Terminate).unwrap();
    runner.logs("Received SIGTERM signal").await;
    runner.engine.release.notify_one();
    assert_eq!(socket.next_word().await["data"], json!({"result": 1}));
    assert_eq!(socket.hear().await, Heard::Closed(1000, String::new()));
    assert_eq!(runner.ended().await.0.unwrap(), Ending::Signal);
}

#[tokio::test]
async fn a_task_that_outlives_the_grace_is_ended_and_reported() {
    let mut broker = Broker::start().await;
    let runner = Runner::granted(
        &broker,
        &[("N8N_RUNNERS_MAX_CONCURRENCY", "1"), ("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "1")],
    );
    let mut socket = broker.registered().await;
    socket.accept("t1").await;
    socket.give("t1", "wait").await;
    runner.logs("Received task t1").await;
    runner.signals.send(Signal::Terminate).unwrap();
    assert_eq!(socket.next_word().await["error"]["message"], "Task was cancelled");
    assert_eq!(socket.hear().await, Heard::Closed(1000, String::new()));
    let (result, log) = runner.ended().await;
    assert_eq!(result.unwrap(), Ending::Signal);
    assert!(log.contains("Shutdown timed out after 1s, forcing exit...\n"), "{log}");
}

#[tokio::test]
async fn not_even_a_task_that_never_ends_holds_up_the_end() {
    let mut broker = Broker::start().await;
    let runner = Runner::granted(
        &broker,
        &[("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "1"), ("N8N_RUNNERS_SHUTDOWN_FORCE_KILL_MARGIN", "1")],
    );
    let mut socket = broker.registered().await;
    socket.accept("t1").await;
    socket.give("t1", "stubborn").await;
    runner.logs("Received task t1").await;
    runner.signals.send(Signal::Terminate).unwrap();
    assert_eq!(runner.ended().await.0.unwrap(), Ending::Signal);
}

#[tokio::test]
async fn an_idle_runner_with_a_grant_token_ends() {
    let mut broker = Broker::start().await;
    let runner = Runner::granted(&broker, &[("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "1")]);
    let mut socket = broker.registered().await;
    assert_eq!(socket.run("t1", "return").await["type"], "runner:taskdone");
    let (result, log) = runner.ended().await;
    assert_eq!(result.unwrap(), Ending::Idle);
    let end = "Reached idle timeout, starting shutdown...\nDisconnected from broker\nRunner stopped\n";
    assert!(log.ends_with(end), "{log}");
}

#[tokio::test]
async fn a_signal_ends_a_runner_that_has_no_broker() {
    let runner = Runner::authorized("http://127.0.0.1:9", &[]);
    runner.logs("Failed to connect to broker").await;
    runner.signals.send(Signal::Terminate).unwrap();
    assert_eq!(runner.ended().await.0.unwrap(), Ending::Signal);
}
