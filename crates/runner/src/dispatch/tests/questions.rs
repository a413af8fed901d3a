//! What running tasks say to n8n, and what it answers.

use super::*;

fn running(language: Language) -> Desk {
    let is_python = language == Language::Python;
    let mut desk = Desk::registered(language, "1");
    desk.accept("t1");
    desk.give("t1", if is_python { python_settings() } else { javascript_settings() });
    desk
}

fn ask(desk: &mut Desk, id: u32, name: &str, parameters: &str) {
    desk.report(0, TaskEvent::Request { id, name: name.to_owned(), parameters: raw(parameters) });
}

/// The one answer that the worker got.
fn answer(desk: &mut Desk) -> (u32, Result<String, String>) {
    let text = |json: RawJson| json.as_str().to_owned();
    match desk.commands(0).as_slice() {
        [Command::Answer { id, answer }] => (*id, answer.clone().map(text).map_err(text)),
        other => panic!("{other:?}"),
    }
}

const DATA: &str = r#"{"dataOfNodes":[],"prevNode":false,"env":false,"input":{"include":true}}"#;

#[test]
fn data_is_asked_for_and_handed_over_untouched() {
    let mut desk = running(Language::JavaScript);
    ask(&mut desk, 7, "data", DATA);
    let request = desk.sent().remove(0);
    assert_eq!(request["type"], "runner:taskdatarequest");
    assert_eq!(request["taskId"], "t1");
    let request_id = request["requestId"].as_str().unwrap();
    desk.say_text(&format!(
        r#"{{"type":"broker:taskdataresponse","taskId":"t1","requestId":"{request_id}","data":{{"n": 1.0}}}}"#
    ));
    assert_eq!(answer(&mut desk), (7, Ok(r#"{"n": 1.0}"#.to_owned())));
}

#[test]
fn node_types_and_calls_get_their_answers() {
    let mut desk = running(Language::JavaScript);
    ask(&mut desk, 1, "nodetypes", r#"[{"name":"n8n-nodes-base.set","version":3}]"#);
    let request = desk.sent().remove(0);
    assert_eq!(request["type"], "runner:nodetypesrequest");
    desk.say(json!({"type": "broker:nodetypes", "taskId": "t1", "requestId": request["requestId"], "nodeTypes": []}));
    assert_eq!(answer(&mut desk), (1, Ok("[]".to_owned())));

    ask(&mut desk, 2, "rpc", r#"{"name":"helpers.httpRequest","params":[{"url":"http://x/"}]}"#);
    let call = desk.sent().remove(0);
    assert_eq!((&call["type"], &call["name"]), (&json!("runner:rpc"), &json!("helpers.httpRequest")));
    assert_eq!(call["params"], json!([{"url": "http://x/"}]));
    desk.say(json!({"type": "broker:rpcresponse", "taskId": "t1", "callId": call["callId"], "status": "error",
        "data": {"message": "no"}}));
    assert_eq!(answer(&mut desk), (2, Err(r#"{"message":"no"}"#.to_owned())));
}

#[test]
fn functions_outside_the_list_are_refused_without_asking_n8n() {
    let mut desk = running(Language::JavaScript);
    ask(&mut desk, 3, "rpc", r#"{"name":"helpers.createReadStream","params":[]}"#);
    assert_eq!(answer(&mut desk), (3, Err(r#"{"message":"Method not allowed"}"#.to_owned())));
    ask(&mut desk, 4, "anything", "[]");
    assert_eq!(answer(&mut desk), (4, Err(r#"{"message":"Method not allowed"}"#.to_owned())));
    assert!(desk.sent().is_empty());
}

#[test]
fn an_answer_is_given_once_and_to_its_own_task() {
    let mut desk = running(Language::JavaScript);
    ask(&mut desk, 7, "data", DATA);
    let request_id = desk.sent().remove(0)["requestId"].clone();
    let response =
        |task: &str| json!({"type": "broker:taskdataresponse", "taskId": task, "requestId": request_id, "data": 1});
    desk.say(response("other"));
    assert!(desk.commands(0).is_empty());
    desk.say(response("t1"));
    desk.say(response("t1"));
    assert_eq!(answer(&mut desk), (7, Ok("1".to_owned())));
}

#[test]
fn open_requests_fail_when_the_connection_is_lost_and_so_do_later_ones() {
    let lost = Err(r#"{"message":"The connection to n8n was lost while the task ran"}"#.to_owned());
    let mut desk = running(Language::JavaScript);
    ask(&mut desk, 7, "data", DATA);
    desk.disconnect();
    assert_eq!(answer(&mut desk), (7, lost.clone()));
    ask(&mut desk, 8, "data", DATA);
    assert_eq!(answer(&mut desk), (8, lost.clone()));
    desk.connect();
    desk.sent();
    ask(&mut desk, 9, "data", DATA);
    assert_eq!(answer(&mut desk), (9, lost));
}

#[test]
fn a_worker_cannot_have_requests_without_end() {
    let mut desk = running(Language::JavaScript);
    for id in 0..1000 {
        ask(&mut desk, id, "data", DATA);
    }
    assert_eq!(desk.sent().len(), 1000);
    assert!(desk.commands(0).is_empty());
    ask(&mut desk, 1000, "data", DATA);
    assert_eq!(
        answer(&mut desk),
        (1000, Err(r#"{"message":"The task has too many open requests to n8n"}"#.to_owned()))
    );
}

#[test]
fn console_output_goes_to_n8n_and_into_the_log() {
    let mut desk = running(Language::Python);
    desk.report(0, TaskEvent::Log(raw(r#"["'two words'","3"]"#)));
    desk.report(0, TaskEvent::Log(raw(r#"{"not":"a list"}"#)));
    desk.report(0, TaskEvent::Stdout(Bytes::from_static(b"raw\nlines\n")));
    let sent = desk.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!((&sent[0]["name"], &sent[0]["params"]), (&json!("logNodeOutput"), &json!(["'two words'", "3"])));
    assert_eq!(desk.log_lines()[4..], ["[user code] two words 3", "[user code] raw", "[user code] lines"]);
}

#[test]
fn console_output_by_way_of_a_call_is_answered_at_once() {
    let mut desk = running(Language::JavaScript);
    ask(&mut desk, 5, "rpc", r#"{"name":"logNodeOutput","params":["1"]}"#);
    assert_eq!(answer(&mut desk), (5, Ok("null".to_owned())));
    assert_eq!(desk.sent()[0]["params"], json!(["1"]));
}

#[test]
fn a_flood_of_console_output_ends_in_one_line_about_it() {
    let mut desk = running(Language::JavaScript);
    for _ in 0..10_005 {
        desk.report(0, TaskEvent::Log(raw("[\"1\"]")));
    }
    desk.end(0, Ok(json!({})));
    let sent = desk.sent();
    assert_eq!(sent.len(), 10_003);
    assert_eq!(sent[10_000]["params"], json!(["[Output truncated - 5 more print statements]"]));
    assert_eq!(sent[10_001]["type"], "runner:taskdone");
}
