//! What every pool of an engine is built on, and its start.

use std::path::PathBuf;
use std::sync::Arc;

use stockade_protocol::Language;
use stockade_sandbox::{Identity, SandboxError, Wall};

use crate::configuration::RuntimeConfiguration;
use crate::error::EngineError;
use crate::interpreter;
use crate::load::Load;
use crate::pool::Pool;
use crate::slot::Slots;

/// What every pool of an engine is built on.
#[derive(Debug, Clone)]
pub(crate) struct Foundation {
    pub(crate) identity: Identity,
    pub(crate) slots: Arc<Slots>,
    pub(crate) load: Arc<Load>,
    pub(crate) without_walls: Vec<Wall>,
    /// With symbolic links resolved.
    pub(crate) task_directory: Option<PathBuf>,
}

impl Foundation {
    async fn start_once(&self, configuration: RuntimeConfiguration) -> Result<Arc<Pool>, EngineError> {
        let own = self.clone();
        // An interpreter may be asked for its version.
        let specified = tokio::task::spawn_blocking(move || {
            let directory = own.task_directory.as_deref().filter(|_| configuration.language == Language::JavaScript);
            let has_groups = own.slots.have_groups();
            interpreter::specification(&configuration, directory, has_groups, &own.without_walls)
                .map(|specification| (configuration, specification))
        });
        let (configuration, specification) = specified
            .await
            .map_err(|error| EngineError::System { step: "find an interpreter", error: error.into() })??;
        Pool::start(configuration, specification, self.identity, Arc::clone(&self.slots), Arc::clone(&self.load)).await
    }
    /// Starts a pool. Packages that are to be preloaded if they can be, and that keep the zygote from starting, are left
    /// out with a warning that names them.
    pub(super) async fn start(&self, configuration: RuntimeConfiguration) -> Result<Arc<Pool>, EngineError> {
        let error = match self.start_once(configuration.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(error) => error,
        };
        let Some(candidates) = configuration.preload_packages.clone().filter(|list| !list.is_empty()) else {
            return Err(error);
        };
        if !may_be_of_packages(&error) {
            return Err(error);
        }
        let with =
            |modules: Vec<String>| RuntimeConfiguration { preload_packages: Some(modules), ..configuration.clone() };
        // Without any of them, so that an error of something else is told at once.
        let mut pool = self.start_once(with(Vec::new())).await?;
        let mut good = Vec::new();
        let mut chunks = match (&error, candidates.len()) {
            // A search would wait as long for each part of them.
            (EngineError::Slow { .. }, _) | (_, 1) => {
                tracing::warn!(language = %configuration.language, "could not preload {}: {error}", candidates.join(", "));
                Vec::new()
            }
            _ => halves(candidates),
        };
        while let Some(chunk) = chunks.pop() {
            let attempt = [good.as_slice(), &chunk].concat();
            match self.start_once(with(attempt.clone())).await {
                Ok(better) => {
                    pool.stop();
                    (pool, good) = (better, attempt);
                }
                Err(error) => match chunk.as_slice() {
                    [module] => {
                        tracing::warn!(language = %configuration.language, "could not preload {module}: {error}")
                    }
                    _ => chunks.extend(halves(chunk)),
                },
            }
        }
        Ok(pool)
    }
}

/// Whether what a zygote imports can be why it does not start.
fn may_be_of_packages(error: &EngineError) -> bool {
    matches!(
        error,
        EngineError::Zygote { error: SandboxError::EndedEarly { .. }, .. }
            | EngineError::Worker { .. }
            | EngineError::Slow { .. }
    )
}

/// A list in two parts, the first one last; one entry is one part.
fn halves(mut list: Vec<String>) -> Vec<Vec<String>> {
    let rest = list.split_off(list.len().div_ceil(2));
    [rest, list].into_iter().filter(|part| !part.is_empty()).collect()
}
