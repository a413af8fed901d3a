//! HTTP to a collector: one connection for each batch of spans, within a time limit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::http::uri::{Authority, Scheme};
use hyper::{Request, Response, Uri, header};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

/// How long a collector may take for a batch.
const PATIENCE: Duration = Duration::from_secs(10);
/// More of an answer is not read.
const MAXIMUM_ANSWER: usize = 64 * 1024;
const HTTP_PORT: u16 = 80;

/// The way to one collector.
#[derive(Debug)]
pub(super) struct Transport {
    authority: Authority,
    runtime: Handle,
    /// The last batch did not arrive: said once, not for every batch.
    is_failing: AtomicBool,
}

impl Transport {
    /// The way to an address, or what is wrong with it.
    pub(super) fn to(endpoint: &str, runtime: Handle) -> Result<Self, String> {
        let uri: Uri = endpoint.parse().map_err(|error| format!("it is not a URL: {error}"))?;
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Err(
                "it does not begin with `http://`; a collector beside the service can go on with TLS".to_owned()
            );
        }
        let authority = uri.authority().cloned().ok_or("it names no host")?;
        Ok(Self { authority, runtime, is_failing: AtomicBool::new(false) })
    }
}

#[async_trait]
impl HttpClient for Transport {
    /// Called on the thread of the batches, which may wait.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let authority = self.authority.clone();
        // A timer belongs to a runtime, which this thread is no part of.
        let sending = self.runtime.spawn(async { tokio::time::timeout(PATIENCE, exchange(authority, request)).await });
        let answer = match sending.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(format!("no answer within {} seconds", PATIENCE.as_secs()).into()),
            Err(_) => Err("the service has stopped".into()),
        };
        let problem = match &answer {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("it answers with status {}", response.status().as_u16())),
            Err(error) => Some(error.to_string()),
        };
        let was_failing = self.is_failing.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) if !was_failing => {
                tracing::warn!("spans do not arrive at http://{} and are dropped: {problem}", self.authority);
            }
            None if was_failing => tracing::info!("spans arrive at http://{} again", self.authority),
            _ => {}
        }
        answer
    }
}

async fn exchange(authority: Authority, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let port = authority.port_u16().unwrap_or(HTTP_PORT);
    // An address of IPv6 stands in brackets in a URL, and nowhere else.
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let wire = TcpStream::connect((host, port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await?;
    let (mut parts, body) = request.into_parts();
    parts.uri = parts.uri.path().parse()?;
    parts.headers.insert(header::HOST, authority.as_str().parse()?);
    parts.headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    let exchange = async {
        let response = sender.send_request(Request::from_parts(parts, Full::new(body))).await?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAXIMUM_ANSWER).collect().await?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    };
    tokio::pin!(connection, exchange);
    // The connection moves the bytes of both directions; it need not end before the answer is there.
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        ended = &mut connection => {
            ended?;
            exchange.await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn wrong_addresses_say_what_is_wrong() {
        let refused = |endpoint: &str| Transport::to(endpoint, Handle::current()).unwrap_err();
        assert!(refused("https://collector.example.com/v1/traces").contains("`http://`"));
        assert!(refused("127.0.0.1:4318/v1/traces").contains("not a URL"), "{}", refused("127.0.0.1:4318/v1/traces"));
        assert!(refused("/v1/traces").contains("`http://`"));
        assert!(Transport::to("http://[::1]:4318/v1/traces", Handle::current()).is_ok());
    }
}
