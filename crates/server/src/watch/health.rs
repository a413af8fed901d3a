//! `/healthz` and `/readyz`.

use std::sync::Arc;

use axum::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::problem::{Kind, Problem};
use crate::state::State;

/// `GET /healthz`: the process lives and answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: whether tasks can be taken, and if not, why.
pub(crate) async fn readyz(Extension(state): Extension<Arc<State>>) -> Response {
    let problems = state.problems();
    if problems.is_empty() {
        let json = HeaderValue::from_static("application/json");
        return ([(header::CONTENT_TYPE, json)], r#"{"status":"ready"}"#).into_response();
    }
    Problem::new(Kind::Unavailable, problems.join("; ")).into_response()
}

impl State {
    /// Why tasks cannot be taken now; empty when they can.
    pub(crate) fn problems(&self) -> Vec<String> {
        let status = self.engine().status();
        let mut problems = Vec::new();
        if self.is_stopping() || status.draining {
            problems.push("the service is stopping".to_owned());
        }
        if status.queued >= status.maximum_queue {
            let (running, queued) = (status.running, status.queued);
            problems.push(format!("{running} tasks are running and {queued} are waiting, which is the most"));
        }
        for runtime in &status.runtimes {
            if let Some(problem) = &runtime.problem {
                problems.push(format!("{} cannot take tasks: {problem}", runtime.language));
            }
        }
        problems.extend(self.audit().and_then(|audit| audit.problem()));
        problems
    }
}
