//! Why a command ends without the outcome of a task.

use std::fmt;

use crate::exit_status::ExitStatus;

/// Why a command ends without the outcome of a task: one message, what to do about it, and the exit status.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: ExitStatus,
    /// A lower-case fragment.
    pub(crate) message: String,
    /// What the reader can do.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// The request is wrong; nothing ran.
    pub(crate) fn validation(error: &impl fmt::Display, hint: Option<String>) -> Self {
        Self { status: ExitStatus::ValidationError, message: error.to_string(), hint }
    }

    /// The machine is not ready for tasks.
    pub(crate) fn setup(error: &impl fmt::Display, hint: Option<String>) -> Self {
        Self { status: ExitStatus::SetupError, message: error.to_string(), hint }
    }

    /// A defect of ours.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self {
            status: ExitStatus::InternalError,
            message: message.into(),
            hint: Some(
                "this is a defect of stockade; please report it with the output of `stockade doctor`".to_owned(),
            ),
        }
    }
}
