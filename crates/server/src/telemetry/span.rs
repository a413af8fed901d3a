//! What spans say.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Extension;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Span as _, SpanContext, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::Span;
use stockade_protocol::{Language, Outcome};
use uuid::Uuid;

use super::Telemetry;
use crate::state::State;

/// The paths whose requests have a task of their own. The name of a span is that of its path, never what a client made
/// up.
const TRACED: [(&str, &str); 2] = [("/v1/tasks", "POST /v1/tasks"), ("/process_data", "POST /process_data")];

/// The span of a request, for the span of its task.
#[derive(Debug, Clone)]
pub(crate) struct Parent(SpanContext);

/// What is known of a task when it is taken.
#[derive(Debug)]
pub(crate) struct TaskTrace {
    parent: Parent,
    began: SystemTime,
    clock: Instant,
}

/// Makes a span of each request that has a task, of callers that are known. The client may name the span that it belongs to
/// (<https://www.w3.org/TR/trace-context/>), and so also whether it is sampled.
pub(crate) async fn trace(Extension(state): Extension<Arc<State>>, mut request: Request, next: Next) -> Response {
    let Some(telemetry) = state.telemetry() else { return next.run(request).await };
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let traced = TRACED.into_iter().find(|(traced, _)| Some(*traced) == path);
    let Some((path, name)) = traced.filter(|_| *request.method() == Method::POST) else {
        return next.run(request).await;
    };
    let mut span = telemetry.begin_request(path, name, request.headers());
    request.extensions_mut().insert(Parent(span.span_context().clone()));
    let response = next.run(request).await;
    end_request(&mut span, response.status());
    response
}

impl Telemetry {
    fn begin_request(&self, path: &'static str, name: &'static str, headers: &HeaderMap) -> Span {
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers));
        self.tracer
            .span_builder(name)
            .with_kind(SpanKind::Server)
            .with_attributes([KeyValue::new("http.request.method", "POST"), KeyValue::new("http.route", path)])
            .start_with_context(&self.tracer, &parent)
    }

    /// Makes the span of a task that has ended.
    pub(crate) fn task_ended(&self, trace: &TaskTrace, task: &EndedTask<'_>) {
        let total = trace.clock.elapsed();
        let EndedTask { id, caller, language, outcome } = task;
        let usage = outcome.usage;
        let ran = Duration::from_micros(usage.wall_microseconds);
        let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
        let count = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        let end = outcome.result.as_ref().map_or_else(|error| error.code.name(), |_| "ok");
        let mut attributes = vec![
            KeyValue::new("stockade.task.id", id.to_string()),
            KeyValue::new("stockade.caller", (*caller).to_owned()),
            KeyValue::new("stockade.language", language.name().to_owned()),
            KeyValue::new("stockade.outcome", end),
            KeyValue::new("stockade.wait_ms", milliseconds(total.saturating_sub(ran))),
            KeyValue::new("stockade.run_ms", milliseconds(ran)),
            KeyValue::new("stockade.cpu_ms", milliseconds(Duration::from_micros(usage.cpu_microseconds))),
            KeyValue::new("stockade.peak_memory_bytes", count(usage.peak_memory_bytes)),
        ];
        let status = match outcome.result {
            Ok(_) => Status::Unset,
            Err(_) => {
                attributes.push(KeyValue::new("error.type", end));
                // Its message may quote data of the task.
                Status::error("")
            }
        };
        let parent = Context::new().with_remote_span_context(trace.parent.0.clone());
        let mut span = self
            .tracer
            .span_builder("task")
            .with_kind(SpanKind::Internal)
            .with_start_time(trace.began)
            .with_attributes(attributes)
            .start_with_context(&self.tracer, &parent);
        span.set_status(status);
        span.end_with_timestamp(trace.began + total);
    }
}

/// A task for its span.
#[derive(Debug)]
pub(crate) struct EndedTask<'task> {
    pub(crate) id: Uuid,
    pub(crate) caller: &'task str,
    pub(crate) language: &'task Language,
    pub(crate) outcome: &'task Outcome,
}

impl TaskTrace {
    /// Begins with the moment at which the engine is given the task.
    pub(crate) fn begin(parent: Parent) -> Self {
        Self { parent, began: SystemTime::now(), clock: Instant::now() }
    }
}

/// A client that is gone has no status: then the span ends when it is dropped.
fn end_request(span: &mut Span, status: StatusCode) {
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
    span.end();
}
