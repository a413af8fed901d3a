//! What the reader can do about a module that the code cannot import, in words of the command line.

use stockade_packages::advice::{Advice, Modules};
use stockade_protocol::{ErrorCode, TaskError};

/// For a module that is missing or refused.
pub(super) fn advice(error: &TaskError, modules: &Modules<'_>) -> Option<String> {
    match modules.advice(error) {
        Some(Advice::Allow(_)) => Some(format!("it is installed, but not allowed; {}", allow(error))),
        Some(advice) => Some(advice.to_string()),
        None if error.code == ErrorCode::PermissionError && error.message.contains("is not allowed") => {
            Some(allow(error))
        }
        None => None,
    }
}

/// How the module is allowed.
fn allow(error: &TaskError) -> String {
    let is_plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@/:".contains(&byte));
    let module = error.message.split('\'').nth(1).filter(|name| !name.is_empty()).filter(is_plain).unwrap_or("MODULE");
    format!("add the module with `--allow {module}`, or leave `--allow` out to allow what is installed")
}
