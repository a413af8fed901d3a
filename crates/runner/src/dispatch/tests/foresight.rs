//! Data that is asked for before a worker is taken.

use super::*;

const DATA: &str = r#"{"dataOfNodes":["Src"],"prevNode":false,"env":false,"input":{"include":true}}"#;

/// A JavaScript runner that has run `return items` once, with these questions.
fn experienced(code: &str, questions: &[(&str, &str)], result: Result<Value, TaskError>) -> Desk {
    let mut desk = Desk::javascript("1");
    desk.accept("t0");
    desk.give("t0", settings(code));
    for (id, (name, parameters)) in (0..).zip(questions) {
        desk.report(0, TaskEvent::Request { id, name: (*name).to_owned(), parameters: raw(parameters) });
    }
    desk.sent();
    desk.end(0, result);
    desk.accept("t1");
    desk
}

fn settings(code: &str) -> Value {
    let mut settings = javascript_settings();
    settings["code"] = code.into();
    settings
}

/// The id of the request that was made ahead for the task t1.
fn asked_ahead(desk: &mut Desk) -> String {
    let [request] = desk.sent().try_into().unwrap();
    assert_eq!(request["type"], "runner:taskdatarequest");
    assert_eq!(request["requestParams"], serde_json::from_str::<Value>(DATA).unwrap());
    assert_eq!(desk.engine.started.lock().unwrap().len(), 1);
    request["requestId"].as_str().unwrap().to_owned()
}

fn learned() -> Desk {
    let mut desk = experienced("return items", &[("data", DATA)], Ok(json!({"result": []})));
    desk.give("t1", settings("return items"));
    desk
}

#[test]
fn the_second_task_with_the_same_code_starts_with_its_data() {
    let mut desk = learned();
    let request_id = asked_ahead(&mut desk);
    let answer = |request: &str| {
        let text = r#"{"type":"broker:taskdataresponse","taskId":"t1","requestId":"ID","data":{"n": 1.0}}"#;
        text.replace("ID", request)
    };
    desk.say_text(&answer("another"));
    assert_eq!(desk.engine.started.lock().unwrap().len(), 1);
    desk.say_text(&answer(&request_id));
    desk.with_task(1, |started| assert_eq!(started.task.inputs, r#"{"n": 1.0}"#));
    desk.end(1, Ok(json!({"result": []})));
    assert_eq!(desk.sent()[0]["type"], "runner:taskdone");
}

#[test]
fn nothing_is_learned_where_the_request_may_differ_or_did_not_help() {
    let everything = DATA.replace(r#"["Src"]"#, r#""all""#);
    let result = || json!({"result": []});
    for (code, questions, end) in [
        ("return items", vec![("data", everything.as_str())], Ok(result())),
        ("return items", vec![("data", DATA), ("nodetypes", "[]")], Ok(result())),
        ("return items", vec![("data", DATA), ("data", DATA)], Ok(result())),
        ("return items", vec![("data", DATA)], Err(error(ErrorCode::RuntimeError, "x"))),
        ("return items", vec![], Ok(result())),
        ("return $input.params", vec![("data", DATA)], Ok(result())),
        ("return $input['\\u0070arams']", vec![("data", DATA)], Ok(result())),
    ] {
        let mut desk = experienced(code, &questions, end);
        desk.give("t1", settings(code));
        assert_eq!(desk.engine.started.lock().unwrap().len(), 2, "{code} {questions:?}");
    }
    let mut desk = experienced("return items", &[("data", DATA)], Ok(result()));
    let mut each = settings("return items");
    each["nodeMode"] = "runOnceForEachItem".into();
    desk.give("t1", each);
    assert_eq!(desk.engine.started.lock().unwrap().len(), 2);
}

#[test]
fn a_task_that_waits_for_its_data_can_be_cancelled() {
    let mut desk = learned();
    asked_ahead(&mut desk);
    desk.say(json!({"type": "broker:taskcancel", "taskId": "t1", "reason": "why"}));
    assert_eq!(desk.offers().len(), 1);
    assert_eq!(desk.log_lines().last().unwrap(), "Cancelled task t1");
}

#[test]
fn data_that_does_not_come_is_a_timeout_and_a_lost_connection_frees_the_slot() {
    let mut desk = learned();
    asked_ahead(&mut desk);
    desk.advance(Duration::from_secs(300));
    assert_eq!(desk.sent()[0]["error"]["message"], "Task execution timed out after 300 seconds");

    let mut desk = learned();
    asked_ahead(&mut desk);
    desk.disconnect();
    assert_eq!(desk.dispatcher.free_slots(0), 1);
}
