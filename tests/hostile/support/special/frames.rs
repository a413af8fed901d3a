//! A worker that writes anything on the channel of its result: exactly one verdict, in time, and never ours to blame.

use serde_json::json;
use stockade_engine::Engine;
use stockade_protocol::{ErrorCode, Language, Task};
use stockade_tests::{Report, code, run, with_inputs};

use crate::judge::transcript;

const LISTENER: u8 = 16;
const WAITING: u8 = 17;
const LOG: u8 = 18;
const REQUEST: u8 = 19;
const RESULT: u8 = 20;
const ERROR: u8 = 21;
const FAILED: u8 = 22;

/// How long a task that writes for ever may run.
const TIMEOUT: std::time::Duration = std::time::Duration::from_millis(1500);

const PYTHON: &str = r#"
import os
data = memoryview(bytes.fromhex(frames))
while True:
    written = 0
    while written < len(data):
        written += os.write(3, data[written:])
    if end != "again":
        break
if end == "leave":
    os._exit(0)
while True:
    pass
"#;

/// Leaves without the harness's farewell, whose bytes would complete half a frame.
const JAVASCRIPT: &str = r#"
const data = Buffer.from(frames, 'hex');
do {
  let written = 0;
  while (written < data.length) written += require('fs').writeSync(3, data, written);
} while (end === 'again');
if (end === 'leave') process.abort();
for (;;);
"#;

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    [&[kind], &length.to_le_bytes()[..], payload].concat()
}

fn request(name: &[u8], parameters: &[u8]) -> Vec<u8> {
    let length = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes();
    frame(REQUEST, &[&[1, 0, 0, 0], &length[..], name, parameters].concat())
}

fn task(language: &Language, frames: &[u8], end: &str) -> Task {
    let source = if *language == Language::JavaScript { JAVASCRIPT } else { PYTHON };
    let hexadecimal: String = frames.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut task = with_inputs(code(language, source), &json!({ "frames": hexadecimal, "end": end }));
    task.limits.timeout = TIMEOUT;
    task
}

fn check(what: &str, language: &Language, report: &Report, right: &[Option<ErrorCode>]) -> Result<(), String> {
    if right.contains(&report.code()) {
        return Ok(());
    }
    Err(format!("{what} ({language}), right: {right:?}\n{}", transcript(report)))
}

