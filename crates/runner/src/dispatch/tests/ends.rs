//! How the end of a task is worded, and what is remembered of it.

use super::*;

/// Runs one task to this end and returns the message about it.
fn end_of(language: Language, settings: Value, result: Result<Value, TaskError>) -> Value {
    let mut desk = Desk::registered(language, "1");
    desk.accept("t1");
    desk.give("t1", settings);
    desk.end(0, result);
    let mut message = desk.sent().remove(0);
    message.as_object_mut().unwrap().remove("taskId");
    message
}

fn with(mut settings: Value, name: &str, value: Value) -> Value {
    settings[name] = value;
    settings
}

fn python_end(error: TaskError) -> Value {
    end_of(Language::Python, python_settings(), Err(error))
}

#[test]
fn limits_are_worded_by_the_runner() {
    assert_eq!(
        python_end(error(ErrorCode::TimeoutError, "…")),
        json!({"type": "runner:taskerror", "error":
            {"message": "Task execution timed out after 60 seconds", "description": ""}})
    );
    assert_eq!(
        python_end(error(ErrorCode::MemoryError, "…"))["error"]["message"],
        "Task ran out of memory (limit: 2048 MiB)"
    );
    let javascript = end_of(Language::JavaScript, javascript_settings(), Err(error(ErrorCode::TimeoutError, "…")));
    assert_eq!(javascript["error"]["message"], "Task execution timed out after 300 seconds");
    assert_eq!(javascript["error"]["level"], "warning");
    assert!(javascript["error"]["description"].as_str().unwrap().starts_with("The task runner was taking too long"));
}

#[test]
fn one_second_is_not_seconds() {
    let mut desk = Desk::new(&[Language::Python], &[("N8N_RUNNERS_TASK_TIMEOUT", "1")]);
    desk.connect();
    desk.accept("t1");
    desk.give("t1", python_settings());
    desk.end(0, Err(error(ErrorCode::TimeoutError, "…")));
    assert_eq!(desk.sent()[0]["error"]["message"], "Task execution timed out after 1 second");
}

