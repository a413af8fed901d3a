//! Whether a task ended as its program's header says, and as every task must.

use std::time::Duration;

use stockade_protocol::ErrorCode;
use stockade_tests::Report;

use crate::program::Program;

/// How much later than its limit a task may end. The aim is 100 ms; a test machine that is busy must not fail.
const LATE: Duration = Duration::from_secs(2);
/// Paths of ours, which no error may show.
const OURS: [&str; 3] = ["/stockade/python/", "/stockade/javascript/", env!("CARGO_MANIFEST_DIR")];

/// Says what is wrong.
pub(crate) fn judge(program: &Program, report: &Report) -> Result<(), String> {
    check(program, report).map_err(|reason| format!("{reason}\n{}", transcript(report)))
}

fn check(program: &Program, report: &Report) -> Result<(), String> {
    let ours = [ErrorCode::InternalError, ErrorCode::CapacityError, ErrorCode::CancelledError];
    if report.code().is_some_and(|code| ours.contains(&code)) {
        return Err("an error of ours for what the program did".to_owned());
    }
    if !program.ends.contains(&report.code()) {
        return Err(format!("not one of the right ends: {:?}", program.ends));
    }
    let wall = Duration::from_micros(report.outcome.usage.wall_microseconds);
    if wall > program.limits.timeout + LATE {
        return Err(format!("ended {:?} after its limit", wall - program.limits.timeout));
    }
    if let Err(error) = &report.outcome.result {
        let shown = format!("{}{}", error.message, error.stack.as_deref().unwrap_or_default());
        if let Some(path) = OURS.iter().find(|path| shown.contains(**path)) {
            return Err(format!("the error shows `{path}`"));
        }
        if !error.message.contains(program.message.as_deref().unwrap_or_default()) {
            return Err(format!("no {:?} in the message", program.message));
        }
    } else {
        result(program, report)?;
    }
    let stdout = String::from_utf8_lossy(&report.stdout);
    if !stdout.contains(program.stdout.as_deref().unwrap_or_default()) {
        return Err(format!("no {:?} in what it printed", program.stdout));
    }
    if program.stdout_bytes.as_ref().is_some_and(|bytes| *bytes != report.stdout) {
        return Err(format!("not the bytes that it wrote: {:?}", program.stdout_bytes));
    }
    if let Some(missing) = program.denied.iter().find(|name| !report.outcome.denied.contains(name)) {
        return Err(format!("the denied call `{missing}` is not named"));
    }
    let share = report.outcome.usage.cpu_microseconds as f64 / report.outcome.usage.wall_microseconds.max(1) as f64;
    if program.processor_share.is_some_and(|most| share > most) {
        return Err(format!("it had {share:.2} processors"));
    }
    Ok(())
}

fn result(program: &Program, report: &Report) -> Result<(), String> {
    if let Some(expected) = &program.result {
        let result = report.result();
        if result != *expected {
            return Err(format!("not the result {expected}"));
        }
    }
    if let Some(expected) = &program.result_text {
        let text = report.outcome.result.as_ref().ok().and_then(Option::as_ref).map(|value| value.as_str());
        if text != Some(expected) {
            return Err(format!("not the text {expected}"));
        }
    }
    Ok(())
}

/// Everything that is known about a task, shortened.
pub(crate) fn transcript(report: &Report) -> String {
    let short = |text: &str| text.chars().take(1500).collect::<String>();
    let end = match &report.outcome.result {
        Ok(None) => "ok without a result".to_owned(),
        Ok(Some(value)) => format!("ok: {}", short(value.as_str())),
        Err(error) => format!("{error}\n{}", short(error.stack.as_deref().unwrap_or_default())),
    };
    format!(
        "{end}\ndenied: {:?}\n{:?}\nstdout: {}\nstderr: {}",
        report.outcome.denied,
        report.outcome.usage,
        short(&String::from_utf8_lossy(&report.stdout)),
        short(&String::from_utf8_lossy(&report.stderr))
    )
}
