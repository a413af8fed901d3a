//! Errors as RFC 9457 problem documents.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stockade_protocol::{ErrorCode, TaskError};
use uuid::Uuid;

use crate::task::TaskReport;

/// The media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request has no result.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    /// The task that it is about, and what is known of it.
    task: Option<(Uuid, Option<Box<TaskReport>>)>,
    /// When it is worth trying again.
    retry_after: Option<Duration>,
    /// What methods there are, for a method that is not.
    allow: Option<&'static str>,
}

/// The class of a problem: its code, its HTTP status and its title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// The outcome of a task.
    Task(ErrorCode),
    /// No key, or one that is not known.
    Unauthenticated,
    /// More requests or tasks than the key may have.
    RateLimited,
    /// No such task or path.
    NotFound,
    /// Not for this path.
    Method,
    /// Neither JSON nor without encoding.
    MediaType,
    /// More bytes than are taken.
    TooLarge,
    /// The client did not send its request in time.
    Slow,
    /// The task has ended, or began in a way that rules this out.
    State,
    /// The idempotency key was used for another request.
    KeyReuse,
    /// The service is stopping or not ready.
    Unavailable,
    /// A request that was meant for another host.
    Misdirected,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub(crate) const ALL: [Self; 23] = [
        Self::Task(ErrorCode::ValidationError),
        Self::Unauthenticated,
        Self::Task(ErrorCode::PermissionError),
        Self::NotFound,
        Self::Method,
        Self::Slow,
        Self::Task(ErrorCode::CancelledError),
        Self::State,
        Self::TooLarge,
        Self::MediaType,
        Self::Misdirected,
        Self::KeyReuse,
        Self::Task(ErrorCode::SyntaxError),
        Self::Task(ErrorCode::RuntimeError),
        Self::Task(ErrorCode::TimeoutError),
        Self::Task(ErrorCode::MemoryError),
        Self::Task(ErrorCode::OutputLimitError),
        Self::Task(ErrorCode::DiskLimitError),
        Self::Task(ErrorCode::ProcessLimitError),
        Self::RateLimited,
        Self::Task(ErrorCode::InternalError),
        Self::Task(ErrorCode::CapacityError),
        Self::Unavailable,
    ];

    /// The code, as programs see it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Task(code) => code.name(),
            Self::Unauthenticated => "AUTHENTICATION_ERROR",
            Self::RateLimited => "RATE_LIMIT_ERROR",
            Self::NotFound => "NOT_FOUND_ERROR",
            Self::Method => "METHOD_ERROR",
            Self::MediaType => "MEDIA_TYPE_ERROR",
            Self::TooLarge => "BODY_SIZE_ERROR",
            Self::Slow => "REQUEST_TIMEOUT_ERROR",
            Self::State => "STATE_ERROR",
            Self::KeyReuse => "IDEMPOTENCY_ERROR",
            Self::Unavailable => "UNAVAILABLE_ERROR",
            Self::Misdirected => "HOST_ERROR",
        }
    }

    /// The status of an answer with this problem.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Task(code) => match code {
                ErrorCode::ValidationError => StatusCode::BAD_REQUEST,
                // The request was in order; what the code did was not.
                ErrorCode::SyntaxError
                | ErrorCode::RuntimeError
                | ErrorCode::TimeoutError
                | ErrorCode::MemoryError
                | ErrorCode::OutputLimitError
                | ErrorCode::DiskLimitError
                | ErrorCode::ProcessLimitError => StatusCode::UNPROCESSABLE_ENTITY,
                ErrorCode::PermissionError => StatusCode::FORBIDDEN,
                ErrorCode::CancelledError => StatusCode::CONFLICT,
                ErrorCode::CapacityError => StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::State => StatusCode::CONFLICT,
            Self::KeyReuse => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
        }
    }

    /// What it means in general; the same words for every problem of a kind.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Task(code) => match code {
                ErrorCode::ValidationError => "The request is wrong; nothing ran",
                ErrorCode::SyntaxError => "The code is not valid in its language",
                ErrorCode::RuntimeError => "The code failed while it ran",
                ErrorCode::TimeoutError => "The time limit was reached",
                ErrorCode::MemoryError => "The memory limit was reached",
                ErrorCode::OutputLimitError => "The output limit was reached",
                ErrorCode::DiskLimitError => "The limit of files in /tmp was reached",
                ErrorCode::ProcessLimitError => "The limit of processes was reached",
                ErrorCode::PermissionError => "Not permitted",
                ErrorCode::CancelledError => "The task was cancelled",
                ErrorCode::CapacityError => "No free place for the task",
                ErrorCode::InternalError => "A defect of Stockade",
            },
            Self::Unauthenticated => "No valid API key",
            Self::RateLimited => "More requests than this API key may send",
            Self::NotFound => "Not found",
            Self::Method => "The method is not for this path",
            Self::MediaType => "The body is in a form that is not taken",
            Self::TooLarge => "The body is too large",
            Self::Slow => "The request was not sent in time",
            Self::State => "The task is not in a state for this",
            Self::KeyReuse => "The idempotency key belongs to another request",
            Self::Unavailable => "The service takes no tasks now",
            Self::Misdirected => "The request names a host that is not this service",
        }
    }

    /// The `type` of the document: an anchor of the page at `/docs`.
    fn reference(self) -> String {
        format!("/docs#{}", self.code())
    }
}

