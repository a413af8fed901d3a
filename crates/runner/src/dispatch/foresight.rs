//! Data that a JavaScript task will ask for, asked for ahead.
//!
//! What data code needs is found by parsing it, in the worker, and does not change while the code does not. So the
//! first request of code that has run before is known: made before a worker is taken, it spares the worker the parsing
//! and the waiting.

use bytes::Bytes;
use stockade_protocol::{Language, Outcome};

use super::question::{DataRequest, Question};
use crate::message::TaskSettings;

/// A longer request (thousands of node names) is not worth remembering.
const MAXIMUM_REQUEST: usize = 16 * 1024;
/// Code that may read parameters of nodes needs descriptions of the nodes' types too, and which these are depends on
/// the workflow. Escapes can hide the word.
const PARAMETER_SIGNS: [&str; 3] = ["param", "\\u", "\\x"];

/// What a running task has asked for.
#[derive(Debug, Default)]
pub(super) enum Asked {
    #[default]
    Nothing,
    /// Data, once, and nothing else that can be asked ahead.
    Data(Bytes),
    /// More, or nothing that may be learned from.
    TooMuch,
}

impl Asked {
    /// Nothing is learned from code for which the request could differ from workflow to workflow.
    pub(super) fn start(language: &Language, settings: &TaskSettings) -> Self {
        let code = String::from_utf8_lossy(&settings.code);
        let is_regular = *language == Language::JavaScript && !PARAMETER_SIGNS.iter().any(|sign| code.contains(sign));
        if is_regular { Self::Nothing } else { Self::TooMuch }
    }

    /// Takes note of a question.
    pub(super) fn note(&mut self, question: &Question) {
        match (&*self, question) {
            (Self::Nothing, Question::Data(request)) if request.text.len() <= MAXIMUM_REQUEST && !request.all_nodes => {
                *self = Self::Data(request.text.clone());
            }
            (_, Question::Data(_) | Question::NodeTypes(_)) => *self = Self::TooMuch,
            (_, Question::Call { .. } | Question::Log(_)) => {}
        }
    }

    /// The request to remember, after a task that worked with the answer.
    pub(super) fn lesson(&self, outcome: &Outcome) -> Option<Bytes> {
        match self {
            Self::Data(request) if outcome.result.is_ok() => Some(request.clone()),
            _ => None,
        }
    }
}

/// The request for the data of a new task; `None` if the remembered one does not fit it.
pub(super) fn request_for(remembered: &Bytes, settings: &TaskSettings) -> Option<Bytes> {
    DataRequest::with_chunk(remembered, settings.chunk())
}
