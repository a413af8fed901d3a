//! What the reader can do about an error of a task.

use std::fmt::Display;
use std::ops::RangeInclusive;

use stockade_packages::advice::Modules;
use stockade_protocol::network::{AllowedHost, Refusal, RefusedHost};
use stockade_protocol::{ErrorCode, Language, Limits, TaskError};

use crate::limits;
use crate::render::modules;
use crate::render::outcome::Refusals;
use crate::units::{DurationText, SizeText};

/// Hints for `error`, the most specific first.
pub(crate) fn hints(error: &TaskError, refusals: Refusals<'_>, modules: &Modules<'_>, limits: &Limits) -> Vec<String> {
    let mut hints: Vec<String> = error.description.iter().cloned().collect();
    hints.extend(for_code(error, modules.language, limits));
    hints.extend(modules::advice(error, modules));
    hints.extend(for_hosts(refusals.hosts));
    hints.extend(for_denied(refusals.denied).map(str::to_owned));
    hints
}

fn for_code(error: &TaskError, language: &Language, given: &Limits) -> Option<String> {
    match error.code {
        ErrorCode::TimeoutError => {
            let more = given.timeout.saturating_mul(2).min(*limits::TIMEOUT.end());
            (more > given.timeout).then(|| raise("--timeout", DurationText(more)))
        }
        // Its description says what to do when it was not the task that needed too much.
        ErrorCode::MemoryError if error.description.is_none() => {
            raise_size("--memory", given.memory_bytes, &limits::MEMORY)
        }
        ErrorCode::DiskLimitError => raise_size("--tmp", given.temporary_storage_bytes, &limits::TEMPORARY_STORAGE),
        ErrorCode::OutputLimitError => raise_size("--output-limit", given.output_bytes, &limits::OUTPUT),
        ErrorCode::ProcessLimitError => {
            let more = given.processes.saturating_mul(2).min(*limits::PROCESSES.end());
            (more > given.processes).then(|| raise("--processes", more))
        }
        ErrorCode::SyntaxError if *language == Language::JavaScript && mentions_module_syntax(&error.message) => Some(
            "the code is the body of a function: use `require(…)` or `await import(…)`, and `return` the result"
                .to_owned(),
        ),
        ErrorCode::InternalError => {
            Some("this is a defect of stockade; please report it with the output of `stockade doctor`".to_owned())
        }
        _ => None,
    }
}

fn raise_size(option: &str, limit: u64, range: &RangeInclusive<u64>) -> Option<String> {
    let more = limit.saturating_mul(2).min(*range.end());
    (more > limit).then(|| raise(option, SizeText(more)))
}

/// Twice the limit, where that may be asked for: a start for someone who does not know what his code needs.
fn raise(option: &str, more: impl Display) -> String {
    format!("raise the limit with `{option} {more}`")
}

/// V8's words for `import` and `export` outside a module.
fn mentions_module_syntax(message: &str) -> bool {
    message.contains("import statement")
        || message.contains("token 'export'")
        || message.contains("import call expects")
}

/// How the first host that the list lacks gets into it.
fn for_hosts(hosts: &[RefusedHost]) -> Option<String> {
    let refused = hosts.iter().find(|refused| matches!(refused.reason, Refusal::NotAllowed | Refusal::Port))?;
    // Only what is a host is fit to be copied.
    let host: AllowedHost = refused.host.parse().ok()?;
    Some(format!("if the code may reach it, give `--allow-host {host}`"))
}

/// What a refused system call was for. The first group that has one of the calls speaks.
fn for_denied(denied: &[String]) -> Option<&'static str> {
    const GROUPS: [(&[&str], &str); 4] = [
        (
            &["socket", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "recvfrom"],
            "tasks have no network but TCP to allowed hosts: fetch the data first and hand it in, or give `--allow-host NAME`",
        ),
        (
            &["mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "fsopen", "move_mount", "open_tree"],
            "tasks cannot change mounts or namespaces; files belong into `/tmp`",
        ),
        (
            &["ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "pidfd_getfd", "kcmp"],
            "tasks cannot look into processes",
        ),
        (
            &["bpf", "perf_event_open", "keyctl", "add_key", "request_key", "userfaultfd", "io_uring_setup"],
            "this part of the kernel is closed to tasks",
        ),
    ];
    GROUPS.iter().find(|(calls, _)| denied.iter().any(|call| calls.contains(&call.as_str()))).map(|(_, hint)| *hint)
}
