//! The health check server.
//!
//! Like the official runners' it answers whoever connects, without waiting for a request. Unlike theirs it tells the
//! truth: 200 only while tasks can be taken, else 503 with the reason.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::error::RunnerError;
use crate::log::Log;
use crate::settings::{HealthBody, HealthSettings};

/// How long a client may take to read the answer.
const CLIENT_PATIENCE: Duration = Duration::from_secs(2);
/// A request is read only so that closing does not reset the connection before the answer is read.
const READ_BUFFER: usize = 4096;
/// After a failed accept (too many open files), so that it is not tried without pause.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the runner cannot take tasks; `None` when it can.
pub(crate) type Problem = Option<String>;

/// A listening server; ends when it is dropped.
#[derive(Debug)]
pub(crate) struct HealthServer {
    task: JoinHandle<()>,
    log: Log,
}

impl HealthServer {
    pub(crate) async fn start(
        settings: &HealthSettings,
        problem: watch::Receiver<Problem>,
        log: &Log,
    ) -> Result<Self, RunnerError> {
        let listener = TcpListener::bind((settings.host.as_str(), settings.port)).await.map_err(|source| {
            if source.kind() == io::ErrorKind::AddrInUse {
                RunnerError::HealthPortInUse(settings.port)
            } else {
                RunnerError::HealthServer { address: format!("{}:{}", settings.host, settings.port), source }
            }
        })?;
        let port = listener.local_addr().as_ref().map_or(settings.port, SocketAddr::port);
        log.info(format_args!("Health check server listening on {}, port {port}", settings.host));
        let task = tokio::spawn(listen(listener, settings.body, problem));
        Ok(Self { task, log: log.clone() })
    }
}

impl Drop for HealthServer {
    fn drop(&mut self) {
        self.task.abort();
        self.log.info("Health check server stopped");
    }
}

async fn listen(listener: TcpListener, body: HealthBody, problem: watch::Receiver<Problem>) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                let answer = answer(body, problem.borrow().as_deref());
                // Clients that hang hold up nobody else, and not for long.
                tokio::spawn(timeout(CLIENT_PATIENCE, serve(client, answer)));
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn serve(mut client: TcpStream, answer: String) -> io::Result<()> {
    client.write_all(answer.as_bytes()).await?;
    client.shutdown().await?;
    let mut ignored = [0; READ_BUFFER];
    while client.read(&mut ignored).await? > 0 {}
    Ok(())
}

fn answer(body: HealthBody, problem: Option<&str>) -> String {
    let status = if problem.is_some() { "503 Service Unavailable" } else { "200 OK" };
    let (kind, body) = match (body, problem) {
        (HealthBody::Text, None) => ("text/plain", "OK".to_owned()),
        (HealthBody::Text, Some(reason)) => ("text/plain", reason.to_owned()),
        (HealthBody::Json, None) => ("application/json", r#"{"status":"ok"}"#.to_owned()),
        (HealthBody::Json, Some(reason)) => {
            ("application/json", serde_json::json!({ "status": "error", "reason": reason }).to_string())
        }
    };
    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_those_of_the_official_servers_while_all_is_well() {
        assert_eq!(
            answer(HealthBody::Text, None),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK"
        );
        assert!(answer(HealthBody::Json, None).ends_with("\r\n\r\n{\"status\":\"ok\"}"));
    }

    #[test]
    fn the_reason_is_in_the_answer_otherwise() {
        assert_eq!(
            answer(HealthBody::Text, Some("no broker")),
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nno broker"
        );
        assert!(
            answer(HealthBody::Json, Some("a \"b\""))
                .ends_with("\r\n\r\n{\"reason\":\"a \\\"b\\\"\",\"status\":\"error\"}")
        );
    }
}
