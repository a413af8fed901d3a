//! The one JSON object of `stockade run --json`.

use std::borrow::Cow;

use serde::Serialize;
use stockade_protocol::{FileName, NetworkUsage, Outcome, RawJson, TaskError, Usage};

use crate::failure::Failure;

/// What happened, for programs. `result` is missing when the code returned nothing.
#[derive(Debug, Serialize)]
pub(super) struct Report<'task> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'task RawJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorReport<'task>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    stdout: Cow<'task, str>,
    stderr: Cow<'task, str>,
    usage: Usage,
    denied: &'task [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<&'task NetworkUsage>,
    /// Names of the files that the task left, in the output folder now.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<&'task FileName>>,
}

/// The task's own error, or why there is no task.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ErrorReport<'task> {
    Task(&'task TaskError),
    Failure {
        code: &'static str,
        message: &'task str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'task str>,
    },
}

impl<'task> Report<'task> {
    /// The report of a task that ended.
    pub(super) fn of_outcome(outcome: &'task Outcome, (stdout, stderr): (Cow<'task, str>, Cow<'task, str>)) -> Self {
        let (status, result, error) = match &outcome.result {
            Ok(result) => ("ok", result.as_ref(), None),
            Err(error) => ("error", None, Some(ErrorReport::Task(error))),
        };
        let (exit_code, usage, denied) = (outcome.exit_code, outcome.usage, outcome.denied.as_slice());
        let network = outcome.network.as_ref();
        let files = outcome.files.as_ref().map(|files| files.keys().collect());
        Self { status, result, error, exit_code, stdout, stderr, usage, denied, network, files }
    }

    /// The report of a task that never ran.
    pub(super) fn of_failure(failure: &'task Failure) -> Self {
        let error = ErrorReport::Failure {
            code: failure.status.name(),
            message: &failure.message,
            description: failure.hint.as_deref(),
        };
        Self {
            status: "error",
            result: None,
            error: Some(error),
            exit_code: None,
            stdout: Cow::Borrowed(""),
            stderr: Cow::Borrowed(""),
            usage: Usage::default(),
            denied: &[],
            network: None,
            files: None,
        }
    }

    /// The JSON text.
    pub(super) fn to_json(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(|error| Failure::internal(format!("cannot write the report: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use stockade_protocol::ErrorCode;

    fn outcome(result: Result<Option<&'static str>, TaskError>) -> Outcome {
        Outcome {
            result: result.map(|json| json.map(|json| RawJson::new(Bytes::from_static(json.as_bytes())).unwrap())),
            exit_code: None,
            usage: Usage { wall_microseconds: 1_200, cpu_microseconds: 900, peak_memory_bytes: 9 << 20 },
            denied: vec!["socket".to_owned()],
            network: None,
            files: None,
        }
    }

    fn json(outcome: &Outcome) -> String {
        Report::of_outcome(outcome, (Cow::Borrowed("out\n"), Cow::Borrowed(""))).to_json().unwrap()
    }

    #[test]
    fn every_kind_of_end() {
        let error = TaskError { line: Some(3), ..TaskError::new(ErrorCode::RuntimeError, "division by zero") };
        let failure = Failure::validation(&"cannot read `x.py`", Some("look again".to_owned()));
        let reports = [
            json(&outcome(Ok(Some("{\"total\": 1.50}")))),
            json(&outcome(Ok(Some("null")))),
            json(&outcome(Ok(None))),
            json(&Outcome { exit_code: Some(0), ..outcome(Ok(None)) }),
            json(&outcome(Err(error))),
            Report::of_failure(&failure).to_json().unwrap(),
        ];
        insta::assert_snapshot!(reports.join("\n"));
    }
}
