//! Lines that are not about the outcome of a task.

use super::Paint;
use super::visible::visible;
use crate::failure::Failure;

/// `error: …` and `hint: …`.
pub(crate) fn failure(failure: &Failure, paint: Paint) -> String {
    let mut text = format!("{}: {}\n", paint.error("error"), visible(&failure.message));
    if let Some(hint) = &failure.hint {
        text.push_str(&super::message::hint(hint, paint));
    }
    text
}

/// `warning: …`; says what to do in the same line or in a hint of its own.
pub(crate) fn warning(message: &str, paint: Paint) -> String {
    format!("{}: {}\n", paint.warning("warning"), visible(message))
}

/// `hint: …`.
pub(crate) fn hint(hint: &str, paint: Paint) -> String {
    format!("{}: {}\n", paint.hint("hint"), visible(hint))
}
