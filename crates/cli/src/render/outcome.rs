//! The outcome of a task, for people.

use std::fmt::Write as _;

use stockade_packages::advice::Modules;
use stockade_protocol::{Limits, Outcome, RefusedHost, TaskError};

use super::visible::visible;
use super::{Paint, hint, message};

/// What the reader knows about the task that failed.
#[derive(Debug)]
pub(crate) struct ErrorContext<'task> {
    /// The file as it was given on the command line.
    pub(crate) file: &'task str,
    /// What it could import.
    pub(crate) modules: Modules<'task>,
    pub(crate) limits: &'task Limits,
}

/// What the walls kept a task from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusals<'task> {
    pub(crate) denied: &'task [String],
    pub(crate) hosts: &'task [RefusedHost],
}

impl<'task> From<&'task Outcome> for Refusals<'task> {
    fn from(outcome: &'task Outcome) -> Self {
        Self { denied: &outcome.denied, hosts: outcome.network.as_ref().map_or(&[], |network| &network.refused) }
    }
}

/// The error with its place, the language's own account of it, what the walls refused, and what to do.
pub(crate) fn error_text(
    error: &TaskError,
    refusals: Refusals<'_>,
    context: &ErrorContext<'_>,
    paint: Paint,
) -> String {
    let mut text = format!("{}: {}: {}\n", paint.error("error"), error.code, visible(&named_message(error)));
    if let Some(line) = error.line {
        let column = error.column.map(|column| format!(":{column}")).unwrap_or_default();
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  --> {}:{line}{column}", visible(context.file));
    }
    let mut more = refused_lines(refusals, paint);
    for hint in hint::hints(error, refusals, &context.modules, context.limits) {
        more.push_str(&message::hint(&hint, paint));
    }
    if let Some(stack) = error.stack.as_deref().filter(|stack| !stack.trim().is_empty()) {
        text.push('\n');
        for line in visible(stack.trim_end()).lines() {
            let _ = writeln!(text, "{}", format!("  {line}").trim_end());
        }
        text.push_str(if more.is_empty() { "" } else { "\n" });
    }
    text + &more
}

/// `denied: …` with the system calls and `refused: …` with the hosts that the task was kept from, if any.
pub(crate) fn refused_lines(refusals: Refusals<'_>, paint: Paint) -> String {
    let hosts: Vec<String> = refusals.hosts.iter().map(ToString::to_string).collect();
    let line = |title: &str, entries: &[String]| match entries {
        [] => String::new(),
        entries => format!("{}: {}\n", paint.warning(title), visible(&entries.join(", "))),
    };
    line("denied", refusals.denied) + &line("refused", &hosts)
}

