//! A slot's way round: offer, acceptance, settings, cancel.

use super::*;

const EXPIRED: &str = "Offer expired - not accepted within validity window";

#[test]
fn says_who_it_is_and_offers_every_slot_at_once() {
    let mut desk = Desk::new(&[Language::JavaScript, Language::Python], &[("N8N_RUNNERS_MAX_CONCURRENCY", "2")]);
    desk.settle();
    assert!(desk.sent().is_empty());
    desk.dispatcher.connected(desk.now);
    desk.say_text(REGISTRATION[0]);
    assert_eq!(
        desk.sent(),
        [json!({"type": "runner:info", "name": "Stockade Task Runner", "types": ["javascript", "python"]})]
    );
    desk.say_text(REGISTRATION[1]);
    let types: Vec<Value> = desk.sent().into_iter().map(|offer| offer["taskType"].clone()).collect();
    assert_eq!(types, ["javascript", "javascript", "python", "python"]);
    assert_eq!(desk.log_lines(), ["Connected to broker", "Registered with broker"]);
}

#[test]
fn has_the_names_of_the_official_runners_when_it_serves_one_type() {
    for (language, name) in [(Language::Python, "Python Task Runner"), (Language::JavaScript, "JS Task Runner")] {
        let mut desk = Desk::registered(language, "1");
        assert_eq!(desk.sent()[0]["name"], name);
    }
}

#[test]
fn a_python_task_goes_to_the_engine_with_its_items_untouched() {
    let mut desk = Desk::python("1");
    desk.accept("t1");
    desk.say_text(
        r#"{"type":"broker:tasksettings","taskId":"t1","settings":{"code":"return _items","nodeMode":"runOnceForAllItems",
        "items":[ {"json": 1.50} ],"query":{"q":1},"nodeName":"Code"}}"#,
    );
    desk.with_task(0, |started| {
        let stockade_protocol::Program::N8n { code, settings } = &started.task.program else { panic!() };
        assert_eq!(code, "return _items");
        assert_eq!(started.task.inputs, r#"[ {"json": 1.50} ]"#);
        assert_eq!(started.task.limits.timeout, Duration::from_secs(60));
        let settings = Value::Object(settings.clone());
        let for_harness = json!({"nodeMode": "runOnceForAllItems", "query": {"q": 1}});
        assert_eq!(settings, json!({"n8n": for_harness, "validated": false}));
    });
}

#[test]
fn a_new_offer_goes_out_the_moment_a_task_ends() {
    let mut desk = Desk::python("1");
    desk.accept("t1");
    desk.give("t1", python_settings());
    assert!(desk.sent().is_empty());
    desk.end(0, Ok(json!({"result": 1})));
    let sent = desk.sent();
    assert_eq!(sent[0], json!({"type": "runner:taskdone", "taskId": "t1", "data": {"result": 1}}));
    assert_eq!(sent[1]["type"], "runner:taskoffer");
    assert_eq!(
        desk.log_lines()[2..],
        [
            "Accepted task t1",
            "Received task t1",
            "Completed task t1 in 0ms (12 bytes) for node \"Code\" (n1) in workflow \"WF\" (w1)"
        ]
    );
}

#[test]
fn offers_are_renewed_before_they_end() {
    let mut desk = Desk::python("1");
    desk.sent();
    desk.advance(Duration::from_millis(4400));
    assert!(desk.offers().is_empty());
    let renewal = desk.dispatcher.lanes[0].offers.next_renewal(desk.now).unwrap();
    assert!(desk.dispatcher.deadline(desk.now) <= renewal);
    desk.now = renewal;
    desk.settle();
    assert_eq!(desk.offers().len(), 1);
}

