//! The end of a task in n8n's words.

use std::path::PathBuf;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use stockade_packages::advice::Modules;
use stockade_protocol::task::MEBIBYTE;
use stockade_protocol::{ErrorCode, Language, Outcome, RawJson, TaskError};

use super::entry::{Cancellation, OnFailure};
use crate::message::Outgoing;
use crate::settings::LanguageSettings;

/// The advice of the official JavaScript runner to whoever waited too long.
const TIMEOUT_ADVICE: &str = "The task runner was taking too long on this task, so the task was aborted. You can try \
    the following:<br/><br/>1. Optimize your script to prevent long-running tasks, e.g. by processing data in smaller \
    batches.<br/>2. Ensure that all paths in your script are able to terminate, i.e. no infinite loops.";
const CANCELLED: &str = "Task was cancelled";
/// What the engine says of a Python process that ended by itself, and what the official runner says.
const PROCESS_ENDS: [(&str, &str); 3] = [
    ("Process exited with code ", "Task subprocess exited with code "),
    ("The process was ended by signal 9 (SIGKILL)", "Process was forcefully killed (SIGKILL)"),
    ("The process ended without a result", "Failed to read result from child process"),
];

/// What goes to n8n and into the log at the end of a task.
#[derive(Debug)]
pub(super) struct Conclusion {
    /// Nothing goes to n8n when it has forgotten the task and its JavaScript runner would say nothing.
    pub(super) message: Option<Outgoing>,
    pub(super) ending: Ending,
}

/// How a task ended, for the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With a result of this many bytes.
    Completed(usize),
    /// The code is not valid.
    SyntaxError,
    /// The code failed; n8n shows the reason to the user.
    Failed,
    /// Something beside the code ended it.
    Stopped(String),
    /// n8n ended it, which the log says already.
    Cancelled,
}

/// Words the outcome of a task.
pub(super) fn conclude(
    task_id: &str,
    settings: &LanguageSettings,
    cancelled: Option<Cancellation>,
    on_failure: OnFailure,
    outcome: Outcome,
    packages: impl FnOnce() -> Option<PathBuf>,
) -> Conclusion {
    let Outcome { result, denied, .. } = outcome;
    let error = match (cancelled, result) {
        (None, Ok(result)) => {
            let data = result.map_or_else(|| nothing(&settings.language), |result| result.bytes().clone());
            let ending = Ending::Completed(data.len());
            return Conclusion { message: Some(Outgoing::done(task_id, data)), ending };
        }
        (None, Err(error)) => error,
        (Some(Cancellation::Broker), _) if settings.language == Language::JavaScript => {
            return Conclusion { message: None, ending: Ending::Cancelled };
        }
        (Some(Cancellation::Broker), _) => TaskError::new(ErrorCode::CancelledError, CANCELLED),
        (Some(Cancellation::Shutdown), _) => TaskError::new(ErrorCode::CancelledError, CANCELLED).with_description(
            "The task runner was stopped, and the task did not end within N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT.",
        ),
    };
    let error_object = error_object(settings, &error, &denied, packages);
    let ending = match error.code {
        _ if cancelled == Some(Cancellation::Broker) => Ending::Cancelled,
        ErrorCode::SyntaxError => Ending::SyntaxError,
        ErrorCode::RuntimeError | ErrorCode::PermissionError => Ending::Failed,
        _ => Ending::Stopped(message_of(&error_object, &error.message)),
    };
    let message = match on_failure {
        OnFailure::Error => Outgoing::failed(task_id, error_object),
        _ => Outgoing::done(task_id, items(on_failure, &message_of(&error_object, &error.message))),
    };
    Conclusion { message: Some(message), ending }
}

/// The error of a task that never came to run.
pub(super) fn unfit(task_id: &str, message: &str, description: &str) -> Outgoing {
    Outgoing::failed(task_id, text(&json!({ "message": message, "description": description })))
}

/// The data of code that returned nothing: Python's `None` is a value, JavaScript's `undefined` is none.
fn nothing(language: &Language) -> Bytes {
    Bytes::from_static(if *language == Language::Python { b"{\"result\":null}" } else { b"{}" })
}

/// continueOnFail: n8n would take an error for the node's input, so the runner gives items instead.
fn items(on_failure: OnFailure, message: &str) -> Bytes {
    let result: Value = match on_failure {
        OnFailure::EachItem { first, count } => (first..first.saturating_add(count))
            .map(|item| json!({ "json": { "error": message }, "pairedItem": { "item": item } }))
            .collect(),
        _ => json!([{ "json": { "error": message } }]),
    };
    text(&json!({ "result": result }))
}

