//! The steps of `stockade runner`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;

use stockade_engine::Engine;
use stockade_runner::{CheckReport, Level, Log, RunnerArguments, RunnerError, check, run};

use super::arguments::RunnerCommandArguments;
use crate::execution::{print_message, print_text};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::packages::{self, News, Watch};
use crate::render::{Paint, failure};

/// Of n8n's launcher and its runners: whatever the reason, the exit status is 1.
const CANNOT_WORK: u8 = 1;

/// Serves n8n, or checks whether that would work; gives the exit status for the shell.
pub(crate) fn runner(arguments: &RunnerCommandArguments) -> u8 {
    let prepared = prepare(arguments).and_then(|prepared| Ok((prepared, asynchronous()?)));
    let ((prepared, watch), asynchronous) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            print_message(&failure(&error, Paint::of(&io::stderr())));
            return error.status.code();
        }
    };
    if arguments.check {
        return report(&asynchronous.block_on(check(&prepared)));
    }
    let follow = |engine: &Engine, log: &Log| {
        let (engine, log) = (engine.clone(), log.clone());
        // Ends with the runtime of this runner.
        tokio::spawn(async move {
            let tell = |news| match news {
                News::Change(text) => log.write(Level::Info, text),
                News::Warning(text) => log.write(Level::Warning, text),
            };
            watch.follow(engine, tell).await;
        });
    };
    match asynchronous.block_on(run(prepared, follow)) {
        Ok(_) => ExitStatus::Ok.code(),
        Err(error) => {
            print_message(&failure(&cannot_work(&error), Paint::of(&io::stderr())));
            CANNOT_WORK
        }
    }
}

fn prepare(arguments: &RunnerCommandArguments) -> Result<(RunnerArguments, Watch), Failure> {
    let settings_file = arguments.engine.configuration_file();
    let mut engine = arguments.engine.load(arguments.python.as_deref())?;
    let set = packages::named(arguments.package_set.as_deref());
    if let Some(name) = set {
        packages::use_set(&mut engine, name)?;
    }
    // A Code node does not name a set, so that there is one for all of them.
    engine.package_sets.clear();
    let watch = Watch::of(&engine, set, settings_file.as_deref());
    packages::of_lock_file(&mut engine.runtimes, set, settings_file.as_deref())?;
    let prepared = RunnerArguments {
        languages: arguments.languages.clone(),
        settings_file,
        environment: environment(std::env::vars_os()),
        package_set: set.map(str::to_owned),
        engine,
    };
    Ok((prepared, watch))
}

/// Variables that are not text are none of n8n's.
fn environment(variables: impl Iterator<Item = (OsString, OsString)>) -> BTreeMap<String, String> {
    variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// One thread: all that happens goes through one task, and a message that wakes no second thread is there sooner.
fn asynchronous() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::setup(&format_args!("cannot start threads: {error}"), None))
}

fn report(report: &CheckReport) -> u8 {
    let end = if report.is_good() { "a runner would work" } else { "a runner would not work" };
    match print_text(&format!("{report}{end}\n")) {
        Ok(()) if report.is_good() => ExitStatus::Ok.code(),
        Ok(()) => CANNOT_WORK,
        Err(error) => {
            print_message(&failure(&error, Paint::of(&io::stderr())));
            error.status.code()
        }
    }
}

fn cannot_work(error: &RunnerError) -> Failure {
    Failure::setup(error, error.hint().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn variables_that_are_not_text_are_left_out() {
        let variables =
            [("A".into(), "1".into()), ("B".into(), OsString::from_vec(vec![0xff])), ("C".into(), "".into())];
        let expected = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("C".to_owned(), String::new())]);
        assert_eq!(environment(variables.into_iter()), expected);
    }
}
