//! The inputs of a task: proved to be one JSON object, then passed on as they are.

use std::io;

use bytes::Bytes;
use stockade_protocol::task::MEBIBYTE;
use stockade_protocol::{JsonError, RawJson};
use thiserror::Error;

use super::source::{Origin, without_byte_order_mark};
use crate::failure::Failure;

/// More than fits into the memory of a task by default; a bound so that something endless is refused.
const MAXIMUM_INPUT_BYTES: u64 = 512 * MEBIBYTE;

/// Why a file is not the inputs of a task.
#[derive(Debug, Error)]
pub(super) enum InputsError {
    /// Standard input can be read once.
    #[error("the code and the inputs cannot both come from standard input")]
    StandardInputTwice,
    /// Missing, not permitted, …
    #[error("cannot read the inputs {origin}: {source}")]
    Read { origin: String, source: io::Error },
    /// Beyond [`MAXIMUM_INPUT_BYTES`].
    #[error("the inputs {origin} have more than {} MiB", MAXIMUM_INPUT_BYTES / MEBIBYTE)]
    TooLarge { origin: String },
    /// Some other encoding, or no text at all.
    #[error("the inputs {origin} are not UTF-8: byte {offset} starts no character")]
    NotUtf8 { origin: String, offset: usize },
    /// Nothing but space.
    #[error("the inputs {origin} are empty")]
    Empty { origin: String },
    /// Not JSON.
    #[error("the inputs {origin} are not valid JSON: line {line}, column {column}: {message}")]
    Syntax { origin: String, line: usize, column: usize, message: String },
    /// Readers that recurse would fail.
    #[error("the inputs {origin} cannot be used: {source}")]
    TooDeep { origin: String, source: JsonError },
    /// Some other JSON value.
    #[error("the inputs {origin} are {kind}, not an object")]
    NotAnObject { origin: String, kind: &'static str },
}

impl InputsError {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::StandardInputTwice => Some("put one of them into a file"),
            Self::NotAnObject { .. } => {
                Some("the keys of the object become variables of the code: wrap the value, as in {\"items\": …}")
            }
            Self::Empty { .. } => Some("an object without keys is `{}`"),
            Self::TooLarge { .. } => Some("split the inputs over several tasks"),
            Self::NotUtf8 { .. } => Some("save it as UTF-8, for example with `iconv -f latin1 -t utf-8`"),
            Self::Read { .. } | Self::Syntax { .. } | Self::TooDeep { .. } => None,
        }
    }
}

impl From<InputsError> for Failure {
    fn from(error: InputsError) -> Self {
        Self::validation(&error, error.hint().map(str::to_owned))
    }
}

/// Reads the inputs of a task whose code comes from `code`.
pub(super) fn read(origin: &Origin, code: &Origin) -> Result<Bytes, InputsError> {
    if *origin == Origin::StandardInput && *code == Origin::StandardInput {
        return Err(InputsError::StandardInputTwice);
    }
    let name = || origin.display();
    let bytes = origin
        .read(MAXIMUM_INPUT_BYTES)
        .map_err(|source| InputsError::Read { origin: name(), source })?
        .ok_or_else(|| InputsError::TooLarge { origin: name() })?;
    check(bytes.into(), &name())
}

fn check(bytes: Bytes, origin: &str) -> Result<Bytes, InputsError> {
    let origin = || origin.to_owned();
    if let Err(error) = std::str::from_utf8(&bytes) {
        return Err(InputsError::NotUtf8 { origin: origin(), offset: error.valid_up_to() });
    }
    let text = without_byte_order_mark(bytes);
    if text.trim_ascii().is_empty() {
        return Err(InputsError::Empty { origin: origin() });
    }
    let json = RawJson::new(text).map_err(|error| match error {
        JsonError::Syntax(error) => InputsError::Syntax {
            origin: origin(),
            line: error.line(),
            column: error.column(),
            message: without_place(&error.to_string()),
        },
        source @ JsonError::TooDeep => InputsError::TooDeep { origin: origin(), source },
    })?;
    match kind(json.as_str()) {
        None => Ok(json.bytes().clone()),
        Some(kind) => Err(InputsError::NotAnObject { origin: origin(), kind }),
    }
}

/// What a JSON text is, if it is not an object.
fn kind(json: &str) -> Option<&'static str> {
    match json.trim_ascii_start().as_bytes().first()? {
        b'{' => None,
        b'[' => Some("an array"),
        b'"' => Some("a text"),
        b't' | b'f' => Some("a boolean"),
        b'n' => Some("null"),
        _ => Some("a number"),
    }
}

/// The message of `serde_json` without the line and column at its end: they stand before it here.
fn without_place(message: &str) -> String {
    message.split_once(" at line ").map_or(message, |(text, _)| text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn checked(bytes: &[u8]) -> Result<Bytes, String> {
        check(Bytes::copy_from_slice(bytes), "`orders.json`").map_err(|error| error.to_string())
    }

    #[test]
    fn an_object_passes_byte_for_byte() {
        for text in ["{}", " {\"a\": 1e400, \"a\": [1.0]}\n"] {
            assert_eq!(checked(text.as_bytes()).unwrap(), text);
        }
        assert_eq!(checked(b"\xef\xbb\xbf{}").unwrap(), "{}");
    }

    #[test]
    fn everything_else_is_refused() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(600), "]".repeat(600));
        let texts: [&[u8]; 10] = [
            b"",
            b"  \n",
            b"{\"a\": 1,\n \"b\": }",
            b"{\"a\": NaN}",
            b"{} {}",
            b"[1, 2]",
            b"\"text\"",
            b"null",
            b"{\"a\": \"\xe9\"}",
            deep.as_bytes(),
        ];
        insta::assert_snapshot!(texts.map(|text| checked(text).unwrap_err()).join("\n"));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = checked(text.as_bytes());
        }
    }
}
