//! The steps of `stockade doctor`.

use std::io;

use serde::Serialize;
use stockade_sandbox::doctor::{Report, examine};

use super::arguments::DoctorArguments;
use super::text;
use crate::execution::{print_json, print_message, print_text};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::interpreters::{self, InterpreterReport};
use crate::render::{Paint, failure};

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Findings<'report> {
    /// The walls can be built.
    ready: bool,
    #[serde(flatten)]
    walls: &'report Report,
    interpreters: &'report [InterpreterReport],
}

/// Looks and prints what there is; gives the exit status for the shell.
pub(crate) fn doctor(arguments: &DoctorArguments) -> u8 {
    match look(arguments) {
        Ok(true) => ExitStatus::Ok.code(),
        // Not `RUNTIME_ERROR`: no code ran. But 1 is what scripts expect of a check that fails.
        Ok(false) => 1,
        Err(error) => {
            print_message(&failure(&error, Paint::of(&io::stderr())));
            error.status.code()
        }
    }
}

fn look(arguments: &DoctorArguments) -> Result<bool, Failure> {
    let configuration = arguments.engine.load(arguments.python.as_deref())?;
    let walls = examine(&configuration.without_walls);
    let interpreters = interpreters::examine(&configuration.runtimes);
    let ready = walls.ready();
    if arguments.json {
        let findings = Findings { ready, walls: &walls, interpreters: &interpreters };
        let json = serde_json::to_string(&findings)
            .map_err(|error| Failure::internal(format!("cannot write the report: {error}")))?;
        print_json(&json)?;
    } else {
        print_text(&text::report(&walls, &interpreters))?;
    }
    Ok(ready)
}
