//! A service from its start to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use stockade_engine::Engine;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::callers::{Callers, KeyFile};
use crate::configuration::ServerConfiguration;
use crate::connection::{self, Bounds};
use crate::error::ServerError;
use crate::routes;
use crate::state::{Phase, State};
use crate::watch::{Audit, Metrics};

/// How often outcomes that have been kept long enough are forgotten, and changed API keys read.
const SWEEP: Duration = Duration::from_secs(1);
/// How long connections get to end after the last task has.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// How long tasks get to end after they were cancelled.
const CANCEL_PATIENCE: Duration = Duration::from_secs(2);

/// A service that listens, and answers once it has an engine.
#[derive(Debug)]
pub struct Service {
    configuration: ServerConfiguration,
    callers: Callers,
    metrics: Metrics,
    audit: Option<(Audit, oneshot::Receiver<()>)>,
    listener: TcpListener,
}

impl Service {
    /// Listens, so that a taken port is known before an engine starts. Without keys on a loopback address only.
    pub async fn bind(configuration: ServerConfiguration) -> Result<Self, ServerError> {
        let address = configuration.listen;
        let callers = Callers::load(configuration.keys.as_ref().map(KeyFile::new))?;
        if !callers.need_key() && !address.ip().is_loopback() {
            return Err(ServerError::NeedsKeys { address });
        }
        let listener = TcpListener::bind(address).await.map_err(|source| ServerError::Listen { address, source })?;
        let metrics = Metrics::new(&configuration);
        let audit = configuration.audit.as_ref().map(|audit| {
            Audit::open(audit, metrics.audit_lines())
                .map_err(|source| ServerError::Audit { path: audit.path.clone(), source })
        });
        let audit = audit.transpose()?;
        Ok(Self { configuration, callers, metrics, audit, listener })
    }

    /// Where it listens; the port is a real one.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(self.configuration.listen)
    }

    /// Serves until `stop` is ready. Then new tasks are refused, those that run may end until the deadline, and the
    /// engine is stopped: no process of a task is left when this returns.
    pub async fn serve(self, engine: Engine, stop: impl Future<Output = ()>) {
        let Self { configuration, callers, metrics, audit, listener } = self;
        let (audit, audit_end) = audit.unzip();
        let deadline = configuration.stop_deadline;
        let bounds =
            Bounds { maximum_connections: configuration.maximum_connections, read_timeout: configuration.read_timeout };
        let state = State::new(engine.clone(), configuration, callers, metrics, audit);
        let serving = tokio::spawn(connection::serve(listener, routes::router(&state), bounds, state.phase()));
        let sweeping = async {
            loop {
                tokio::time::sleep(SWEEP).await;
                state.registry().forget_old();
                if let Err(error) = state.callers().reload() {
                    tracing::warn!(%error, "the API keys stay as they were");
                }
            }
        };
        tokio::select! {
            () = stop => {}
            () = sweeping => {}
        }
        state.enter(Phase::Stopping);
        let tasks = Arc::clone(&state);
        let has_ended = async move {
            while tasks.registry().running() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let mut has_ended = Box::pin(has_ended);
        if tokio::time::timeout(deadline, &mut has_ended).await.is_err() {
            tracing::warn!(tasks = state.registry().running(), "the deadline is over; tasks are cancelled");
            state.registry().cancel_all();
            let _ = tokio::time::timeout(CANCEL_PATIENCE, &mut has_ended).await;
        }
        drop(has_ended);
        state.enter(Phase::Closing);
        let stopper = serving.abort_handle();
        if tokio::time::timeout(CLOSE_PATIENCE, serving).await.is_err() {
            stopper.abort();
        }
        engine.stop().await;
        // It ends after its last line, when no request is left that could send another.
        drop(state);
        if let Some(end) = audit_end {
            let _ = tokio::time::timeout(CLOSE_PATIENCE, end).await;
        }
    }
}
