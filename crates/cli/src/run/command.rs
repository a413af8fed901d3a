//! The steps of `stockade run`.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use stockade_engine::{EngineConfiguration, RuntimeConfiguration, RuntimeKind};
use stockade_packages::advice::Modules;
use stockade_protocol::{Language, Network, Outcome, Program, Task, TaskFiles};

use super::arguments::{ModuleOptions, RunArguments};
use super::files::{self, OutputFolder};
use super::inputs;
use super::report::Report;
use super::source::{self, Origin};
use crate::execution::{Streams, execute, print_json, print_message};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::languages;
use crate::packages::{self, FolderError};
use crate::render::{ErrorContext, Paint, error_text, failure, refused_lines};

/// Everything that is needed before an engine starts.
struct Job {
    configuration: EngineConfiguration,
    task: Task,
    /// Where the files go that it leaves.
    output: Option<OutputFolder>,
    /// As it was given on the command line.
    file: String,
    package_set: Option<String>,
}

/// Runs the file and reports its outcome.
pub(crate) fn run(arguments: &RunArguments) -> ExitStatus {
    let ended =
        prepare(arguments).and_then(|job| if arguments.json { run_for_programs(job) } else { run_for_people(job) });
    ended.unwrap_or_else(|error| report_failure(&error, arguments.json))
}

fn prepare(arguments: &RunArguments) -> Result<Job, Failure> {
    let origin = Origin::of(&arguments.file);
    let mut configuration = arguments.engine.load(arguments.python.as_deref())?;
    let path = match &origin {
        Origin::StandardInput => None,
        Origin::File(path) => Some(path.as_path()),
    };
    // A file that is not there is the better news for someone who has mistyped its name.
    let code = path.map(|_| source::read(&origin)).transpose()?;
    let language = languages::select(&configuration.runtimes, arguments.language.as_deref(), path)?;
    let set = packages::named(arguments.modules.package_set.as_deref());
    if let Some(name) = set {
        packages::use_set(&mut configuration, name)?;
    }
    let limits = match configuration.runtimes.iter_mut().find(|runtime| runtime.language == language) {
        Some(runtime) => {
            runtime.limits = arguments.limits.apply(runtime.limits);
            // For one task an import costs the same wherever it is, and most code needs few of them.
            runtime.preload_packages = None;
            apply_modules(&arguments.modules, runtime)?;
            let file = arguments.engine.configuration_file();
            packages::of_lock_file(std::slice::from_mut(runtime), set, file.as_deref())?;
            runtime.limits
        }
        None => return Err(Failure::internal(format!("{language} was selected and is not configured"))),
    };
    let code = code.map_or_else(|| source::read(&origin), Ok)?;
    let inputs = match &arguments.inputs {
        Some(path) => inputs::read(&Origin::of(path), &origin)?,
        None => Bytes::new(),
    };
    let allowed_hosts = configuration.egress.allowed_hosts.get_or_insert_default();
    allowed_hosts.extend(arguments.allow_host.iter().cloned());
    let network = Network { allowed_hosts: allowed_hosts.clone() };
    let task = Task {
        language,
        package_set: None,
        program: Program::Code { file_name: origin.file_name(), code },
        inputs,
        limits,
        allow: arguments.modules.allow.as_deref().map(module_names),
        environment: BTreeMap::new(),
        network,
        files: TaskFiles { given: files::read(&arguments.files)?, wants_output: arguments.output_folder.is_some() },
    };
    let output = arguments.output_folder.as_deref().map(OutputFolder::prepare).transpose()?;
    Ok(Job { configuration, task, output, file: origin.shown_path(), package_set: set.map(str::to_owned) })
}

fn apply_modules(options: &ModuleOptions, runtime: &mut RuntimeConfiguration) -> Result<(), FolderError> {
    let preload = module_names(&options.preload);
    if matches!(runtime.kind, RuntimeKind::Command { .. }) && (options.packages.is_some() || !preload.is_empty()) {
        return Err(FolderError::CustomRuntime { language: runtime.language.to_string() });
    }
    if let Some(folder) = &options.packages {
        runtime.packages = Some(packages::check(folder, &runtime.language)?);
    }
    runtime.preload.extend(preload);
    Ok(())
}

/// An empty name is no module: `--allow ''` allows none.
fn module_names(given: &[String]) -> Vec<String> {
    given.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn run_for_people(job: Job) -> Result<ExitStatus, Failure> {
    let paint = Paint::of(&io::stderr());
    let (language, limits, allow) = (job.task.language.clone(), job.task.limits, job.task.allow.clone());
    let runtime = job.configuration.runtimes.iter().find(|runtime| runtime.language == language);
    let packages = runtime.and_then(|runtime| runtime.packages.clone());
    // A custom runtime has no result, so that our stdout is free for what the program prints.
    let mut streams = if matches!(language, Language::Custom(_)) { Streams::live() } else { Streams::live_on_stderr() };
    let ended = execute(job.configuration, job.task, &mut streams);
    let more = ended.as_ref().map_or(true, |outcome| outcome.result.is_err() || !outcome.denied.is_empty());
    streams.finish(more);
    let outcome = ended?;
    write_files(job.output.as_ref(), &outcome)?;
    match &outcome.result {
        Ok(result) => {
            print_message(&refused_lines((&outcome).into(), paint));
            if let Some(result) = result {
                print_json(result.as_str())?;
            }
            Ok(ExitStatus::Ok)
        }
        Err(error) => {
            let modules = Modules {
                language: &language,
                allow: allow.as_deref(),
                packages: packages.as_deref(),
                package_set: job.package_set.as_deref(),
                allowing: "`--allow`",
            };
            let context = ErrorContext { file: &job.file, modules, limits: &limits };
            print_message(&error_text(error, (&outcome).into(), &context, paint));
            Ok(error.code.into())
        }
    }
}

fn run_for_programs(job: Job) -> Result<ExitStatus, Failure> {
    let mut streams = Streams::collecting();
    let outcome = execute(job.configuration, job.task, &mut streams)?;
    write_files(job.output.as_ref(), &outcome)?;
    print_json(&Report::of_outcome(&outcome, streams.collected()).to_json()?)?;
    Ok(outcome.result.as_ref().map_or_else(|error| error.code.into(), |_| ExitStatus::Ok))
}

/// The files are there before anybody reads that the task has ended.
fn write_files(folder: Option<&OutputFolder>, outcome: &Outcome) -> Result<(), Failure> {
    match (folder, &outcome.files) {
        (Some(folder), Some(files)) => Ok(folder.write(files)?),
        _ => Ok(()),
    }
}

fn report_failure(error: &Failure, json: bool) -> ExitStatus {
    let print = || print_json(&Report::of_failure(error).to_json()?);
    if !json || print().is_err() {
        print_message(&failure(error, Paint::of(&io::stderr())));
    }
    error.status
}
