//! What the exit status of `stockade` says.

use std::fmt::Write as _;
use std::process::ExitCode;

use stockade_protocol::ErrorCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    Ok = 0,
    RuntimeError = 1,
    ValidationError = 2,
    SyntaxError = 3,
    TimeoutError = 4,
    MemoryError = 5,
    PermissionError = 6,
    OutputLimitError = 7,
    DiskLimitError = 8,
    ProcessLimitError = 9,
    CapacityError = 10,
    CancelledError = 11,
    /// The machine cannot run tasks; nothing is wrong with the task.
    SetupError = 12,
    InternalError = 70,
}

impl ExitStatus {
    const ALL: [Self; 14] = [
        Self::Ok,
        Self::RuntimeError,
        Self::ValidationError,
        Self::SyntaxError,
        Self::TimeoutError,
        Self::MemoryError,
        Self::PermissionError,
        Self::OutputLimitError,
        Self::DiskLimitError,
        Self::ProcessLimitError,
        Self::CapacityError,
        Self::CancelledError,
        Self::SetupError,
        Self::InternalError,
    ];

    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The code of the error, as it stands in messages and in `--json`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::RuntimeError => ErrorCode::RuntimeError.name(),
            Self::ValidationError => ErrorCode::ValidationError.name(),
            Self::SyntaxError => ErrorCode::SyntaxError.name(),
            Self::TimeoutError => ErrorCode::TimeoutError.name(),
            Self::MemoryError => ErrorCode::MemoryError.name(),
            Self::PermissionError => ErrorCode::PermissionError.name(),
            Self::OutputLimitError => ErrorCode::OutputLimitError.name(),
            Self::DiskLimitError => ErrorCode::DiskLimitError.name(),
            Self::ProcessLimitError => ErrorCode::ProcessLimitError.name(),
            Self::CapacityError => ErrorCode::CapacityError.name(),
            Self::CancelledError => ErrorCode::CancelledError.name(),
            Self::SetupError => "SETUP_ERROR",
            Self::InternalError => ErrorCode::InternalError.name(),
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "the code ran to its end",
            Self::RuntimeError => "the code failed while it ran",
            Self::ValidationError => "wrong options, file, inputs or configuration; nothing ran",
            Self::SyntaxError => "the code is not valid in its language",
            Self::TimeoutError => "the limit of `--timeout` was reached",
            Self::MemoryError => "the limit of `--memory` was reached",
            Self::PermissionError => "the code asked for something that it may not have",
            Self::OutputLimitError => "the limit of `--output-limit` was reached",
            Self::DiskLimitError => "the limit of `--tmp` was reached",
            Self::ProcessLimitError => "the limit of `--processes` was reached",
            Self::CapacityError => "no free place for the task",
            Self::CancelledError => "the task was cancelled, for example with Ctrl-C",
            Self::SetupError => "a wall cannot be built, or an interpreter is missing or too old",
            Self::InternalError => "a defect of stockade",
        }
    }
}

impl From<ErrorCode> for ExitStatus {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::TimeoutError => Self::TimeoutError,
            ErrorCode::MemoryError => Self::MemoryError,
            ErrorCode::SyntaxError => Self::SyntaxError,
            ErrorCode::RuntimeError => Self::RuntimeError,
            ErrorCode::PermissionError => Self::PermissionError,
            ErrorCode::ValidationError => Self::ValidationError,
            ErrorCode::CancelledError => Self::CancelledError,
            ErrorCode::OutputLimitError => Self::OutputLimitError,
            ErrorCode::DiskLimitError => Self::DiskLimitError,
            ErrorCode::ProcessLimitError => Self::ProcessLimitError,
            ErrorCode::CapacityError => Self::CapacityError,
            ErrorCode::InternalError => Self::InternalError,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

/// The table at the end of `--help`.
pub(crate) fn table() -> String {
    let mut table = String::from("Exit status:\n");
    for status in ExitStatus::ALL {
        // Writing into a string cannot fail.
        let _ = writeln!(table, "  {:>2}  {:<19}  {}", status.code(), status.name(), status.meaning());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_status_of_its_own() {
        let mut codes: Vec<u8> = ErrorCode::ALL.map(|code| ExitStatus::from(code).code()).to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        assert!(ErrorCode::ALL.iter().all(|code| ExitStatus::from(*code).name() == code.name()));
    }

    #[test]
    fn the_table_names_every_status() {
        insta::assert_snapshot!(table());
    }
}