/// n8n's error: the harness's own words if it had the last word, else ours.
fn error_object(
    settings: &LanguageSettings,
    error: &TaskError,
    denied: &[String],
    packages: impl FnOnce() -> Option<PathBuf>,
) -> Bytes {
    let refused = refused_calls(error, denied);
    let advice = advice_on_modules(settings, error, packages);
    if let Some(details) = &error.details {
        return with_description(details, refused, advice);
    }
    let is_javascript = settings.language == Language::JavaScript;
    let (message, description) = own_words(settings, error);
    let description = joined(description.or(refused), advice).or((!is_javascript).then(String::new));
    let mut object = Map::from_iter([("message".to_owned(), Value::from(message))]);
    // The official Python runner describes everything, with an empty text if need be, except a cancelled task.
    if error.code != ErrorCode::CancelledError || error.description.is_some() {
        object.insert("description".to_owned(), description.map_or(Value::Null, Value::from));
    }
    if is_javascript && error.code == ErrorCode::TimeoutError {
        object.extend([
            ("level".to_owned(), Value::from("warning")),
            ("shouldReport".to_owned(), Value::from(false)),
            ("tags".to_owned(), json!({})),
        ]);
    }
    if let Some(line) = error.line {
        object.insert("lineNumber".to_owned(), Value::from(line));
    }
    text(&Value::Object(object))
}

fn own_words(settings: &LanguageSettings, error: &TaskError) -> (String, Option<String>) {
    let variable = |python: &'static str, javascript: &'static str| {
        if settings.language == Language::Python { python } else { javascript }
    };
    match error.code {
        ErrorCode::TimeoutError => {
            let seconds = settings.limits.timeout.as_secs_f64();
            let unit = if settings.limits.timeout.as_millis() == 1000 { "second" } else { "seconds" };
            let advice = (settings.language == Language::JavaScript).then(|| TIMEOUT_ADVICE.to_owned());
            (format!("Task execution timed out after {seconds} {unit}"), advice)
        }
        ErrorCode::MemoryError => {
            let name = variable("N8N_PYTHON_RUNNER_MAX_MEMORY_MB", "N8N_JS_RUNNER_MAX_MEMORY_MB");
            let limit = settings.limits.memory_bytes / MEBIBYTE;
            let advice = format!("Process the data in smaller batches, or raise {name} of the task runner.");
            (format!("Task ran out of memory (limit: {limit} MiB)"), Some(advice))
        }
        ErrorCode::OutputLimitError => (
            error.message.clone(),
            Some("Return less data, or raise N8N_RUNNERS_MAX_PAYLOAD of n8n and of the task runner.".to_owned()),
        ),
        _ if settings.language == Language::Python => (official_words(&error.message), error.description.clone()),
        _ => (error.message.clone(), error.description.clone()),
    }
}

fn official_words(message: &str) -> String {
    let known = PROCESS_ENDS.iter().find_map(|(ours, theirs)| Some((message.strip_prefix(ours)?, theirs)));
    known.map_or_else(|| message.to_owned(), |(rest, theirs)| format!("{theirs}{rest}"))
}

/// What the walls refused, if that is what the error is about. A bare "Operation not permitted" tells a user nothing.
fn refused_calls(error: &TaskError, denied: &[String]) -> Option<String> {
    const PHRASES: [&str; 5] =
        ["Operation not permitted", "Permission denied", "Function not implemented", "EPERM", "EACCES"];
    let is_about_it = PHRASES.iter().any(|phrase| error.message.contains(phrase));
    (is_about_it && !denied.is_empty())
        .then(|| format!("The sandbox refused these system calls: {}", denied.join(", ")))
}

/// What can be done about a module that the code cannot import.
fn advice_on_modules(
    settings: &LanguageSettings,
    error: &TaskError,
    packages: impl FnOnce() -> Option<PathBuf>,
) -> Option<String> {
    if !matches!(error.code, ErrorCode::RuntimeError | ErrorCode::PermissionError) {
        return None;
    }
    let allow: Vec<String> = settings.rules.named_modules().map(str::to_owned).collect();
    let is_python = settings.language == Language::Python;
    let packages = packages();
    let modules = Modules {
        language: &settings.language,
        allow: Some(&allow),
        packages: packages.as_deref(),
        package_set: settings.package_set.as_deref(),
        allowing: if is_python { "N8N_RUNNERS_EXTERNAL_ALLOW" } else { "NODE_FUNCTION_ALLOW_EXTERNAL" },
    };
    modules.advice(error).map(|advice| advice.sentence())
}

/// A description and what can be done, on a line of its own.
fn joined(description: Option<String>, advice: Option<String>) -> Option<String> {
    let parts: Vec<String> = description.into_iter().chain(advice).filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

/// Adds a description to the harness's error where it has none of its own, and then what can be done.
fn with_description(details: &RawJson, description: Option<String>, advice: Option<String>) -> Bytes {
    if description.is_none() && advice.is_none() {
        return details.bytes().clone();
    }
    let Ok(mut object) = serde_json::from_str::<Map<String, Value>>(details.as_str()) else {
        return details.bytes().clone();
    };
    let own = object.get("description").and_then(Value::as_str).filter(|own| !own.is_empty()).map(str::to_owned);
    if let Some(description) = joined(own.or(description), advice) {
        object.insert("description".to_owned(), Value::from(description));
    }
    text(&Value::Object(object))
}

fn message_of(error_object: &Bytes, fallback: &str) -> String {
    let object: Option<Value> = serde_json::from_slice(error_object).ok();
    let message = object.as_ref().and_then(|object| object.get("message")).and_then(Value::as_str);
    message.unwrap_or(fallback).to_owned()
}

fn text(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}
