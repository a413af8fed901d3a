//! Reconnects, drain, idleness and the end.

use super::super::lull::Lull;
use super::super::state::StopCause;
use super::*;

fn running_python() -> Desk {
    let mut desk = Desk::python("2");
    desk.accept("t1");
    desk.give("t1", python_settings());
    desk.sent();
    desk
}

#[test]
fn a_result_that_comes_due_without_a_connection_is_sent_after_the_next_registration() {
    let mut desk = running_python();
    desk.disconnect();
    assert_eq!(desk.dispatcher.lull(), Some(Lull::Disconnected));
    desk.end(0, Ok(json!({"result": 1})));
    assert!(desk.sent().is_empty());
    desk.dispatcher.connected(desk.now);
    desk.say_text(REGISTRATION[0]);
    assert_eq!(desk.sent().len(), 1);
    desk.say_text(REGISTRATION[1]);
    let sent = desk.sent();
    assert_eq!(sent[0]["data"], json!({"result": 1}));
    assert_eq!(sent.len(), 3);
    let lines = desk.log_lines();
    assert!(lines[4].starts_with("The connection to n8n ended with 1 running tasks: n8n has failed them"), "{lines:?}");
    assert_eq!(lines[6], "Task t1 ended while there is no connection to n8n: its result is sent after the reconnect");
}

#[test]
fn a_result_that_did_not_get_out_is_sent_again() {
    let mut desk = running_python();
    desk.end(0, Ok(json!({"result": 1})));
    desk.disconnect();
    desk.connect();
    let ends: Vec<Value> = desk.sent().into_iter().filter(|message| message["type"] == "runner:taskdone").collect();
    assert_eq!(ends.len(), 1);
}

#[test]
fn a_lost_connection_frees_slots_that_wait_for_settings_and_forgets_offers() {
    let mut desk = Desk::python("2");
    desk.accept("t1");
    let offer = desk.dispatcher.free_slots(0);
    assert_eq!(offer, 1);
    desk.disconnect();
    assert_eq!(desk.dispatcher.free_slots(0), 2);
    desk.connect();
    assert_eq!(desk.sent().len(), 3);
}

#[test]
fn drain_stops_offers_and_lets_tasks_end() {
    let mut desk = running_python();
    let offer = desk.dispatcher.lanes[0].offers.next_renewal(desk.now);
    assert!(offer.is_some());
    desk.say(json!({"type": "broker:drain"}));
    assert_eq!(desk.dispatcher.lull(), Some(Lull::Draining));
    desk.end(0, Ok(json!({"result": 1})));
    let sent = desk.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["type"], "runner:taskdone");
    desk.disconnect();
    desk.connect();
    assert_eq!(desk.dispatcher.lull(), None);
}

#[test]
fn the_end_waits_for_running_tasks_and_refuses_new_ones() {
    let mut desk = Desk::python("2");
    let offers: Vec<Value> = desk.sent().into_iter().skip(1).map(|offer| offer["offerId"].clone()).collect();
    desk.say(json!({"type": "broker:taskofferaccept", "taskId": "t1", "offerId": offers[0]}));
    desk.give("t1", python_settings());
    desk.sent();
    desk.dispatcher.stop(StopCause::Terminated, desk.now);
    desk.settle();
    desk.say(json!({"type": "broker:taskofferaccept", "taskId": "t2", "offerId": offers[1]}));
    assert_eq!(desk.sent()[0]["reason"], "Runner is shutting down");
    assert_eq!(desk.dispatcher.finished(desk.now), None);
    desk.end(0, Ok(json!({"result": 1})));
    assert_eq!(desk.sent().len(), 1);
    assert_eq!(desk.dispatcher.finished(desk.now), Some(StopCause::Terminated));
    assert!(desk.log_lines().contains(&"Received SIGTERM signal, starting shutdown...".to_owned()));
}

#[test]
fn tasks_that_outlive_the_grace_are_ended_and_reported() {
    let mut desk = running_python();
    desk.accept_second();
    desk.dispatcher.stop(StopCause::Interrupted, desk.now);
    desk.advance(Duration::from_secs(9));
    assert!(desk.commands(0).is_empty());
    desk.advance(Duration::from_secs(1));
    assert!(matches!(desk.commands(0)[..], [Command::Cancel]));
    desk.end(0, Err(error(ErrorCode::CancelledError, "The task was cancelled")));
    let sent = desk.sent();
    assert_eq!(sent[0]["taskId"], "t2");
    assert_eq!(sent[1]["error"]["message"], "Task was cancelled");
    assert!(sent[1]["error"]["description"].as_str().unwrap().contains("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT"));
    assert_eq!(desk.dispatcher.finished(desk.now), Some(StopCause::Interrupted));
    assert!(desk.log_lines().contains(&"Shutdown timed out after 10s, forcing exit...".to_owned()));
}

