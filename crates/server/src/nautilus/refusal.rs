//! Errors in the words of the reference, which its users' programs read.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// Why a request has no signed answer: `{"error": "<text>"}`.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    text: String,
}

impl Refusal {
    /// The request is wrong, or its task did not run to its end.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, text: text.into() }
    }

    /// The same about a task.
    pub(super) fn of_task(reason: impl std::fmt::Display) -> Self {
        Self::new(format!("Failed to execute Node.js task: {reason}"))
    }

    /// What the reference does not know: the service takes no task or no body now.
    pub(super) fn of_problem(problem: &Problem) -> Self {
        Self { status: problem.kind().status(), text: format!("Failed to execute Node.js task: {}", problem.detail()) }
    }

    #[cfg(test)]
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.text }).to_string();
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
