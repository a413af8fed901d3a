//! Engines whose limits are small, so that reaching one takes milliseconds.

use std::sync::OnceLock;
use std::time::Duration;

use stockade_engine::{Engine, EngineConfiguration, RuntimeConfiguration, RuntimeKind};
use stockade_protocol::task::MEBIBYTE;
use stockade_protocol::{Language, Limits};
use tokio::runtime::Runtime;

/// Workers that wait per language.
const WAITING: usize = 3;

/// Limits of every task unless a test asks for others.
pub fn limits() -> Limits {
    Limits {
        timeout: Duration::from_secs(15),
        memory_bytes: 128 * MEBIBYTE,
        temporary_storage_bytes: 16 * MEBIBYTE,
        processes: 48,
        output_bytes: MEBIBYTE,
    }
}

/// All walls on, the given languages, a few waiting workers each.
pub fn configuration(languages: &[Language]) -> EngineConfiguration {
    let runtimes = languages.iter().map(|language| RuntimeConfiguration {
        waiting_workers: WAITING,
        limits: limits(),
        kind: interpreter(language).map_or_else(
            || RuntimeConfiguration::of(language.clone()).kind,
            |interpreter| RuntimeKind::Zygote { interpreter: interpreter.into() },
        ),
        ..RuntimeConfiguration::of(language.clone())
    });
    EngineConfiguration { runtimes: runtimes.collect(), ..EngineConfiguration::default() }
}

/// The same for one language whose processes have `mark` in their command lines, which tells them from those of other
/// tests.
pub fn marked_configuration(language: &Language, mark: &str) -> EngineConfiguration {
    let mut configuration = configuration(std::slice::from_ref(language));
    // Both interpreters take an option that means nothing.
    configuration.runtimes[0].interpreter_arguments = match language {
        Language::Python => vec!["-X".to_owned(), mark.to_owned()],
        _ => vec![format!("--title={mark}")],
    };
    configuration
}

/// `STOCKADE_TEST_PYTHON` and `STOCKADE_TEST_NODE` name interpreters other than those in `PATH`.
fn interpreter(language: &Language) -> Option<String> {
    match language {
        Language::Python => std::env::var("STOCKADE_TEST_PYTHON").ok(),
        Language::JavaScript => std::env::var("STOCKADE_TEST_NODE").ok(),
        Language::Custom(_) => None,
    }
}

/// Starts an engine and waits until every worker that should wait does.
///
/// # Errors
/// Why the engine does not start.
pub async fn start(configuration: EngineConfiguration) -> Result<Engine, String> {
    let waiting: Vec<usize> = configuration.runtimes.iter().map(|runtime| runtime.waiting_workers).collect();
    let engine = Engine::start(configuration).await.map_err(|error| format!("the engine does not start: {error}"))?;
    while engine.status().runtimes.iter().map(|runtime| runtime.waiting).sum::<usize>() < waiting.iter().sum() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(engine)
}

/// The one tokio runtime of a test process.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}
