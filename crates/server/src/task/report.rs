//! What a caller is told about a task.

use serde::Serialize;
use stockade_protocol::{NetworkUsage, RawJson, TaskError, Usage};
use uuid::Uuid;

use super::files::Base64Files;

/// A task as `GET /v1/tasks/{id}` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct TaskView {
    /// Of this task alone.
    pub(crate) id: Uuid,
    /// Where it stands.
    pub(crate) status: Status,
    /// What it was written in.
    pub(crate) language: String,
    /// What the code returned; missing while it runs, after an error, and when it returned nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<RawJson>,
    #[serde(flatten)]
    pub(crate) report: TaskReport,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// It waits for a place, or runs.
    Running,
    /// It ended with a result.
    Ok,
    /// It ended with an error.
    Error,
}

/// What is known of a task beside its result.
#[derive(Debug, Serialize)]
pub(crate) struct TaskReport {
    /// Why there is no result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<TaskError>,
    /// What it wrote to standard output; bytes that are not UTF-8 are U+FFFD.
    pub(crate) stdout: String,
    /// What it wrote to standard error.
    pub(crate) stderr: String,
    /// Exit status of a custom runtime that ran to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exit_code: Option<i32>,
    /// What it used; missing while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<Usage>,
    /// Names of the system calls that the walls refused, in order of first use.
    pub(crate) denied: Vec<String>,
    /// What it did with its network, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) network: Option<NetworkUsage>,
    /// The files that it left, if it was asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) files: Option<Base64Files>,
}
