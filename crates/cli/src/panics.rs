//! A panic is a defect of ours, and says so.

use std::io;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;

use crate::execution::print_message;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::render::{Paint, failure};

/// Runs `command`; a panic in it ends with a message that asks for a report, and with the exit status of defects.
pub(crate) fn catch(command: impl FnOnce() -> ExitCode) -> ExitCode {
    panic::set_hook(Box::new(report));
    // Nothing of the command is used after a panic.
    panic::catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| ExitStatus::InternalError.into())
}

fn report(information: &PanicHookInfo<'_>) {
    let what = information.payload_as_str().unwrap_or("no message");
    let place = information.location().map(|location| format!(" at {location}")).unwrap_or_default();
    let error = Failure::internal(format!("internal error: {what}{place}"));
    print_message(&failure(&error, Paint::of(&io::stderr())));
}
