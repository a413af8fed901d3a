//! A service from its start to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use stockade_engine::Engine;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::callers::{Callers, KeyFile};
use crate::configuration::ServerConfiguration;
use crate::connection::{self, Bounds};
use crate::error::ServerError;
use crate::nautilus::Nautilus;
use crate::routes;
use crate::state::{Phase, State};
use crate::telemetry::Telemetry;
use crate::watch::{Audit, Metrics};

/// How often outcomes that have been kept long enough are forgotten, and changed API keys read.
const SWEEP: Duration = Duration::from_secs(1);
/// How long connections get to end after the last task has.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// How long a caller that comes back for an outcome gets after the task has ended, also when the service stops.
const COLLECT_PATIENCE: Duration = Duration::from_secs(2);
/// How often a stopping service looks whether it can go on.
const STOP_STEP: Duration = Duration::from_millis(5);
/// How long tasks get to end after they were cancelled.
const CANCEL_PATIENCE: Duration = Duration::from_secs(2);

/// A service that listens, and answers once it has an engine.
#[derive(Debug)]
pub struct Service {
    configuration: ServerConfiguration,
    callers: Callers,
    metrics: Metrics,
    audit: Option<(Audit, oneshot::Receiver<()>)>,
    telemetry: Option<Telemetry>,
    nautilus: Option<(Arc<Nautilus>, Option<TcpListener>)>,
    listener: TcpListener,
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).await.map_err(|source| ServerError::Listen { address, source })
}

impl Service {
    /// Listens, so that a taken port is known before an engine starts. Without keys on a loopback address only.
    pub async fn bind(configuration: ServerConfiguration) -> Result<Self, ServerError> {
        let address = configuration.listen;
        let callers = Callers::load(configuration.keys.as_ref().map(KeyFile::new), configuration.requires_key)?;
        if !callers.need_key() && !address.ip().is_loopback() {
            return Err(ServerError::NeedsKeys { address });
        }
        let listener = listen(address).await?;
        let nautilus = match &configuration.nautilus {
            Some(configuration) => {
                let listener = match configuration.listen {
                    Some(address) => Some(listen(address).await?),
                    None => None,
                };
                Some((Arc::new(Nautilus::new(configuration)?), listener))
            }
            None => None,
        };
        let metrics = Metrics::new(&configuration);
        let audit = configuration.audit.as_ref().map(|audit| {
            Audit::open(audit, metrics.audit_lines())
                .map_err(|source| ServerError::Audit { path: audit.path.clone(), source })
        });
        let audit = audit.transpose()?;
        let telemetry = configuration.telemetry.as_ref().map(Telemetry::start).transpose()?;
        Ok(Self { configuration, callers, metrics, audit, telemetry, nautilus, listener })
    }

    /// Where it listens; the port is a real one.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(self.configuration.listen)
    }

    /// Where Nautilus tasks are served on a port of their own.
    pub fn nautilus_address(&self) -> Option<SocketAddr> {
        let (_, listener) = self.nautilus.as_ref()?;
        listener.as_ref()?.local_addr().ok()
    }

    /// Serves until `stop` is ready. Then new tasks are refused, those that run may end until the deadline, outcomes
    /// that nobody has read wait a moment for their callers, and the engine is stopped: no process of a task is left
    /// when this returns.
    pub async fn serve(self, engine: Engine, stop: impl Future<Output = ()>) {
        let Self { configuration, callers, metrics, audit, telemetry, nautilus, listener } = self;
        callers.warn();
        let (audit, audit_end) = audit.unzip();
        let deadline = configuration.stop_deadline;
        let bounds = Bounds {
            maximum_connections: configuration.maximum_connections,
            read_timeout: configuration.read_timeout,
            write_timeout: configuration.write_timeout,
        };
        let state = State::new(engine.clone(), configuration, callers, metrics, audit, telemetry);
        let (nautilus, nautilus_listener) = nautilus.unzip();
        let nautilus_listener = nautilus_listener.flatten();
        let beside = nautilus.as_ref().filter(|_| nautilus_listener.is_none());
        let mut serving = JoinSet::new();
        serving.spawn(connection::serve(listener, routes::router(&state, beside), bounds, state.phase()));
        if let (Some(nautilus), Some(listener)) = (&nautilus, nautilus_listener) {
            let router = routes::nautilus_router(&state, nautilus);
            serving.spawn(connection::serve(listener, router, bounds, state.phase()));
        }
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
                tokio::time::sleep(STOP_STEP).await;
            }
        };
        let mut has_ended = Box::pin(has_ended);
        if tokio::time::timeout(deadline, &mut has_ended).await.is_err() {
            tracing::warn!(tasks = state.registry().running(), "the deadline is over; tasks are cancelled");
            state.registry().cancel_all();
            let _ = tokio::time::timeout(CANCEL_PATIENCE, &mut has_ended).await;
        }
        drop(has_ended);
        // Requests that wait are answered while their connection closes; those that will still be sent need this.
        while state.registry().has_untold(COLLECT_PATIENCE) {
            tokio::time::sleep(STOP_STEP).await;
        }
        state.enter(Phase::Closing);
        let closed = async { while serving.join_next().await.is_some() {} };
        if tokio::time::timeout(CLOSE_PATIENCE, closed).await.is_err() {
            tracing::warn!("connections are cut off");
        }
        engine.stop().await;
        let telemetry = state.telemetry().cloned();
        // It ends after its last line, when no request is left that could send another.
        drop(state);
        if let Some(end) = audit_end {
            let _ = tokio::time::timeout(CLOSE_PATIENCE, end).await;
        }
        if let Some(telemetry) = telemetry {
            telemetry.end().await;
        }
    }
}
