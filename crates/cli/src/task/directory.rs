//! What a task directory must have, in the words of the reference (spec/nautilus.md), which its users' programs read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

/// Why a task directory was not run to its end.
#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum TaskError {
    /// No folder of that name.
    #[error("Failed to execute Node.js task: Task directory does not exist: {0}")]
    NoDirectory(PathBuf),
    /// Not a Node.js package.
    #[error("Failed to execute Node.js task: package.json not found in task directory")]
    NoPackage,
    /// No entry point.
    #[error("Failed to execute Node.js task: index.js not found in task directory")]
    NoIndex,
    /// Stopped at its limit.
    #[error("Failed to execute Node.js task: Task execution timed out after {} seconds", .0.as_secs_f64())]
    TimedOut(Duration),
    /// No interpreter of that name.
    #[error("Failed to execute Node.js task: Failed to check Node.js installation. Is Node.js installed?")]
    NoNode,
    /// What the reference does not know: the other limits, and an engine that cannot start.
    #[error("Failed to execute Node.js task: {0}")]
    Other(String),
}

/// The absolute path of a folder with a package and an entry point.
pub(super) fn check(directory: &Path) -> Result<PathBuf, TaskError> {
    let absolute = directory.canonicalize().ok().filter(|path| path.is_dir());
    let absolute = absolute.ok_or_else(|| TaskError::NoDirectory(directory.to_owned()))?;
    if !absolute.join("package.json").is_file() {
        return Err(TaskError::NoPackage);
    }
    if !absolute.join("index.js").is_file() {
        return Err(TaskError::NoIndex);
    }
    Ok(absolute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let missing = path.join("missing");
        assert_eq!(check(&missing), Err(TaskError::NoDirectory(missing)));
        assert_eq!(check(path), Err(TaskError::NoPackage));
        fs::write(path.join("package.json"), "{}").unwrap();
        assert_eq!(check(path), Err(TaskError::NoIndex));
        assert!(matches!(check(&path.join("package.json")), Err(TaskError::NoDirectory(_))));
        fs::write(path.join("index.js"), "").unwrap();
        assert_eq!(check(path), Ok(path.canonicalize().unwrap()));
    }

    #[test]
    fn the_words_are_those_of_the_reference() {
        let errors = [
            TaskError::NoDirectory("/tasks/hello".into()),
            TaskError::NoPackage,
            TaskError::NoIndex,
            TaskError::TimedOut(Duration::from_secs(30)),
            TaskError::TimedOut(Duration::from_millis(500)),
            TaskError::NoNode,
        ];
        insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"));
    }
}