/// What it is, the bytes, what the task does after them, and the ends that are right.
type Case = (&'static str, Vec<u8>, &'static str, &'static [Option<ErrorCode>]);

/// Each written once; then the task goes on for ever, or leaves.
pub(super) async fn each(engine: &Engine) -> Result<(), String> {
    const RUNTIME: Option<ErrorCode> = Some(ErrorCode::RuntimeError);
    const TIME: Option<ErrorCode> = Some(ErrorCode::TimeoutError);
    const OUTPUT: Option<ErrorCode> = Some(ErrorCode::OutputLimitError);
    let result = |text: &[u8]| frame(RESULT, text);
    let error = |text: &str| frame(ERROR, text.as_bytes());
    let deep = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    let cases: Vec<Case> = vec![
        ("two results", [result(b"1"), result(b"2")].concat(), "go on", &[None]),
        ("an error after the result", [result(b"1"), error("{}")].concat(), "go on", &[None]),
        ("a result and then the end", result(b"1"), "leave", &[None]),
        ("a result that is not JSON", result(b"NaN"), "go on", &[RUNTIME]),
        ("a result that is cut off", result(b"[1, 2"), "go on", &[RUNTIME]),
        ("two values in a result", result(b"1 2"), "go on", &[RUNTIME]),
        ("a result that is not UTF-8", result(b"\"\xff\xfe\""), "go on", &[RUNTIME]),
        ("a result with duplicate keys", result(b"{\"a\": 1, \"a\": 2}"), "go on", &[None]),
        ("a number beyond all numbers", result(b"1e400"), "go on", &[None]),
        ("a deep result", result(deep(400_000).as_bytes()), "go on", &[RUNTIME]),
        ("a result that is too long", frame(RESULT, &vec![b' '; 2 << 20]), "go on", &[OUTPUT]),
        ("a length without an end", vec![RESULT, 255, 255, 255, 255], "go on", &[OUTPUT]),
        ("a length without an end and then the end", vec![RESULT, 255, 255, 255, 255], "leave", &[OUTPUT]),
        ("half a header", vec![RESULT, 1, 0], "leave", &[RUNTIME]),
        ("half a frame", vec![RESULT, 9, 0, 0, 0, b'1'], "go on", &[TIME]),
        ("half a frame and then the end", vec![RESULT, 9, 0, 0, 0, b'1'], "leave", &[RUNTIME]),
        ("kinds that only the supervisor sends", frame(1, b"{}"), "go on", &[RUNTIME]),
        ("an answer", frame(2, b"\x01\0\0\0\0null"), "go on", &[RUNTIME]),
        ("kinds that nobody sends", frame(99, b""), "go on", &[RUNTIME]),
        ("kind zero", vec![0; 64], "go on", &[RUNTIME]),
        ("an error that is no error", error("[]"), "go on", &[RUNTIME]),
        ("an error without a code", error("{\"message\": \"x\"}"), "go on", &[RUNTIME]),
        ("a failure of ours", error(r#"{"code": "INTERNAL_ERROR", "message": "x"}"#), "go on", &[RUNTIME]),
        ("a refusal of ours", error(r#"{"code": "CAPACITY_ERROR", "message": "x"}"#), "go on", &[RUNTIME]),
        ("a limit that is not its own", error(r#"{"code": "TIMEOUT_ERROR", "message": "x"}"#), "go on", &[RUNTIME]),
        (
            "a line before the first",
            error(r#"{"code": "SYNTAX_ERROR", "message": "x", "line": -1}"#),
            "go on",
            &[RUNTIME],
        ),
        (
            "deep details",
            error(&format!(r#"{{"code": "RUNTIME_ERROR", "message": "x", "details": {}}}"#, deep(300_000))),
            "go on",
            &[RUNTIME],
        ),
        ("a request whose name is longer than it", frame(REQUEST, &[1, 0, 0, 0, 255, 255]), "go on", &[RUNTIME]),
        ("a request whose name is not UTF-8", request(b"\xff", b"1"), "go on", &[RUNTIME]),
        ("a request that is no JSON", request(b"rpc", b"{"), "go on", &[TIME, RUNTIME]),
        ("the start once more", frame(WAITING, b""), "go on", &[TIME, RUNTIME]),
        ("another listener", frame(LISTENER, b""), "go on", &[TIME, RUNTIME]),
        ("a wall that fails", frame(FAILED, b"x"), "go on", &[TIME, RUNTIME]),
        ("a message that is no JSON", frame(LOG, b"{"), "go on", &[TIME, RUNTIME]),
    ];
    for language in [Language::Python, Language::JavaScript] {
        for (what, frames, end, right) in &cases {
            let report = run(engine, task(&language, frames, end)).await;
            check(what, &language, &report, right)?;
        }
    }
    Ok(())
}

/// Each written for ever: the time limit or another one ends the task, and the supervisor does not grow.
pub(super) async fn endless(engine: &Engine) -> Result<(), String> {
    let name = [b'n'; 256];
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("requests without parameters", request(b"", b"").repeat(5000)),
        ("requests with a long name", request(&name, b"1").repeat(400)),
        ("messages of one byte", frame(LOG, b"1").repeat(5000)),
        ("empty messages", frame(LOG, b"").repeat(5000)),
        ("long messages that are no JSON", frame(LOG, &[b'x'; 50_000]).repeat(2)),
        ("starts", frame(WAITING, b"").repeat(5000)),
        ("long starts", frame(WAITING, &[b'x'; 50_000]).repeat(2)),
        ("walls that fail", frame(FAILED, b"x").repeat(5000)),
    ];
    let right = [ErrorCode::TimeoutError, ErrorCode::OutputLimitError, ErrorCode::RuntimeError].map(Some);
    for language in [Language::Python, Language::JavaScript] {
        for (what, frames) in &cases {
            let report = run(engine, task(&language, frames, "again")).await;
            check(what, &language, &report, &right)?;
            let wall = std::time::Duration::from_micros(report.outcome.usage.wall_microseconds);
            if wall > TIMEOUT * 3 {
                return Err(format!("{what} ({language}) ended only after {wall:?}"));
            }
        }
    }
    Ok(())
}
