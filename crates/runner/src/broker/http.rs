//! The two plain HTTP requests of a runner: is the broker there, and a grant token please.

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio_rustls::TlsConnector;

use super::address::BrokerAddress;
use super::dial::dial;
use crate::error::RunnerError;

const HEALTH_PATH: &str = "/healthz";
const AUTH_PATH: &str = "/runners/auth";
/// More of an answer is not read.
const MAXIMUM_ANSWER: usize = 64 * 1024;
/// As much of an unexpected answer goes into the error message.
const SHOWN_ANSWER: usize = 200;

#[derive(Deserialize)]
struct AuthAnswer {
    data: AuthData,
}

#[derive(Deserialize)]
struct AuthData {
    token: String,
}

/// Asks whether the broker is ready.
pub(crate) async fn check_health(address: &BrokerAddress, tls: Option<&TlsConnector>) -> Result<(), RunnerError> {
    request(address, tls, Method::GET, HEALTH_PATH, Bytes::new()).await.map(drop)
}

/// Exchanges the auth token for a grant token, which is good for one connection.
pub(crate) async fn fetch_grant_token(
    address: &BrokerAddress,
    tls: Option<&TlsConnector>,
    auth_token: &str,
) -> Result<String, RunnerError> {
    let body = serde_json::json!({ "token": auth_token }).to_string();
    let answer = request(address, tls, Method::POST, AUTH_PATH, Bytes::from(body)).await?;
    match serde_json::from_slice::<AuthAnswer>(&answer) {
        Ok(answer) if !answer.data.token.is_empty() => Ok(answer.data.token),
        _ => Err(RunnerError::NoGrantToken(address.to_string())),
    }
}

async fn request(
    address: &BrokerAddress,
    tls: Option<&TlsConnector>,
    method: Method,
    path: &'static str,
    body: Bytes,
) -> Result<Bytes, RunnerError> {
    let failed = |source| RunnerError::Http { address: address.to_string(), path, source: Box::new(source) };
    let wire = dial(address, tls).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await.map_err(failed)?;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, address.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(body))
        .map_err(|error| RunnerError::TokenCharacters(error.to_string()))?;
    // The connection moves the bytes of both directions; it need not end before the answer is there.
    let exchange = async {
        let response = sender.send_request(request).await.map_err(failed)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAXIMUM_ANSWER).collect().await;
        Ok::<_, RunnerError>((status, body.map(|body| body.to_bytes()).unwrap_or_default()))
    };
    tokio::pin!(connection, exchange);
    let (status, body) = tokio::select! {
        biased;
        answer = &mut exchange => answer?,
        ended = &mut connection => {
            ended.map_err(failed)?;
            exchange.await?
        }
    };
    if status == StatusCode::OK {
        return Ok(body);
    }
    let body = String::from_utf8_lossy(&body).trim().chars().take(SHOWN_ANSWER).collect();
    Err(RunnerError::HttpStatus { address: address.to_string(), path, status: status.as_u16(), body })
}
