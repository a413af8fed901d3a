//! `stockade bench`: how fast the engine is on this machine, beside the floor and what a user would do otherwise.

mod alternatives;
mod footprint;
mod measure;
mod pandas;
mod report;

use std::io::{self, Write};

use clap::Args;
use stockade_engine::{Engine, EngineConfiguration, RuntimeConfiguration, RuntimeKind};
use stockade_protocol::Language;
use stockade_sandbox::Wall;

use crate::execution::print_message;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::packages;
use crate::render::{Paint, failure};
use report::{LanguageReport, Report};

/// Measure this machine: latency, throughput, memory, beside the floor and the usual ways
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Languages to measure
    #[arg(long = "language", value_name = "LANGUAGE", default_values = ["python", "javascript"], value_parser = ["python", "javascript"])]
    languages: Vec<String>,
    /// Interpreter for Python
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: std::path::PathBuf,
    /// Interpreter for JavaScript
    #[arg(long, value_name = "PATH", default_value = "node")]
    node: std::path::PathBuf,
    /// Folder with packages of Python; where pandas is in it, or among the packages of the lock file, it is measured too
    #[arg(long, value_name = "DIR")]
    packages: Option<std::path::PathBuf>,
    /// Tasks at the same time while throughput is measured
    #[arg(long, value_name = "N", default_value_t = 6)]
    concurrency: usize,
    /// Do without a wall, to see what it costs; repeatable
    #[arg(long = "without-wall", value_name = "WALL")]
    without_walls: Vec<Wall>,
    /// Rounds; each figure is the median of its rounds
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Tasks in a row whose leftovers are looked for
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    soak: usize,
}

/// Measures and prints; gives the exit status for the shell.
pub(crate) fn bench(arguments: &BenchArguments) -> u8 {
    match run(arguments) {
        Ok(()) => ExitStatus::Ok.code(),
        Err(error) => {
            print_message(&failure(&error, Paint::of(&io::stderr())));
            error.status.code()
        }
    }
}

fn run(arguments: &BenchArguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::internal(format!("cannot start the asynchronous runtime: {error}")))?;
    let report = runtime.block_on(measure_all(arguments))?;
    let text = if arguments.json { serde_json::json!(report).to_string() } else { report.to_string() };
    writeln!(io::stdout(), "{text}")
        .map_err(|error| Failure::setup(&format!("cannot write the figures: {error}"), None))
}

/// Where the packages of Python are, if Python is measured and has some.
fn packages_folder(
    arguments: &BenchArguments,
    configuration: &EngineConfiguration,
) -> Result<Option<std::path::PathBuf>, Failure> {
    let python = configuration.runtimes.iter().find(|runtime| runtime.language == Language::Python);
    let Some(mut python) = python.cloned() else { return Ok(None) };
    if let Some(folder) = &arguments.packages {
        return Ok(Some(packages::check(folder, &Language::Python)?));
    }
    packages::of_lock_file(std::slice::from_mut(&mut python), None, None)?;
    Ok(python.packages)
}

async fn measure_all(arguments: &BenchArguments) -> Result<Report, Failure> {
    let languages: Vec<Language> = arguments.languages.iter().cloned().map(Language::from).collect();
    let interpreter = |language: &Language| match language {
        Language::JavaScript => arguments.node.clone(),
        _ => arguments.python.clone(),
    };
    let configuration = EngineConfiguration {
        runtimes: languages
            .iter()
            .map(|language| RuntimeConfiguration {
                kind: RuntimeKind::Zygote { interpreter: interpreter(language) },
                ..RuntimeConfiguration::of(language.clone())
            })
            .collect(),
        maximum_tasks: arguments.concurrency,
        maximum_queue: usize::MAX / 2,
        without_walls: arguments.without_walls.clone(),
        ..EngineConfiguration::default()
    };
    let folder = packages_folder(arguments, &configuration)?.filter(|folder| pandas::is_in(folder));
    let started = std::time::Instant::now();
    let engine = Engine::start(configuration.clone()).await.map_err(|error| Failure::setup(&error, None))?;
    let ready = started.elapsed();
    measure::all_waiting(&engine).await;
    let idle = footprint::take();

    let mut reports = Vec::new();
    for language in &languages {
        eprintln!("measuring {language} …");
        let version = engine.status().runtimes.into_iter().find(|runtime| runtime.language == *language);
        let mut rounds = Vec::new();
        for _ in 0..arguments.rounds.max(1) {
            rounds.push(measure::round(&engine, language, arguments.concurrency).await?);
        }
        reports.push(LanguageReport {
            language: language.clone(),
            version: version.map(|runtime| runtime.version).unwrap_or_default(),
            figures: measure::median(rounds),
            alternatives: alternatives::measure(language, &interpreter(language)),
        });
    }
    eprintln!("measuring what {} tasks in a row leave …", arguments.soak);
    let soak = measure::soak(&engine, &languages, arguments.soak).await?;
    engine.stop().await;
    let pandas = match folder {
        Some(folder) => {
            eprintln!("measuring pandas …");
            Some(pandas::measure(&configuration, &arguments.python, folder).await?)
        }
        None => None,
    };
    Ok(Report { ready_milliseconds: ready.as_secs_f64() * 1e3, idle, languages: reports, soak, pandas })
}
