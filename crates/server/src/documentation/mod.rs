//! `/openapi.json`, and the same as a page for readers at `/docs`.
//!
//! `openapi.json` beside this file is the document by hand; `document` adds what depends on the configuration.

mod document;
mod page;

use std::sync::Arc;

use axum::Extension;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

pub(crate) use document::document;
use page::page;

/// The page loads nothing and runs nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Both forms, made once at the start.
#[derive(Debug)]
pub(crate) struct Documentation {
    json: Bytes,
    page: Bytes,
}

impl Documentation {
    pub(crate) fn new(document: &serde_json::Value) -> Self {
        Self { json: document.to_string().into(), page: page(document).into() }
    }
}

/// `GET /openapi.json`.
pub(crate) async fn openapi(Extension(documentation): Extension<Arc<Documentation>>) -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], documentation.json.clone()).into_response()
}

/// `GET /docs`.
pub(crate) async fn docs(Extension(documentation): Extension<Arc<Documentation>>) -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, documentation.page.clone()).into_response()
}
