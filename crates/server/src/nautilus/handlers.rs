//! The paths of the protocol.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use tower_http::cors::CorsLayer;

use super::refusal::Refusal;
use super::{Nautilus, attestation, endpoints, process_data};
use crate::callers::{Caller, hex};
use crate::state::State;

/// The routes, with the answers that let web pages of any origin call them.
pub(crate) fn router(nautilus: &Arc<Nautilus>) -> Router {
    Router::new()
        .route("/", get(ping))
        .route("/health_check", get(health_check))
        .route("/get_attestation", get(get_attestation))
        .route("/process_data", post(process_data))
        .layer(Extension(Arc::clone(nautilus)))
        .layer(CorsLayer::very_permissive().allow_credentials(false).allow_origin(tower_http::cors::Any))
}

async fn ping() -> &'static str {
    "Pong!"
}

async fn health_check(Extension(nautilus): Extension<Arc<Nautilus>>) -> Response {
    let status = endpoints::status(&nautilus.endpoints).await;
    let pk = nautilus.signer.public_key_hex();
    json(serde_json::json!({ "pk": pk, "endpoints_status": status }).to_string())
}

async fn get_attestation(Extension(nautilus): Extension<Arc<Nautilus>>) -> Result<Response, Refusal> {
    let document = attestation::document(&nautilus.signer.public_key())?;
    Ok(json(serde_json::json!({ "attestation": hex(&document) }).to_string()))
}

async fn process_data(
    Extension(state): Extension<Arc<State>>,
    Extension(nautilus): Extension<Arc<Nautilus>>,
    Extension(caller): Extension<Arc<Caller>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let refused = |problem| Refusal::of_problem(&problem);
    crate::task::check_media_type(&parts.headers).map_err(refused)?;
    let (body, reservation) = state.bodies().read(&parts.headers, body).await.map_err(refused)?;
    let parent = parts.extensions.get().cloned();
    process_data::process(&state, &nautilus, caller, parent, &body, reservation).await.map(json)
}

fn json(body: String) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
