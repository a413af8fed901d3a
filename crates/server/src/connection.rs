//! Accepts connections and serves HTTP/1.1 on them, within bounds.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::client_socket::ClientSocket;
use crate::state::{Phase, closing};

/// Bytes of the head of a request; also how much is read at a time.
const MAXIMUM_HEAD: usize = 32 * 1024;
/// Header fields of a request.
const MAXIMUM_HEADERS: usize = 64;
/// After a failed accept (too many open files), so that it is not tried without pause.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long an answer to a connection too many may take to be written.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(1);

/// The bounds of the connections of one listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) maximum_connections: usize,
    pub(crate) read_timeout: Duration,
    pub(crate) write_timeout: Duration,
}

/// Serves until the phase is [`Phase::Closing`], and then until every connection has ended.
pub(crate) async fn serve(listener: TcpListener, router: Router, bounds: Bounds, phase: watch::Receiver<Phase>) {
    let places = Arc::new(Semaphore::new(bounds.maximum_connections));
    let end = closing(phase.clone());
    tokio::pin!(end);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut end => break,
        };
        match accepted {
            Ok((stream, _)) => match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => {
                    // Without it small answers wait for the client's acknowledgement.
                    let _ = stream.set_nodelay(true);
                    let socket = ClientSocket::new(stream, bounds.write_timeout, place);
                    tokio::spawn(connection(socket, router.clone(), bounds, phase.clone()));
                }
                Err(_) => {
                    tokio::spawn(tokio::time::timeout(REFUSAL_PATIENCE, refuse(stream)));
                }
            },
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let all = u32::try_from(bounds.maximum_connections).unwrap_or(u32::MAX);
    // Each socket holds one.
    let _ = places.acquire_many(all).await;
}

async fn connection(socket: ClientSocket, router: Router, bounds: Bounds, phase: watch::Receiver<Phase>) {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.read_timeout)
        .max_buf_size(MAXIMUM_HEAD)
        .max_headers(MAXIMUM_HEADERS);
    let connection = builder.serve_connection(TokioIo::new(socket), TowerToHyperService::new(router)).with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        // Whatever a client does wrong on its connection is answered there, or is its own loss.
        _ = connection.as_mut() => {}
        () = closing(phase) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Answers a connection too many, without reading from it.
async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    const BODY: &str = r#"{"type":"/docs#UNAVAILABLE_ERROR","title":"The service takes no tasks now","status":503,"detail":"too many connections","code":"UNAVAILABLE_ERROR"}"#;
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\
         Retry-After: 1\r\nConnection: close\r\n\r\n{BODY}",
        BODY.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // Closing with unread bytes would reset the connection before the answer is read.
    let mut ignored = [0; 4096];
    while tokio::io::AsyncReadExt::read(&mut stream, &mut ignored).await? > 0 {}
    Ok(())
}
