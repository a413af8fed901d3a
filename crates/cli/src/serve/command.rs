//! The steps of `stockade serve`.

use std::io;

use stockade_engine::{Engine, EngineConfiguration};
use stockade_server::{ServerConfiguration, ServerError, Service};

use super::arguments::ServeArguments;
use super::log;
use crate::configuration::Configuration;
use crate::execution::{Interrupts, cannot_start, no_signals, print_message, warn_without_walls};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::packages::{self, News, Watch};
use crate::render::{Paint, failure};

/// Serves until a signal comes.
pub(crate) fn serve(arguments: &ServeArguments) -> ExitStatus {
    match run(arguments) {
        Ok(()) => ExitStatus::Ok,
        Err(error) => {
            print_message(&failure(&error, Paint::of(&io::stderr())));
            error.status
        }
    }
}

fn run(arguments: &ServeArguments) -> Result<(), Failure> {
    let Configuration { mut engine, server, .. } = arguments.options.load()?;
    let file = arguments.options.configuration_file();
    let watch = Watch::of(&engine, None, file.as_deref());
    packages::use_locked(&mut engine, file.as_deref())?;
    let asynchronous = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::setup(&format_args!("cannot start threads: {error}"), None))?;
    log::begin();
    asynchronous.block_on(start(engine, server, watch))
}

async fn start(engine: EngineConfiguration, server: ServerConfiguration, watch: Watch) -> Result<(), Failure> {
    let interrupts = Interrupts::catch().map_err(|error| no_signals(&error))?;
    let service = Service::bind(server).await.map_err(|error| refused(&error))?;
    warn_without_walls(&engine.without_walls);
    let (runtimes, without_walls) = (engine.runtimes.clone(), engine.without_walls.clone());
    let engine = tokio::select! {
        engine = Engine::start(engine) => engine.map_err(|error| cannot_start(&error, &runtimes, &without_walls))?,
        () = interrupts.first() => return Ok(()),
    };
    for missing in engine.status().runtimes.iter().flat_map(|runtime| &runtime.missing) {
        tracing::warn!("could not preload {missing}");
    }
    tracing::info!("listening on http://{}", service.address());
    if let Some(address) = service.nautilus_address() {
        tracing::info!("listening on http://{address} for Nautilus, without keys");
    }
    let following = tokio::spawn(watch.follow(engine.clone(), |news| match news {
        News::Change(text) => tracing::info!("{text}"),
        News::Warning(text) => tracing::warn!("{text}"),
    }));
    service.serve(engine, interrupts.first()).await;
    following.abort();
    tracing::info!("stopped");
    Ok(())
}

fn refused(error: &ServerError) -> Failure {
    match error {
        ServerError::Listen { .. } => Failure::setup(error, Some("choose another with `--listen ADDRESS`".to_owned())),
        ServerError::NeedsKeys { .. } => Failure::validation(
            error,
            Some("make a key with `stockade keys add NAME`, or listen on 127.0.0.1".to_owned()),
        ),
        ServerError::Keys(_) | ServerError::Audit { .. } | ServerError::Telemetry { .. } | ServerError::Nautilus(_) => {
            Failure::validation(error, None)
        }
    }
}