#[test]
fn refuses_with_the_official_reasons() {
    let mut desk = Desk::python("1");
    let offer = desk.sent().pop().unwrap()["offerId"].clone();
    let accept =
        |task: &str, offer: &Value| json!({"type": "broker:taskofferaccept", "taskId": task, "offerId": offer});
    let rejected = |task: &str, reason: &str| json!({"type": "runner:taskrejected", "taskId": task, "reason": reason});
    desk.say(accept("a", &json!("unknown")));
    assert_eq!(desk.sent(), [rejected("a", EXPIRED)]);
    let renewal = desk.dispatcher.lanes[0].offers.next_renewal(desk.now).unwrap();
    desk.now = renewal;
    desk.settle();
    let second = desk.sent().pop().unwrap()["offerId"].clone();
    desk.say(accept("b", &offer));
    assert_eq!(desk.sent()[0]["type"], "runner:taskaccepted");
    desk.say(accept("c", &offer));
    assert_eq!(desk.sent(), [rejected("c", EXPIRED)]);
    desk.say(accept("d", &second));
    assert_eq!(desk.sent(), [rejected("d", "No open task slots - runner already at capacity")]);
}

#[test]
fn an_id_that_is_taken_is_refused_and_its_task_goes_on() {
    let mut desk = Desk::python("2");
    let offers: Vec<Value> = desk.sent().into_iter().skip(1).map(|offer| offer["offerId"].clone()).collect();
    for offer in &offers {
        desk.say(json!({"type": "broker:taskofferaccept", "taskId": "t", "offerId": offer}));
    }
    let kinds: Vec<Value> = desk.sent().into_iter().map(|message| message["type"].clone()).collect();
    assert_eq!(kinds, ["runner:taskaccepted", "runner:taskrejected", "runner:taskoffer"]);
    desk.give("t", python_settings());
    assert_eq!(desk.dispatcher.running_tasks(), 1);
}

#[test]
fn cancel_while_waiting_for_settings_frees_the_slot_without_a_message() {
    let mut desk = Desk::python("1");
    desk.accept("t1");
    desk.say(json!({"type": "broker:taskcancel", "taskId": "t1", "reason": "why"}));
    assert_eq!(desk.offers().len(), 1);
    assert_eq!(desk.log_lines().last().unwrap(), "Cancelled task t1 (waiting for settings)");
}

#[test]
fn offers_that_n8n_has_dropped_are_made_again() {
    let mut desk = Desk::python("2");
    desk.accept("t1");
    desk.say(json!({"type": "broker:taskcancel", "taskId": "t1", "reason": "Acknowledgement window elapsed"}));
    assert_eq!(desk.offers().len(), 2);
}

#[test]
fn cancel_in_the_same_instant_as_the_settings_ends_the_task() {
    let mut desk = Desk::python("1");
    desk.accept("t1");
    desk.give("t1", python_settings());
    desk.say(json!({"type": "broker:taskcancel", "taskId": "t1", "reason": "why"}));
    assert!(matches!(desk.commands(0)[..], [Command::Cancel]));
    // Even if the task had finished at that moment: n8n has forgotten it.
    desk.end(0, Ok(json!({"result": 1})));
    assert_eq!(
        desk.sent()[0],
        json!({"type": "runner:taskerror", "taskId": "t1", "error": {"message": "Task was cancelled"}})
    );
    assert_eq!(desk.log_lines()[4..], ["Cancelled task t1 for node \"Code\" (n1) in workflow \"WF\" (w1)"]);
}

#[test]
fn a_cancelled_javascript_task_ends_without_a_message_as_officially() {
    let mut desk = Desk::javascript("1");
    desk.accept("t1");
    desk.give("t1", javascript_settings());
    desk.say(json!({"type": "broker:taskcancel", "taskId": "t1", "reason": "why"}));
    desk.end(0, Err(error(ErrorCode::CancelledError, "The task was cancelled")));
    assert_eq!(desk.offers().len(), 1);
}

#[test]
fn settings_that_come_twice_are_discarded() {
    let mut desk = Desk::python("1");
    desk.accept("t1");
    desk.give("t1", python_settings());
    desk.give("t1", python_settings());
    assert_eq!(desk.engine.started.lock().unwrap().len(), 1);
    let line = "Received settings for task but it is already TaskStatus.RUNNING. Discarding message.";
    assert_eq!(desk.log_lines().last().unwrap(), line);
}

