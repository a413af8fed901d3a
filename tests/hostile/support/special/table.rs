//! The published table of system calls against the kernel, from within a worker.

use serde_json::{Value, json};
use stockade_engine::Engine;
use stockade_protocol::Language;
use stockade_tests::{code, run, with_inputs};

use crate::judge::transcript;

const TABLE: &str = include_str!(
    "../../../../crates/sandbox/src/system_calls/snapshots/stockade_sandbox__system_calls__tests__published_table.snap"
);
/// Calls that are tried in one task: fewer than those after which the supervisor no longer listens.
const AT_ONCE: usize = 50;
const EPERM: i64 = 1;
const ENOSYS: i64 = 38;
const ENOTSOCK: i64 = 88;
/// Calls that the supervisor is asked about, because it may have a better answer, and lets go on.
const ASKED: [&str; 2] = ["getsockname", "getpeername"];
/// `uretprobe` and `uprobe`: the kernel (since Linux 6.14) asks no filter for them, because it makes them itself from
/// pages of its own, and answers calls from elsewhere with `SIGILL` or `ENXIO` (`arch/x86/kernel/uprobes.c`).
const TRAMPOLINES: [i64; 2] = [335, 336];

/// Makes each call with zeros for arguments; gives the errors by number, 0 for success.
const REFUSED: &str = r#"
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
answers = []
for number in numbers:
    ctypes.set_errno(0)
    result = libc.syscall(number, 0, 0, 0, 0, 0, 0)
    answers.append([number, ctypes.get_errno() if result == -1 else 0])
return answers
"#;

/// The same, each call in a child that is ended if it blocks; the child's own answer does not matter.
const ALLOWED: &str = r#"
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
absent = []
for number in numbers:
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        ctypes.set_errno(0)
        result = libc.syscall(number, 0, 0, 0, 0, 0, 0)
        os._exit(ctypes.get_errno() % 256 if result == -1 else 0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 38:
        absent.append(number)
return absent
"#;

/// One line of the table.
struct Row {
    number: i64,
    name: &'static str,
    action: &'static str,
}

fn rows() -> Vec<Row> {
    TABLE
        .lines()
        .filter_map(|line| {
            let (number, rest) = line.trim_start().split_once(' ')?;
            let (name, action) = rest.trim_start().split_once(' ')?;
            Some(Row { number: number.parse().ok()?, name, action: action.trim() })
        })
        .collect()
}

/// Refused, absent and pretended calls, with the exact answer and the name of each in the outcome.
pub(super) async fn refused(engine: &Engine) -> Result<(), String> {
    let rows = rows();
    if rows.len() < 550 {
        return Err(format!("the table has only {} rows", rows.len()));
    }
    for action in ["deny", "absent", "pretend"] {
        let is_tried = |row: &&Row| row.action.starts_with(action) && !TRAMPOLINES.contains(&row.number);
        let of_action: Vec<&Row> = rows.iter().filter(is_tried).collect();
        for part in of_action.chunks(AT_ONCE) {
            let report = answers(engine, part).await?;
            let (answers, denied) = report;
            let expected = match action {
                "deny" => EPERM,
                "absent" => ENOSYS,
                _ => 0,
            };
            for (row, answer) in part.iter().zip(&answers) {
                if ASKED.contains(&row.name) {
                    // The supervisor lets them go on, and standard input is no socket.
                    if *answer != json!([row.number, ENOTSOCK]) || denied.contains(&row.name.to_owned()) {
                        return Err(format!("{} answers {answer}", row.name));
                    }
                    continue;
                }
                if *answer != json!([row.number, expected]) {
                    return Err(format!("{} ({action}) answers {answer}", row.name));
                }
                if action == "deny" && !denied.contains(&row.name.to_owned()) {
                    return Err(format!("{} is not named in the outcome: {denied:?}", row.name));
                }
            }
        }
    }
    trampolines(engine).await
}

/// Either the filter answers, or the kernel refuses such a call or ends whoever makes it by itself.
async fn trampolines(engine: &Engine) -> Result<(), String> {
    for number in TRAMPOLINES {
        let task = with_inputs(code(&Language::Python, REFUSED), &json!({ "numbers": [number] }));
        let report = run(engine, task).await;
        let is_ended = matches!(&report.outcome.result, Err(error) if error.message.contains("SIGILL"));
        if !is_ended && (report.outcome.result.is_err() || report.result() == json!([[number, 0]])) {
            return Err(transcript(&report));
        }
    }
    Ok(())
}

async fn answers(engine: &Engine, rows: &[&Row]) -> Result<(Vec<Value>, Vec<String>), String> {
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let task = with_inputs(code(&Language::Python, REFUSED), &json!({ "numbers": numbers }));
    let report = run(engine, task).await;
    if report.outcome.result.is_err() {
        return Err(transcript(&report));
    }
    let answers = report.result().as_array().cloned().unwrap_or_default();
    Ok((answers, report.outcome.denied))
}

/// Allowed calls reach the kernel, and none of them breaks the task, the supervisor or the next task.
pub(super) async fn allowed(engine: &Engine) -> Result<(), String> {
    let rows = rows();
    let of_action = rows.iter().filter(|row| row.action.starts_with("allow"));
    let numbers: Vec<i64> = of_action.map(|row| row.number).collect();
    let task = with_inputs(code(&Language::Python, ALLOWED), &json!({ "numbers": numbers }));
    let report = run(engine, task).await;
    if report.outcome.result.is_err() {
        return Err(transcript(&report));
    }
    match report.result() {
        Value::Array(absent) if absent.len() <= 3 => Ok(()),
        absent => Err(format!("allowed calls that the kernel does not get: {absent}")),
    }
}
