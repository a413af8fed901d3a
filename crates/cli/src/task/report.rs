//! The JSON object of a task directory, as spec/seed-4 shows it.

use std::borrow::Cow;

use serde::Serialize;
use stockade_protocol::NetworkUsage;

/// What a task that ran to its end did.
#[derive(Debug, Serialize)]
pub(super) struct Report<'task> {
    pub(super) task_id: String,
    pub(super) status: &'static str,
    pub(super) stdout: Cow<'task, str>,
    pub(super) stderr: Cow<'task, str>,
    pub(super) exit_code: i32,
    pub(super) execution_time_ms: u64,
    /// Not in the seed: what a task that may reach hosts did with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) network: Option<&'task NetworkUsage>,
}

/// Why a task did not.
#[derive(Debug, Serialize)]
pub(super) struct Refusal<'task> {
    pub(super) error: &'task str,
}

/// `success` for 0, `failed` for all others.
pub(super) fn status(exit_code: i32) -> &'static str {
    if exit_code == 0 { "success" } else { "failed" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_stand_in_the_order_of_the_seed() {
        let report = Report {
            task_id: "123e4567-e89b-12d3-a456-426614174000".to_owned(),
            status: status(0),
            stdout: "🚀 Node.js task starting...\n".into(),
            stderr: "".into(),
            exit_code: 0,
            execution_time_ms: 1250,
            network: None,
        };
        insta::assert_snapshot!(serde_json::to_string(&report).unwrap());
        assert_eq!((status(1), status(-1)), ("failed", "failed"));
    }
}
