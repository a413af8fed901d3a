//! Files that a task is given, and files that it leaves.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use serde::{Serialize, Serializer};
use thiserror::Error;

/// Files that a task may be given, and files that it may leave.
pub const MAXIMUM_FILES: usize = 64;
/// Bytes of the longest name: what file systems take.
pub const MAXIMUM_NAME_BYTES: usize = 255;
/// The folder, below the one that tasks work in, whose files come back.
pub const OUTPUT_FOLDER: &str = "output";

/// Contents by name.
pub type Files = BTreeMap<FileName, Bytes>;

/// What a task has to do with files. By default nothing.
#[derive(Debug, Clone, Default)]
pub struct TaskFiles {
    /// Files that are in the folder that the code works in when it begins.
    pub given: Files,
    /// Whether the files that the code leaves in [`OUTPUT_FOLDER`] come back.
    pub wants_output: bool,
}

impl TaskFiles {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.given.is_empty() && !self.wants_output
    }
}

/// The name of a file in a folder: it leads to no other folder, and commands no terminal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileName(String);

/// Why a text is not the name of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FileNameError {
    /// Nothing.
    #[error("a file needs a name")]
    Empty,
    /// Longer than [`MAXIMUM_NAME_BYTES`].
    #[error("a file name has at most {MAXIMUM_NAME_BYTES} bytes")]
    TooLong,
    /// `.` or `..`.
    #[error("`.` and `..` are folders")]
    Folder,
    /// A path.
    #[error("a file name has no `/`")]
    Path,
    /// Zero bytes, line ends and what else commands a terminal.
    #[error("a file name has no control characters")]
    Control,
}

impl FileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FileName {
    type Error = FileNameError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "" => Err(FileNameError::Empty),
            "." | ".." => Err(FileNameError::Folder),
            name if name.len() > MAXIMUM_NAME_BYTES => Err(FileNameError::TooLong),
            name if name.contains('/') => Err(FileNameError::Path),
            name if name.contains(char::is_control) => Err(FileNameError::Control),
            _ => Ok(Self(name)),
        }
    }
}

impl FromStr for FileName {
    type Err = FileNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        name.to_owned().try_into()
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for FileName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    fn parsed(name: &str) -> Result<FileName, FileNameError> {
        name.parse()
    }

    #[test]
    fn what_is_no_name_is_refused() {
        assert_eq!(parsed(""), Err(FileNameError::Empty));
        assert_eq!(parsed(".."), Err(FileNameError::Folder));
        assert_eq!(parsed("../x"), Err(FileNameError::Path));
        assert_eq!(parsed("/etc"), Err(FileNameError::Path));
        assert_eq!(parsed("a\0"), Err(FileNameError::Control));
        assert_eq!(parsed("\u{1b}[2J"), Err(FileNameError::Control));
        assert_eq!(parsed(&"x".repeat(256)), Err(FileNameError::TooLong));
        assert_eq!(parsed(&"é".repeat(128)), Err(FileNameError::TooLong));
        for name in ["data.csv", ".hidden", "...", "Übersicht 2026.xlsx", "-rf", "a\\b", &"x".repeat(255)] {
            assert_eq!(parsed(name).unwrap().as_str(), name);
        }
    }

    proptest! {
        #[test]
        fn a_name_is_one_component_of_a_path(name in any::<String>()) {
            if let Ok(accepted) = parsed(&name) {
                let components: Vec<Component<'_>> = Path::new(accepted.as_str()).components().collect();
                prop_assert_eq!(components, [Component::Normal(name.as_ref())]);
            }
        }
    }
}