#[test]
fn nothing_holds_up_the_end_beyond_its_margin() {
    let mut desk = running_python();
    desk.dispatcher.stop(StopCause::Terminated, desk.now);
    desk.advance(Duration::from_secs(19));
    assert_eq!(desk.dispatcher.finished(desk.now), None);
    assert!(desk.dispatcher.deadline(desk.now) <= desk.now + Duration::from_secs(1));
    desk.advance(Duration::from_secs(1));
    assert_eq!(desk.dispatcher.finished(desk.now), Some(StopCause::Terminated));
}

#[test]
fn a_second_signal_does_not_wait_for_tasks() {
    let mut desk = running_python();
    desk.dispatcher.stop(StopCause::Terminated, desk.now);
    desk.settle();
    desk.dispatcher.stop(StopCause::Terminated, desk.now);
    desk.settle();
    assert!(matches!(desk.commands(0)[..], [Command::Cancel]));
}

#[test]
fn results_that_cannot_be_delivered_in_the_end_are_named() {
    let mut desk = running_python();
    desk.disconnect();
    desk.end(0, Ok(json!({"result": 1})));
    desk.dispatcher.stop(StopCause::Terminated, desk.now);
    desk.settle();
    assert_eq!(desk.dispatcher.finished(desk.now), None);
    desk.advance(Duration::from_secs(20));
    assert!(desk.dispatcher.finished(desk.now).is_some());
    desk.dispatcher.log_undelivered();
    assert_eq!(desk.log_lines().last().unwrap(), "The result of task t1 could not be delivered to n8n");
}

#[test]
fn an_idle_runner_ends_and_a_busy_one_does_not() {
    let mut desk = Desk::new(&[Language::Python], &[("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "2")]);
    desk.advance(Duration::from_secs(10));
    assert_eq!(desk.dispatcher.finished(desk.now), None);
    desk.connect();
    desk.accept("t1");
    desk.give("t1", python_settings());
    desk.advance(Duration::from_secs(10));
    assert_eq!(desk.dispatcher.finished(desk.now), None);
    desk.end(0, Ok(json!({"result": 1})));
    desk.sent();
    desk.advance(Duration::from_millis(1999));
    assert_eq!(desk.dispatcher.finished(desk.now), None);
    desk.advance(Duration::from_millis(1));
    assert_eq!(desk.dispatcher.finished(desk.now), Some(StopCause::Idle));
    assert_eq!(desk.log_lines().last().unwrap(), "Reached idle timeout, starting shutdown...");
}

#[test]
fn a_broker_that_never_registers_the_runner_is_left() {
    let mut desk = Desk::new(&[Language::Python], &[]);
    desk.dispatcher.connected(desk.now);
    desk.settle();
    desk.advance(Duration::from_secs(29));
    assert!(desk.dispatcher.check_registration(desk.now).is_ok());
    let line = "Not taking tasks: the broker at http://127.0.0.1:5679 has not registered the runner yet";
    assert_eq!(desk.log_lines().last().unwrap(), line);
    desk.advance(Duration::from_secs(1));
    assert_eq!(
        desk.dispatcher.check_registration(desk.now).unwrap_err().to_string(),
        "the broker did not register the runner within 30 seconds"
    );
}

#[test]
fn a_runner_without_slots_says_so() {
    let mut desk = Desk::python("0");
    assert_eq!(desk.sent().len(), 1);
    assert_eq!(desk.dispatcher.lull(), Some(Lull::NoSlots(0)));
    desk.advance(Duration::from_secs(2));
    assert_eq!(desk.log_lines().last().unwrap(), "Not taking tasks: N8N_RUNNERS_MAX_CONCURRENCY is 0 for python");
}

impl Desk {
    /// A second task that never gets its settings.
    fn accept_second(&mut self) {
        self.now = self.dispatcher.lanes[0].offers.next_renewal(self.now).unwrap();
        self.settle();
        self.accept("t2");
    }
}
