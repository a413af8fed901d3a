//! Carries bytes between a worker and a host, and counts them.

use std::io;
use std::net::SocketAddr;

use stockade_protocol::network::Refusal;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use crate::session::{Direction, Session};

/// Bytes that are carried at a time in each direction.
const PART: usize = 32 * 1024;

/// How a relay ended early.
enum Cut {
    Limit(Refusal),
    Failed(io::Error),
}

/// Carries until both sides have said all, one of them fails, or the task has had its bytes.
pub async fn carry(worker: UnixStream, host: TcpStream, destination: SocketAddr, session: Session) {
    // A request waits for its answer: bytes go as they come.
    let _ = host.set_nodelay(true);
    let (worker_read, worker_write) = worker.into_split();
    let (host_read, host_write) = host.into_split();
    let carried = tokio::try_join!(
        pump(worker_read, host_write, Direction::Sent, &session),
        pump(host_read, worker_write, Direction::Received, &session),
    );
    match carried {
        Ok(_) => {}
        Err(Cut::Limit(refusal)) => session.cut(destination, refusal),
        Err(Cut::Failed(error)) => tracing::debug!(%error, %destination, "a connection of a task has failed"),
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    direction: Direction,
    session: &Session,
) -> Result<(), Cut> {
    let mut part = vec![0; PART];
    loop {
        let count = from.read(&mut part).await.map_err(Cut::Failed)?;
        if count == 0 {
            return to.shutdown().await.map_err(Cut::Failed);
        }
        session.charge(direction, count).map_err(Cut::Limit)?;
        to.write_all(&part[..count]).await.map_err(Cut::Failed)?;
    }
}