#[test]
fn settings_that_cannot_be_read_are_answered_and_free_the_slot() {
    for (settings, reason) in [
        (json!({"nodeMode": "runOnceForAllItems", "items": []}), "Missing field in task settings message: 'code'"),
        (json!({"code": "x", "items": []}), "Missing field in task settings message: 'nodeMode'"),
        (json!({"code": "x", "nodeMode": "runOnceForAllItems"}), "Missing field in task settings message: 'items'"),
        (json!({"code": "x", "nodeMode": "nope", "items": []}), "Unknown nodeMode: nope"),
        (json!([1]), "Missing field in task settings message: 'settings'"),
    ] {
        let mut desk = Desk::python("1");
        desk.accept("t1");
        desk.give("t1", settings);
        let sent = desk.sent();
        assert_eq!(sent[0]["type"], "runner:taskerror");
        let message = format!("The task runner cannot read the settings of this task: {reason}");
        assert_eq!(sent[0]["error"]["message"], message);
        assert_eq!(sent[1]["type"], "runner:taskoffer");
        assert_eq!(desk.log_lines().last().unwrap(), &format!("Error handling message: {reason}"));
    }
}

#[test]
fn settings_that_never_come_cost_the_slot_no_longer_than_a_task_would() {
    let mut desk = Desk::javascript("1");
    desk.accept("t1");
    desk.advance(Duration::from_secs(299));
    desk.sent();
    desk.advance(Duration::from_secs(1));
    let sent = desk.sent();
    assert_eq!(sent[0]["error"]["message"], "Task execution timed out after 300 seconds");
    assert_eq!(sent[1]["type"], "runner:taskoffer");
}

#[test]
fn odd_messages_are_logged_in_the_official_words() {
    let mut desk = Desk::python("1");
    desk.sent();
    desk.give("zz", python_settings());
    for message in [
        r#"{"type":"broker:whatever"}"#,
        r#"{"notype":1}"#,
        r#"{"type":"broker:taskcancel","taskId":"zz","reason":"x"}"#,
        r#"{"type":"broker:taskcancel","taskId":"zz"}"#,
        r#"{"type":"broker:taskofferaccept","taskId":"zz"}"#,
        r#"{"type":"broker:rpcresponse","callId":"c"}"#,
    ] {
        desk.say_text(message);
    }
    assert!(desk.sent().is_empty());
    assert_eq!(
        desk.log_lines()[2..],
        [
            "Error handling message: Failed to find task zz. This is likely an internal error.",
            "Error handling message: Unknown message type: broker:whatever",
            "Error handling message: Unknown message type: None",
            "Received cancel for unknown task: zz. Discarding message.",
            "Error handling message: Missing field in task cancel message: 'reason'",
            "Error handling message: Missing field in task offer acceptance message: 'offerId'",
            "Error handling message: Missing field in RPC response message: 'taskId'",
        ]
    );
}

#[test]
fn the_clock_of_a_javascript_task_starts_with_its_acceptance() {
    let mut desk = Desk::javascript("1");
    desk.accept("t1");
    desk.advance(Duration::from_secs(2));
    desk.give("t1", javascript_settings());
    desk.with_task(0, |started| assert_eq!(started.task.limits.timeout, Duration::from_secs(298)));
}

#[test]
fn a_language_that_cannot_run_is_not_offered_and_the_reason_is_said() {
    let mut desk = Desk::python("1");
    desk.sent();
    *desk.engine.problem.lock().unwrap() = Some("the zygote ended".to_owned());
    desk.advance(Duration::from_secs(1));
    desk.advance(Duration::from_secs(5));
    assert!(desk.offers().is_empty());
    let line = "Not taking tasks: python cannot run: the zygote ended";
    assert_eq!(desk.log_lines().last().unwrap(), line);
    *desk.engine.problem.lock().unwrap() = None;
    desk.advance(Duration::from_secs(1));
    assert_eq!(desk.offers().len(), 1);
    assert_eq!(desk.log_lines().last().unwrap(), "Taking tasks again");
}
