//! The HTTP side of a task broker: health, tokens, and the upgrade to a WebSocket.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::socket::RunnerSocket;

/// Longer than anything here takes; a test that needs it has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The secret that the broker takes in exchange for a grant token.
pub const AUTH_TOKEN: &str = "the secret that both sides know";

/// Any byte stream.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// What the broker answers, changed by tests while it runs.
#[derive(Default)]
pub struct Answers {
    /// In place of 200 for `/healthz`.
    pub health: Option<u16>,
    /// In place of 200 for `/runners/auth`.
    pub auth: Option<u16>,
    /// In place of 101 for `/runners/_ws`.
    pub upgrade: Option<u16>,
}

/// A broker on a port of its own. It ends when it is dropped.
pub struct Broker {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it answers from now on.
    pub answers: Arc<Mutex<Answers>>,
    /// Every request line that came, in order.
    pub requests: Arc<Mutex<Vec<String>>>,
    sockets: UnboundedReceiver<RunnerSocket>,
    listening: JoinHandle<()>,
}

struct Shared {
    answers: Arc<Mutex<Answers>>,
    requests: Arc<Mutex<Vec<String>>>,
    /// Grant tokens that were given out and not yet used.
    grants: Mutex<HashSet<String>>,
    sockets: UnboundedSender<RunnerSocket>,
    tls: Option<TlsAcceptor>,
}

impl Broker {
    /// A broker without TLS.
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1:0", None).await
    }

    /// A broker at this address; port 0 is any free one.
    pub async fn start_at(address: &str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (answers, requests) = (Arc::default(), Arc::default());
        let (sender, sockets) = unbounded_channel();
        let shared = Arc::new(Shared {
            answers: Arc::clone(&answers),
            requests: Arc::clone(&requests),
            grants: Mutex::default(),
            sockets: sender,
            tls,
        });
        let listening = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    match &shared.tls {
                        None => serve(Box::new(stream), &shared).await,
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => serve(Box::new(stream), &shared).await,
                            // A client that does not trust the certificate.
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self { address, answers, requests, sockets, listening }
    }

    /// The address for N8N_RUNNERS_TASK_BROKER_URI, without TLS.
    pub fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next runner that has opened a WebSocket.
    pub async fn runner(&mut self) -> RunnerSocket {
        timeout(PATIENCE, self.sockets.recv()).await.expect("no runner came").unwrap()
    }

    /// The next runner, registered.
    pub async fn registered(&mut self) -> RunnerSocket {
        let mut runner = self.runner().await;
        runner.register().await;
        runner
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Serves one connection; `None` when there is nothing more to do for it.
async fn serve(mut stream: Box<dyn Stream>, shared: &Shared) -> Option<()> {
    let (line, headers, body) = read_request(&mut stream).await?;
    shared.requests.lock().unwrap().push(line.clone());
    let path = line.split(' ').nth(1)?.to_owned();
    match path.split('?').next()? {
        "/healthz" => {
            let status = shared.answers.lock().unwrap().health.unwrap_or(200);
            answer(&mut stream, status, r#"{"status":"ok"}"#).await
        }
        "/runners/auth" => {
            let is_right = body == format!(r#"{{"token":"{AUTH_TOKEN}"}}"#);
            let status = shared.answers.lock().unwrap().auth.unwrap_or(if is_right { 200 } else { 403 });
            let token = format!("grant-{}", uuid(shared));
            if status == 200 {
                shared.grants.lock().unwrap().insert(token.clone());
            }
            answer(&mut stream, status, &format!(r#"{{"data":{{"token":"{token}"}}}}"#)).await
        }
        "/runners/_ws" => {
            let token = headers.get("authorization")?.strip_prefix("Bearer ")?.to_owned();
            let is_used = token.starts_with("grant-") && !shared.grants.lock().unwrap().remove(&token);
            let refusal = shared.answers.lock().unwrap().upgrade.or(is_used.then_some(403));
            if let Some(status) = refusal {
                return answer(&mut stream, status, "").await;
            }
            let accept = derive_accept_key(headers.get("sec-websocket-key")?.as_bytes());
            let head = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.ok()?;
            let unlimited = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
            let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(unlimited)).await;
            shared.sockets.send(RunnerSocket::new(socket, path, token)).ok()
        }
        _ => answer(&mut stream, 404, "").await,
    }
}

/// Distinguishes the tokens of one broker.
fn uuid(shared: &Shared) -> usize {
    shared.requests.lock().unwrap().len()
}

async fn read_request(stream: &mut Box<dyn Stream>) -> Option<(String, HashMap<String, String>, String)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((line, headers, String::from_utf8(body).ok()?))
}

async fn answer(stream: &mut Box<dyn Stream>, status: u16, body: &str) -> Option<()> {
    let text = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}
