//! A byte stream to the broker, plain or with TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use super::address::BrokerAddress;
use crate::error::RunnerError;

/// How long one address may take before the next is tried.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(4);

/// A connected byte stream that knows when it last received something.
///
/// A message can be large and the network slow: whether a connection is alive is seen by its bytes, not by its
/// messages.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Stream,
    last_received: Instant,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Connects to the first address of the host that answers. `localhost` often has two, with a broker behind only one
/// of them.
pub(crate) async fn dial(address: &BrokerAddress, tls: Option<&TlsConnector>) -> Result<Wire, RunnerError> {
    let resolve_error = |source| RunnerError::Resolve { host: address.host.clone(), source };
    let candidates = lookup_host((address.host.as_str(), address.port)).await.map_err(resolve_error)?;
    let mut failure = resolve_error(io::Error::from(io::ErrorKind::NotFound));
    for candidate in candidates {
        let connecting = timeout(ADDRESS_PATIENCE, TcpStream::connect(candidate));
        match connecting.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => return secure(stream, address, tls).await,
            Err(source) => failure = RunnerError::Connect { address: candidate.to_string(), source },
        }
    }
    Err(failure)
}

async fn secure(stream: TcpStream, address: &BrokerAddress, tls: Option<&TlsConnector>) -> Result<Wire, RunnerError> {
    let tls_error = |source| RunnerError::Tls { address: address.authority(), source };
    // Every message of a task is a small write that somebody waits for.
    stream.set_nodelay(true).map_err(|source| RunnerError::Connect { address: address.authority(), source })?;
    let stream = match tls {
        None => Stream::Plain(stream),
        Some(connector) => {
            let name = ServerName::try_from(address.host.clone())
                .map_err(|error| tls_error(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
            Stream::Tls(Box::new(connector.connect(name, stream).await.map_err(tls_error)?))
        }
    };
    Ok(Wire { stream, last_received: Instant::now() })
}

impl Wire {
    /// When the last bytes came.
    pub(crate) fn last_received(&self) -> Instant {
        self.last_received
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if buffer.filled().len() > before {
            self.last_received = Instant::now();
        }
        result
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
