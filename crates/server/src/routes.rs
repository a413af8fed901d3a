//! Which path is answered by whom.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State as Extract};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Extension, Router};

use crate::callers::Caller;
use crate::documentation::{self, Documentation};
use crate::nautilus::{self, Nautilus};
use crate::problem::{Kind, Problem};
use crate::state::State;
use crate::{task, telemetry, watch};

/// The paths of the API.
pub(crate) fn router(state: &Arc<State>, nautilus: Option<&Arc<Nautilus>>) -> Router {
    let keyed = nautilus
        .map(nautilus::router)
        .unwrap_or_default()
        .route("/v1/tasks", post(task::create).fallback(|| method("POST")))
        .route("/v1/tasks/{id}", get(task::read).delete(task::cancel).fallback(|| method("GET, HEAD, DELETE")))
        .route("/v1/tasks/{id}/events", get(task::follow).fallback(|| method("GET, HEAD")))
        .route("/v1/tasks/{id}/network", put(task::change_network).fallback(|| method("PUT")))
        .route("/metrics", get(watch::metrics).fallback(|| method("GET, HEAD")))
        // Whoever has no key makes no spans either.
        .layer(middleware::from_fn(telemetry::trace))
        .layer(middleware::from_fn_with_state(Arc::clone(state), identify));
    let document = documentation::document(state.configuration(), nautilus.is_some());
    // Load balancers and people who look around have no key.
    let open = Router::new()
        .route("/healthz", get(watch::healthz).fallback(|| method("GET, HEAD")))
        .route("/readyz", get(watch::readyz).fallback(|| method("GET, HEAD")))
        .route("/openapi.json", get(documentation::openapi).fallback(|| method("GET, HEAD")))
        .route("/docs", get(documentation::docs).fallback(|| method("GET, HEAD")))
        .layer(Extension(Arc::new(Documentation::new(&document))));
    Router::new()
        .merge(keyed)
        .merge(open)
        .fallback(nothing)
        .layer(middleware::from_fn(watch::count))
        .layer(Extension(Arc::clone(state)))
}

/// The paths of Nautilus on a port of their own.
pub(crate) fn nautilus_router(state: &Arc<State>, nautilus: &Arc<Nautilus>) -> Router {
    nautilus::router(nautilus)
        .layer(Extension(Arc::new(Caller::of_nautilus())))
        .layer(middleware::from_fn(watch::count))
        .layer(middleware::from_fn(telemetry::trace))
        .layer(Extension(Arc::clone(state)))
}

async fn method(methods: &'static str) -> Problem {
    Problem::new(Kind::Method, "this path has other methods").allowing(methods)
}

async fn nothing() -> Problem {
    Problem::new(Kind::NotFound, "there is nothing at this path; `/docs` shows what there is")
}

/// Finds out who is calling.
async fn identify(Extract(state): Extract<Arc<State>>, mut request: Request, next: Next) -> Response {
    let refused = match state.callers().identify(request.headers()) {
        Ok(caller) => match caller.count_request() {
            Ok(()) => {
                request.extensions_mut().insert(caller);
                return next.run(request).await;
            }
            Err(problem) => (Some(caller), problem),
        },
        Err(problem) => (None, problem),
    };
    let (caller, problem) = refused;
    if let Some(audit) = state.audit() {
        let name = caller.map(|caller| caller.name());
        let path = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
        audit.refused(name.as_deref(), problem.kind().code(), request.method().as_str(), path).await;
    }
    problem.into_response()
}
