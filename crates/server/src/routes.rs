//! Which path is answered by whom.

use std::sync::Arc;

use axum::extract::{Request, State as Extract};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::problem::{Kind, Problem};
use crate::state::State;
use crate::task;

/// The paths of the API.
pub(crate) fn router(state: &Arc<State>) -> Router {
    let tasks = Router::new()
        .route("/v1/tasks", post(task::create).fallback(|| method("POST")))
        .route("/v1/tasks/{id}", get(task::read).delete(task::cancel).fallback(|| method("GET, HEAD, DELETE")))
        .route("/v1/tasks/{id}/events", get(task::follow).fallback(|| method("GET, HEAD")))
        .layer(middleware::from_fn_with_state(Arc::clone(state), identify));
    Router::new().merge(tasks).fallback(nothing).layer(Extension(Arc::clone(state)))
}

async fn method(methods: &'static str) -> Problem {
    Problem::new(Kind::Method, "this path has other methods").allowing(methods)
}

async fn nothing() -> Problem {
    Problem::new(Kind::NotFound, "there is nothing at this path; `/docs` shows what there is")
}

/// Finds out who is calling.
async fn identify(Extract(state): Extract<Arc<State>>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let caller = state.callers().identify(request.headers())?;
    caller.count_request()?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}
