//! How a task ended.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::file::Files;
use crate::json::RawJson;
use crate::network::NetworkUsage;

/// How a task ended: `ok` with a result, or one typed error. Never a hang, and never
/// [`ErrorCode::InternalError`] for what a user did.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The result (`None` when the code returned nothing), or the error.
    pub result: Result<Option<RawJson>, TaskError>,
    /// Exit status of a task directory or custom runtime that ran to its end.
    pub exit_code: Option<i32>,
    /// What the task used, whether it succeeded or not.
    pub usage: Usage,
    /// Names of the system calls that the walls refused, in order of first use.
    pub denied: Vec<String>,
    /// What it did with its network; `None` for a task that had none.
    pub network: Option<NetworkUsage>,
    /// The files that it left; `None` for a task that was not asked for any.
    pub files: Option<Files>,
}

impl Outcome {
    /// The outcome of a task that never ran.
    pub fn refused(error: TaskError) -> Self {
        Self {
            result: Err(error),
            exit_code: None,
            usage: Usage::default(),
            denied: Vec::new(),
            network: None,
            files: None,
        }
    }
}

/// What a task used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Wall time from the moment that a worker had the task, in microseconds.
    pub wall_microseconds: u64,
    /// Processor time of all the task's processes, user and system, in microseconds.
    pub cpu_microseconds: u64,
    /// Most memory that the task's processes held at one time, in bytes.
    pub peak_memory_bytes: u64,
}

/// Why a task has no result.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{code}: {message}")]
pub struct TaskError {
    /// The class of the error.
    pub code: ErrorCode,
    /// What happened, in the words of the language or of Stockade.
    pub message: String,
    /// Class name of the exception, such as `TypeError`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Line in the user's file, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in that line, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Frames of the user's own code, as the language prints them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// What the reader can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What only a caller of this kind of task understands, such as n8n's own form of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<RawJson>,
}

impl TaskError {
    /// An error with a code and a message only.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            name: None,
            line: None,
            column: None,
            stack: None,
            description: None,
            details: None,
        }
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

/// The class of an error. The first five are those of spec/seed-0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The time limit was reached.
    TimeoutError,
    /// The memory limit was reached.
    MemoryError,
    /// The code is not valid in its language.
    SyntaxError,
    /// The code failed while it ran.
    RuntimeError,
    /// The code asked for something that it may not have.
    PermissionError,
    /// The request itself is wrong; nothing ran.
    ValidationError,
    /// The caller gave up the task.
    CancelledError,
    /// More output than the limit allows.
    OutputLimitError,
    /// More bytes or files in `/tmp` than the limit allows.
    DiskLimitError,
    /// More processes and threads than the limit allows.
    ProcessLimitError,
    /// No free place: the task was refused at once.
    CapacityError,
    /// A defect of Stockade.
    InternalError,
}

impl ErrorCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::TimeoutError,
        Self::MemoryError,
        Self::SyntaxError,
        Self::RuntimeError,
        Self::PermissionError,
        Self::ValidationError,
        Self::CancelledError,
        Self::OutputLimitError,
        Self::DiskLimitError,
        Self::ProcessLimitError,
        Self::CapacityError,
        Self::InternalError,
    ];

    /// The code as users see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TimeoutError => "TIMEOUT_ERROR",
            Self::MemoryError => "MEMORY_ERROR",
            Self::SyntaxError => "SYNTAX_ERROR",
            Self::RuntimeError => "RUNTIME_ERROR",
            Self::PermissionError => "PERMISSION_ERROR",
            Self::ValidationError => "VALIDATION_ERROR",
            Self::CancelledError => "CANCELLED_ERROR",
            Self::OutputLimitError => "OUTPUT_LIMIT_ERROR",
            Self::DiskLimitError => "DISK_LIMIT_ERROR",
            Self::ProcessLimitError => "PROCESS_LIMIT_ERROR",
            Self::CapacityError => "CAPACITY_ERROR",
            Self::InternalError => "INTERNAL_ERROR",
        }
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}