#[test]
fn the_harness_has_the_last_word_on_errors_of_the_code() {
    let mut failure = error(ErrorCode::RuntimeError, "division by zero");
    failure.details = Some(raw(r#"{"message":"division by zero","description":"","lineNumber":3}"#));
    assert_eq!(
        python_end(failure),
        json!({"type": "runner:taskerror", "error":
            {"message": "division by zero", "description": "", "lineNumber": 3}})
    );
}

#[test]
fn a_process_that_ends_by_itself_is_described_in_the_official_words() {
    for (ours, official) in [
        ("Process exited with code 3", "Task subprocess exited with code 3"),
        ("The process was ended by signal 9 (SIGKILL)", "Process was forcefully killed (SIGKILL)"),
        ("The process ended without a result", "Failed to read result from child process"),
        ("The process was ended by signal 11 (SIGSEGV)", "The process was ended by signal 11 (SIGSEGV)"),
    ] {
        let end = python_end(error(ErrorCode::RuntimeError, ours));
        assert_eq!(end["error"], json!({"message": official, "description": ""}));
    }
}

#[test]
fn continue_on_fail_turns_any_error_into_items() {
    let item = json!({"json": {"error": "Task execution timed out after 60 seconds"}});
    let settings = with(python_settings(), "continueOnFail", json!(true));
    assert_eq!(
        end_of(Language::Python, settings, Err(error(ErrorCode::TimeoutError, "…"))),
        json!({"type": "runner:taskdone", "data": {"result": [item]}})
    );
    let settings = with(javascript_settings(), "continueOnFail", json!(true));
    let settings = with(settings, "nodeMode", json!("runOnceForEachItem"));
    let settings = with(settings, "chunk", json!({"startIndex": 1000, "count": 2}));
    assert_eq!(
        end_of(Language::JavaScript, settings, Err(error(ErrorCode::RuntimeError, "gone")))["data"]["result"],
        json!([
            {"json": {"error": "gone"}, "pairedItem": {"item": 1000}},
            {"json": {"error": "gone"}, "pairedItem": {"item": 1001}},
        ])
    );
}

#[test]
fn a_chunk_without_measure_does_not_become_a_list_without_measure() {
    let settings = with(javascript_settings(), "continueOnFail", json!(true));
    let settings = with(settings, "nodeMode", json!("runOnceForEachItem"));
    let settings = with(settings, "chunk", json!({"startIndex": u64::MAX, "count": u64::MAX}));
    let end = end_of(Language::JavaScript, settings, Err(error(ErrorCode::RuntimeError, "gone")));
    assert_eq!(end["data"]["result"], json!([{"json": {"error": "gone"}}]));
}

#[test]
fn code_that_returns_nothing_gives_null_or_no_result() {
    let nothing = |language, settings| {
        let mut desk = Desk::registered(language, "1");
        desk.accept("t1");
        desk.give("t1", settings);
        let outcome = Outcome { result: Ok(None), ..outcome(Ok(json!(0))) };
        desk.report(0, TaskEvent::Finished(Box::new(outcome)));
        desk.sent().remove(0)["data"].clone()
    };
    assert_eq!(nothing(Language::Python, python_settings()), json!({"result": null}));
    assert_eq!(nothing(Language::JavaScript, javascript_settings()), json!({}));
}

#[test]
fn refused_system_calls_are_named_where_they_are_the_reason() {
    let refused = |message: &str, details: Option<&str>| {
        let mut desk = Desk::python("1");
        desk.accept("t1");
        desk.give("t1", python_settings());
        let mut failure = error(ErrorCode::PermissionError, message);
        failure.details = details.map(raw);
        let outcome = Outcome { denied: vec!["socket".to_owned()], ..outcome(Err(failure)) };
        desk.report(0, TaskEvent::Finished(Box::new(outcome)));
        desk.sent().remove(0)["error"]["description"].clone()
    };
    let named = "The sandbox refused these system calls: socket";
    let message = "[Errno 1] Operation not permitted";
    assert_eq!(refused(message, None), named);
    assert_eq!(refused(message, Some(r#"{"message":"m","description":""}"#)), named);
    assert_eq!(refused(message, Some(r#"{"message":"m","description":"mine"}"#)), "mine");
    assert_eq!(refused("division by zero", Some(r#"{"message":"m","description":""}"#)), "");
}

#[test]
fn an_engine_that_refuses_a_task_ends_it() {
    let mut desk = Desk::python("1");
    *desk.engine.refusal.lock().unwrap() = Some(error(ErrorCode::CapacityError, "no place"));
    desk.accept("t1");
    desk.give("t1", python_settings());
    let sent = desk.sent();
    assert_eq!(sent[0]["error"]["message"], "no place");
    assert_eq!(sent[1]["type"], "runner:taskoffer");
}

#[test]
fn a_task_whose_attendant_is_gone_has_ended() {
    let mut desk = Desk::python("1");
    desk.accept("t1");
    desk.give("t1", python_settings());
    desk.engine.started.lock().unwrap()[0] = None;
    desk.settle();
    let sent = desk.sent();
    assert_eq!(sent[0]["error"]["message"], "The task ended without an outcome");
    assert_eq!(sent[1]["type"], "runner:taskoffer");
}

#[test]
fn log_lines_say_how_a_task_ended() {
    let line = |failure: TaskError| {
        let mut desk = Desk::python("1");
        desk.accept("t1");
        desk.give("t1", python_settings());
        desk.end(0, Err(failure));
        desk.log_lines().pop().unwrap()
    };
    assert_eq!(line(error(ErrorCode::RuntimeError, "x")), "Task t1 failed");
    assert_eq!(line(error(ErrorCode::SyntaxError, "x")), "Task t1 failed syntax validation");
    assert_eq!(line(error(ErrorCode::InternalError, "x")), "Task t1 failed: x");
}

#[test]
fn code_that_has_passed_its_check_is_not_checked_again() {
    let mut desk = Desk::python("1");
    let mut run = |number: usize, settings: Value, result: Result<Value, TaskError>| {
        desk.accept("t");
        desk.give("t", settings);
        let was_validated = desk.with_task(number, |started| {
            let stockade_protocol::Program::N8n { settings, .. } = &started.task.program else { panic!() };
            settings["validated"].clone()
        });
        desk.report(number, TaskEvent::Finished(Box::new(outcome(result))));
        was_validated
    };
    let failed = || error(ErrorCode::RuntimeError, "x");
    let other = || with(python_settings(), "code", json!("return 2"));
    assert_eq!(run(0, python_settings(), Err(failed())), false);
    assert_eq!(run(1, python_settings(), Ok(json!({"result": 1}))), false);
    assert_eq!(run(2, python_settings(), Err(failed())), true);
    assert_eq!(run(3, other(), Ok(json!({"result": 1}))), false);
    assert_eq!(run(4, other(), Ok(json!({"result": 1}))), true);
}