/// `TypeError: x is not a function`: the class goes before the message where the language has not put it there.
fn named_message(error: &TaskError) -> String {
    match &error.name {
        Some(name) if error.message.is_empty() => name.clone(),
        Some(name) if !error.message.starts_with(name.as_str()) => format!("{name}: {}", error.message),
        _ => error.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stockade_protocol::ErrorCode;
    use stockade_protocol::Language;

    fn shown_in(language: &Language, error: &TaskError, denied: &[&str]) -> String {
        let limits = Limits::of(language);
        let file = if *language == Language::Python { "jobs/orders.py" } else { "jobs/orders.js" };
        let denied: Vec<String> = denied.iter().map(|&call| call.to_owned()).collect();
        error_text(
            error,
            Refusals { denied: &denied, hosts: &[] },
            &ErrorContext { file, modules: Modules::of(language), limits: &limits },
            Paint::PLAIN,
        )
    }

    fn shown(error: &TaskError, denied: &[&str]) -> String {
        shown_in(&Language::Python, error, denied)
    }

    #[test]
    fn a_python_exception() {
        let error = TaskError {
            name: Some("ZeroDivisionError".to_owned()),
            line: Some(3),
            column: Some(11),
            stack: Some(
                "Traceback (most recent call last):\n  File \"orders.py\", line 6, in <module>\n    return mean([])\n           \
                 ^^^^^^^^\n  File \"orders.py\", line 3, in mean\n    return sum(values) / len(values)\n           \
                 ~~~~~~~~~~~~^~~~~~~~~~~~~\nZeroDivisionError: division by zero\n"
                    .to_owned(),
            ),
            ..TaskError::new(ErrorCode::RuntimeError, "division by zero")
        };
        insta::assert_snapshot!(shown(&error, &[]));
    }

    #[test]
    fn a_javascript_exception() {
        let error = TaskError {
            name: Some("TypeError".to_owned()),
            line: Some(2),
            column: Some(22),
            stack: Some(
                "TypeError: Cannot read properties of undefined (reading 'total')\n    at total (orders.js:2:22)\n    at orders.js:5:8"
                    .to_owned(),
            ),
            ..TaskError::new(ErrorCode::RuntimeError, "Cannot read properties of undefined (reading 'total')")
        };
        insta::assert_snapshot!(shown_in(&Language::JavaScript, &error, &[]));
    }

    #[test]
    fn the_network() {
        let error = TaskError {
            name: Some("PermissionError".to_owned()),
            line: Some(4),
            stack: Some(
                "Traceback (most recent call last):\n  File \"orders.py\", line 4, in <module>\n    \
                 socket.create_connection((\"example.org\", 80))\nPermissionError: [Errno 1] Operation not permitted"
                    .to_owned(),
            ),
            ..TaskError::new(ErrorCode::PermissionError, "[Errno 1] Operation not permitted")
        };
        insta::assert_snapshot!(shown(&error, &["socket"]));
    }

    #[test]
    fn each_limit_says_how_to_raise_it() {
        let limits = [
            (ErrorCode::TimeoutError, "Task execution timed out after 60 seconds"),
            (ErrorCode::MemoryError, "The task needed more than its memory limit of 512 MiB"),
            (ErrorCode::OutputLimitError, "The task wrote more than 16 MiB of output"),
            (ErrorCode::DiskLimitError, "The task wrote more than 64 MiB to /tmp"),
            (ErrorCode::ProcessLimitError, "The task needed more than its limit of 64 processes and threads"),
        ];
        insta::assert_snapshot!(limits.map(|(code, message)| shown(&TaskError::new(code, message), &[])).join("\n"));
    }

    #[test]
    fn a_limit_that_cannot_be_raised_gets_no_hint() {
        let (language, mut limits) = (Language::Python, Limits::of(&Language::Python));
        limits.timeout = *crate::limits::TIMEOUT.end();
        let error = TaskError::new(ErrorCode::TimeoutError, "Task execution timed out after 86400 seconds");
        let context = ErrorContext { file: "orders.py", modules: Modules::of(&language), limits: &limits };
        assert!(!error_text(&error, Refusals { denied: &[], hosts: &[] }, &context, Paint::PLAIN).contains("hint"));
    }

    #[test]
    fn other_codes_and_their_hints() {
        let named = |name: &str, error: TaskError| TaskError { name: Some(name.to_owned()), ..error };
        let python = [
            named("ModuleNotFoundError", TaskError::new(ErrorCode::RuntimeError, "No module named 'numpy'")),
            TaskError::new(ErrorCode::PermissionError, "Module 'os' is not allowed. Allowed modules: json, math"),
            TaskError::new(ErrorCode::CancelledError, "The task was cancelled"),
            TaskError::new(ErrorCode::InternalError, "the zygote sent an unknown frame"),
            TaskError::new(ErrorCode::CapacityError, "the queue is full").with_description("try again later"),
            named("KeyError", TaskError::new(ErrorCode::RuntimeError, "")),
            named("SyntaxError", TaskError::new(ErrorCode::SyntaxError, "SyntaxError: invalid syntax")),
        ];
        let javascript = [
            named("Error", TaskError::new(ErrorCode::RuntimeError, "Cannot find module 'lodash'")),
            named(
                "SyntaxError",
                TaskError::new(ErrorCode::SyntaxError, "Cannot use import statement outside a module"),
            ),
        ];
        let python = python.iter().map(|error| shown(error, &[]));
        let javascript = javascript.iter().map(|error| shown_in(&Language::JavaScript, error, &[]));
        insta::assert_snapshot!(python.chain(javascript).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn each_group_of_system_calls_has_its_hint() {
        let error = TaskError::new(ErrorCode::PermissionError, "Operation not permitted");
        let groups: [&[&str]; 5] = [&["unshare"], &["ptrace"], &["bpf"], &["kill", "socket"], &["reboot"]];
        insta::assert_snapshot!(groups.map(|denied| shown(&error, denied)).join("\n"));
    }

    #[test]
    fn a_message_cannot_command_the_terminal() {
        let error = TaskError {
            stack: Some("\u{1b}]52;c;cm0gLXJm\u{7}".to_owned()),
            ..TaskError::new(ErrorCode::RuntimeError, "\u{1b}[2Jgone")
        };
        assert!(!shown(&error, &["\u{1b}c"]).contains('\u{1b}'));
    }
}
