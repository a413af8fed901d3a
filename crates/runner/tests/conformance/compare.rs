//! When are two traces the same?

use serde_json::{Value, json};
use stockade_broker_player::Played;

/// The rules of the tools that have recorded the cases: longer things were cut then.
const LONGEST_TEXT: usize = 600;
const LONGEST_LIST: usize = 120;
const MOST_LOGS: usize = 20;

/// What the runner sent for a task, without what is different every time: ids, stacks, times, addresses.
pub(crate) fn trace(played: &Played) -> Vec<Value> {
    normalised(played.trace.iter().map(|text| serde_json::from_str(text).unwrap()).collect())
}

/// Messages without what is different every time.
pub(crate) fn normalised(messages: Vec<Value>) -> Vec<Value> {
    let mut messages: Vec<Value> = messages.into_iter().map(message).collect();
    let is_log = |message: &Value| message["type"] == "runner:rpc";
    let logs = messages.iter().filter(|message| is_log(message)).count();
    if logs > MOST_LOGS {
        let (said, rest): (Vec<Value>, Vec<Value>) = messages.into_iter().partition(is_log);
        messages = said[..2].to_vec();
        messages.push(cut(json!({ "__rpc_total__": logs })));
        messages.extend_from_slice(&said[logs - 2..]);
        messages.extend(rest);
    }
    messages
}

fn message(mut message: Value) -> Value {
    let fields = message.as_object_mut().unwrap();
    for name in ["taskId", "requestId", "callId"] {
        fields.remove(name);
    }
    if let Some(Value::Object(error)) = fields.get_mut("error") {
        error.remove("stack");
        error.remove("timestamp");
        if let Some(Value::String(text)) = error.get_mut("message") {
            text.truncate(text.find("\nRequire stack").unwrap_or(text.len()));
        }
    }
    cut(message)
}

fn cut(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut_text(&without_addresses(&text))),
        Value::Array(list) if list.len() > LONGEST_LIST => {
            let length = list.len();
            let start = list.into_iter().take(3).map(cut);
            start.chain([format!("<{length} entries>").into()]).collect()
        }
        Value::Array(list) => list.into_iter().map(cut).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, cut(value))).collect(),
        // A whole number is the same number whether it was written with a fraction or not.
        Value::Number(number) => number.as_f64().map_or(Value::Number(number), Value::from),
        other => other,
    }
}

fn cut_text(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let part = |range: &[char]| range.iter().collect::<String>();
    let (start, end) = (&characters[..300], &characters[characters.len() - 100..]);
    format!("{}<{} chars>{}", part(start), characters.len(), part(end))
}

/// `0x7f…` becomes `0xADDR`.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count();
        if digits >= 6 {
            result.push_str("0xADDR");
            result.push_str(&part[digits..]);
        } else {
            result.push_str("0x");
            result.push_str(part);
        }
    }
    result
}
