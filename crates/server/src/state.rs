//! What every request can reach.

use std::sync::Arc;

use stockade_engine::Engine;
use tokio::sync::watch;

use crate::answer::Answers;
use crate::body::Bodies;
use crate::callers::Callers;
use crate::configuration::ServerConfiguration;
use crate::task::Registry;
use crate::telemetry::Telemetry;
use crate::watch::{Audit, Metrics};

/// Where the service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Tasks are taken.
    Serving,
    /// No new tasks; those that run may end.
    Stopping,
    /// Connections end.
    Closing,
}

/// Waits until connections are to end.
pub(crate) async fn closing(mut phase: watch::Receiver<Phase>) {
    // Without a sender there is no service any more.
    let _ = phase.wait_for(|phase| *phase == Phase::Closing).await;
}

/// What every request can reach.
#[derive(Debug)]
pub(crate) struct State {
    engine: Engine,
    configuration: ServerConfiguration,
    registry: Registry,
    bodies: Bodies,
    answers: Answers,
    callers: Callers,
    metrics: Metrics,
    audit: Option<Audit>,
    telemetry: Option<Telemetry>,
    phase: watch::Sender<Phase>,
}

impl State {
    pub(crate) fn new(
        engine: Engine,
        configuration: ServerConfiguration,
        callers: Callers,
        metrics: Metrics,
        audit: Option<Audit>,
        telemetry: Option<Telemetry>,
    ) -> Arc<Self> {
        let ServerConfiguration { maximum_body_bytes, maximum_bodies_bytes, maximum_answers_bytes, .. } = configuration;
        let ServerConfiguration { read_timeout, write_timeout, .. } = configuration;
        Arc::new(Self {
            engine,
            registry: Registry::new(configuration.retention),
            bodies: Bodies::new(maximum_body_bytes, maximum_bodies_bytes, read_timeout),
            answers: Answers::new(maximum_answers_bytes, write_timeout),
            callers,
            metrics,
            audit,
            telemetry,
            phase: watch::Sender::new(Phase::Serving),
            configuration,
        })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn configuration(&self) -> &ServerConfiguration {
        &self.configuration
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn bodies(&self) -> &Bodies {
        &self.bodies
    }

    pub(crate) fn answers(&self) -> &Answers {
        &self.answers
    }

    pub(crate) fn callers(&self) -> &Callers {
        &self.callers
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn audit(&self) -> Option<&Audit> {
        self.audit.as_ref()
    }

    pub(crate) fn telemetry(&self) -> Option<&Telemetry> {
        self.telemetry.as_ref()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.phase.borrow() > Phase::Serving
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    pub(crate) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }
}