/// The document.
#[derive(Serialize)]
struct Document<'problem> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'problem str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    #[serde(flatten)]
    report: Option<&'problem TaskReport>,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), task: None, retry_after: None, allow: None }
    }

    /// The request is wrong.
    pub(crate) fn validation(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Task(ErrorCode::ValidationError), detail)
    }

    /// The caller may not have what the request asks for.
    pub(crate) fn permission(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Task(ErrorCode::PermissionError), detail)
    }

    /// The task was refused before it ran.
    pub(crate) fn refused(error: &TaskError) -> Self {
        let detail = match &error.description {
            Some(description) => format!("{}. {description}", error.message),
            None => error.message.clone(),
        };
        Self::new(Kind::Task(error.code), detail)
    }

    /// A task that ended with an error.
    pub(crate) fn of_task(id: Uuid, error: &TaskError, report: TaskReport) -> Self {
        let problem = Self::new(Kind::Task(error.code), error.message.clone());
        Self { task: Some((id, Some(Box::new(report)))), ..problem }
    }

    #[must_use]
    pub(crate) fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    #[must_use]
    pub(crate) fn allowing(mut self, methods: &'static str) -> Self {
        self.allow = Some(methods);
        self
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The status of the answer. What a task reported is never the fault of its request.
    fn status(&self) -> StatusCode {
        match (self.kind, &self.task) {
            (Kind::Task(ErrorCode::PermissionError | ErrorCode::ValidationError), Some(_)) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            (kind, _) => kind.status(),
        }
    }

    fn document(&self) -> Document<'_> {
        let status = self.status();
        let id = self.task.as_ref().map(|(id, _)| *id);
        Document {
            r#type: self.kind.reference(),
            title: self.kind.title(),
            status: status.as_u16(),
            detail: &self.detail,
            instance: id.map(|id| format!("/v1/tasks/{id}")),
            code: self.kind.code(),
            id,
            report: self.task.as_ref().and_then(|(_, report)| report.as_deref()),
        }
    }

    /// Writes the document.
    pub(crate) fn write(&self, writer: impl io::Write) -> io::Result<()> {
        Ok(serde_json::to_writer(writer, &self.document())?)
    }

    /// The response whose body is the document.
    pub(crate) fn answer(&self, document: Body) -> Response {
        let status = self.status();
        let mut response = (status, document).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let pause = self.retry_after.or(match status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Some(Duration::from_secs(1)),
            _ => None,
        });
        if let Some(pause) = pause {
            // Whole seconds, rounded up: a client that waits so long is not too early.
            let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if let Some(methods) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"stockade\""));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = Vec::new();
        // Nothing in a document can fail to be serialised; an empty body would still have its status.
        let _ = self.write(&mut body);
        self.answer(body.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_a_code_of_its_own_and_a_status_of_an_error() {
        let codes: HashSet<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), Kind::ALL.len());
        assert!(Kind::ALL.iter().all(|kind| kind.status().is_client_error() || kind.status().is_server_error()));
        assert!(ErrorCode::ALL.iter().all(|code| Kind::ALL.contains(&Kind::Task(*code))));
    }

    #[test]
    fn what_can_be_tried_again_says_when() {
        let retry_after = |problem: Problem| {
            let response = problem.into_response();
            response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned())
        };
        let limited = || Problem::new(Kind::RateLimited, "");
        assert_eq!(retry_after(limited().retry_after(Duration::from_millis(1200))).as_deref(), Some("2"));
        assert_eq!(retry_after(limited()).as_deref(), Some("1"));
        assert_eq!(retry_after(Problem::validation("")), None);
    }
}
