//! The code of a task, checked before anything starts.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use stockade_protocol::task::MEBIBYTE;
use thiserror::Error;

use crate::failure::Failure;

/// More source than any person writes. Data belongs into the inputs.
const MAXIMUM_SOURCE_BYTES: u64 = 32 * MEBIBYTE;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where a text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    StandardInput,
    File(PathBuf),
}

impl Origin {
    /// `-` stands for standard input.
    pub(super) fn of(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::StandardInput } else { Self::File(path.to_owned()) }
    }

    /// In messages.
    pub(super) fn display(&self) -> String {
        match self {
            Self::StandardInput => "standard input".to_owned(),
            Self::File(path) => format!("`{}`", path.display()),
        }
    }

    /// As the error of a task shows it: the path that was given.
    pub(super) fn shown_path(&self) -> String {
        match self {
            Self::StandardInput => "<stdin>".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// As the code sees it: the file name, for folders of the host are none of its business.
    pub(super) fn file_name(&self) -> String {
        match self {
            Self::StandardInput => "<stdin>".to_owned(),
            Self::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        }
    }

    /// At most `maximum` bytes, or `None` if there are more. Never waits for the end of something endless.
    pub(super) fn read(&self, maximum: u64) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let read = match self {
            Self::StandardInput => io::stdin().lock().take(maximum + 1).read_to_end(&mut bytes)?,
            Self::File(path) => File::open(path)?.take(maximum + 1).read_to_end(&mut bytes)?,
        };
        Ok((read as u64 <= maximum).then_some(bytes))
    }
}

/// Why a text cannot be used.
#[derive(Debug, Error)]
pub(super) enum SourceError {
    /// Missing, not permitted, …
    #[error("cannot read {origin}: {source}")]
    Read { origin: String, source: io::Error },
    /// A folder where a file should be.
    #[error("{origin} is a directory, not a file with code")]
    Directory { origin: String, is_task: bool },
    /// Beyond [`MAXIMUM_SOURCE_BYTES`].
    #[error("{origin} has more than {} MiB of code", MAXIMUM_SOURCE_BYTES / MEBIBYTE)]
    TooLarge { origin: String },
    /// Some other encoding, or no text at all.
    #[error("{origin} is not UTF-8: byte {offset} starts no character")]
    NotUtf8 { origin: String, offset: usize },
    /// No language has them, and some readers stop there.
    #[error("{origin} has a NUL byte in line {line}")]
    NulByte { origin: String, line: usize },
}

impl SourceError {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Directory { is_task: true, .. } => Some("a Node.js task directory runs with `stockade task`"),
            Self::TooLarge { .. } => Some("give data with `--inputs` instead of writing it into the code"),
            Self::NotUtf8 { .. } => Some("save it as UTF-8, for example with `iconv -f latin1 -t utf-8`"),
            Self::NulByte { .. } => Some("is this a binary file, or UTF-16? Code is UTF-8 text"),
            Self::Read { .. } | Self::Directory { .. } => None,
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::validation(&error, error.hint().map(str::to_owned))
    }
}

/// Reads the code: UTF-8 text without NUL bytes. A byte order mark, which some editors write, is left out.
pub(super) fn read(origin: &Origin) -> Result<Bytes, SourceError> {
    let name = || origin.display();
    if let Origin::File(path) = origin
        && path.is_dir()
    {
        return Err(SourceError::Directory { origin: name(), is_task: path.join("package.json").is_file() });
    }
    let bytes = origin
        .read(MAXIMUM_SOURCE_BYTES)
        .map_err(|source| SourceError::Read { origin: name(), source })?
        .ok_or_else(|| SourceError::TooLarge { origin: name() })?;
    if let Some(position) = bytes.iter().position(|byte| *byte == 0) {
        let line = bytes[..position].iter().filter(|byte| **byte == b'\n').count() + 1;
        return Err(SourceError::NulByte { origin: name(), line });
    }
    if let Err(error) = std::str::from_utf8(&bytes) {
        return Err(SourceError::NotUtf8 { origin: name(), offset: error.valid_up_to() });
    }
    Ok(without_byte_order_mark(bytes.into()))
}

/// The same text without the mark that some editors put before it.
pub(super) fn without_byte_order_mark(text: Bytes) -> Bytes {
    if text.starts_with(BYTE_ORDER_MARK) { text.slice(BYTE_ORDER_MARK.len()..) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Reads a file with these bytes; the text of a refusal has the folder's path cut out.
    fn reading(content: &[u8]) -> Result<Bytes, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.py");
        fs::write(&path, content).unwrap();
        read(&Origin::of(&path)).map_err(|error| shown(error, folder.path()))
    }

    fn shown(error: SourceError, folder: &Path) -> String {
        let failure = Failure::from(error);
        let text = failure.message.replace(&folder.display().to_string(), "");
        failure.hint.into_iter().fold(text, |text, hint| format!("{text}\n  {hint}"))
    }

    #[test]
    fn text_is_passed_on() {
        assert_eq!(reading("print('é')\r\n".as_bytes()).unwrap(), "print('é')\r\n".as_bytes());
        assert_eq!(reading(b"\xef\xbb\xbfreturn 1").unwrap(), "return 1");
        assert_eq!(reading(b"").unwrap(), "");
    }

    #[test]
    fn other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| shown(read(&Origin::of(path)).unwrap_err(), folder.path());
        let plain = refused(folder.path().join("missing.py").as_path());
        fs::create_dir(folder.path().join("scripts")).unwrap();
        let directory = refused(&folder.path().join("scripts"));
        fs::write(folder.path().join("package.json"), "{}").unwrap();
        let task = refused(folder.path());
        let contents = [b"x = 1\ny = '\xe9'".as_slice(), b"a\nb\n\0c", &vec![b'#'; 33 << 20]];
        let texts = contents.map(|content| reading(content).unwrap_err());
        insta::assert_snapshot!([plain, directory, task].into_iter().chain(texts).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn something_endless_is_refused_too() {
        assert!(matches!(Origin::of(Path::new("/dev/zero")).read(1 << 20), Ok(None)));
    }

    #[test]
    fn the_code_does_not_see_folders_of_the_host() {
        assert_eq!(Origin::of(Path::new("/home/ada/orders.py")).file_name(), "orders.py");
        assert_eq!(Origin::of(Path::new("-")).file_name(), "<stdin>");
        assert_eq!(Origin::of(Path::new("./-")).file_name(), "-");
    }
}
