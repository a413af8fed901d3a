//! Versions of interpreters.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use stockade_protocol::Language;
use thiserror::Error;

/// An interpreter that has not said its version by then never will.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than any interpreter says about its version.
const MAXIMUM_ANSWER: u64 = 4096;

/// Major, minor and the rest that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u32, u32, u32);

impl Version {
    /// The oldest one of the language that has what a zygote needs.
    pub(super) fn oldest(language: &Language) -> Self {
        match language {
            Language::Python => Self(3, 10, 0),
            Language::JavaScript => Self(18, 0, 0),
            Language::Custom(_) => Self(0, 0, 0),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    /// Finds the number in `Python 3.13.0rc1` or `v22.1.0`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || VersionError::Unknown(text.trim().chars().take(80).collect());
        let start = text.find(|character: char| character.is_ascii_digit()).ok_or_else(unknown)?;
        let mut parts = text[start..].split(|character: char| !character.is_ascii_digit()).map(str::parse::<u32>);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor)), patch) => {
                Ok(Self(major, minor, patch.and_then(Result::ok).unwrap_or(0)))
            }
            _ => Err(unknown()),
        }
    }
}

/// Why the version of an interpreter is not known.
#[derive(Debug, Error)]
pub(super) enum VersionError {
    /// Not executable here, for example for another processor.
    #[error("cannot be executed: {0}")]
    Execute(#[from] io::Error),
    /// Waits for something.
    #[error("does not answer `--version`")]
    Silent,
    /// Some other program.
    #[error("answers `--version` with {0:?}")]
    Unknown(String),
}

/// Asks a program for its version.
pub(super) fn ask(program: &Path) -> Result<Version, VersionError> {
    // Python 2 answers on stderr.
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // It holds our ends of the pipe, without which the reader would wait for ever.
    drop(command);
    let (sender, answer) = mpsc::channel();
    // Reading waits as long as anything that the program started holds the pipe, so it must not happen here.
    thread::spawn(move || {
        let mut text = Vec::new();
        let read = reader.take(MAXIMUM_ANSWER).read_to_end(&mut text);
        // Nobody listens any more to an answer that comes too late.
        let _ = sender.send(read.map(|_| text));
    });
    let answer = answer.recv_timeout(PATIENCE);
    // It has said what it had to say, or it never will.
    child.kill()?;
    child.wait()?;
    let text = answer.map_err(|_| VersionError::Silent)??;
    String::from_utf8_lossy(&text).parse()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_as_interpreters_say_them() {
        for (text, version) in [
            ("Python 3.13.0\n", Version(3, 13, 0)),
            ("Python 3.15.0a2+", Version(3, 15, 0)),
            ("v22.1.0", Version(22, 1, 0)),
            ("node 18.2", Version(18, 2, 0)),
        ] {
            assert_eq!(text.parse::<Version>().unwrap(), version, "{text:?}");
        }
        for text in ["", "no number", "3", "v", "99999999999.1.2"] {
            assert!(text.parse::<Version>().is_err(), "{text:?}");
        }
        assert!(Version(3, 9, 18) < Version::oldest(&Language::Python));
        assert!(Version(3, 10, 0) >= Version::oldest(&Language::Python));
    }

    #[test]
    fn programs_that_have_none() {
        assert!(matches!(ask(Path::new("/bin/true")), Err(VersionError::Unknown(_)) | Ok(_)));
        assert!(matches!(ask(Path::new("/etc/passwd")), Err(VersionError::Execute(_))));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = text.parse::<Version>();
        }

        #[test]
        fn what_is_printed_reads_back(major in any::<u32>(), minor in any::<u32>(), patch in any::<u32>()) {
            let version = Version(major, minor, patch);
            prop_assert_eq!(version.to_string().parse::<Version>().unwrap(), version);
        }
    }
}
