//! The configuration file of n8n's launcher, `/etc/n8n-task-runners.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use stockade_protocol::Language;

use crate::error::RunnerError;

/// Where the launcher looks when nobody says otherwise.
pub(crate) const DEFAULT_PATH: &str = "/etc/n8n-task-runners.json";

/// What matters here of a launcher's configuration file. `command`, `args`, `workdir` and the ports say how to start
/// n8n's own runners, and `allowed-env` what these see of the environment; they have no meaning here.
#[derive(Debug)]
pub(crate) struct LauncherFile {
    pub(crate) path: PathBuf,
    runners: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(rename = "task-runners", default)]
    runners: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Entry {
    runner_type: String,
    #[serde(default)]
    env_overrides: BTreeMap<String, String>,
}

impl LauncherFile {
    pub(crate) fn read(path: &Path) -> Result<Self, RunnerError> {
        let text =
            std::fs::read(path).map_err(|source| RunnerError::ReadLauncherFile { path: path.to_owned(), source })?;
        let document: Document = serde_json::from_slice(&text)
            .map_err(|source| RunnerError::ParseLauncherFile { path: path.to_owned(), source })?;
        if document.runners.is_empty() {
            return Err(RunnerError::EmptyLauncherFile(path.to_owned()));
        }
        Ok(Self { path: path.to_owned(), runners: document.runners })
    }

    /// The types that the file names, in its order.
    pub(crate) fn languages(&self) -> Vec<Language> {
        self.runners.iter().map(|entry| Language::from(entry.runner_type.clone())).collect()
    }

    /// What the file sets for a type; `None` if it does not name the type.
    pub(crate) fn overrides(&self, language: &Language) -> Option<&BTreeMap<String, String>> {
        self.runners.iter().find(|entry| entry.runner_type == language.name()).map(|entry| &entry.env_overrides)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LauncherFile, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        LauncherFile::read(file.path())
            .map_err(|error| error.to_string().replace(&file.path().display().to_string(), "PATH"))
    }

    #[test]
    fn reads_types_and_overrides_and_nothing_else() {
        let file = read(
            r#"{"task-runners": [
                {"runner-type": "javascript", "command": "/usr/local/bin/node", "args": ["x"], "workdir": "/home/runner",
                 "health-check-server-port": "5681", "allowed-env": ["PATH"],
                 "env-overrides": {"NODE_FUNCTION_ALLOW_BUILTIN": "crypto"}},
                {"runner-type": "python", "new-key": 1}
            ], "other": true}"#,
        )
        .unwrap();
        assert_eq!(file.languages(), [Language::JavaScript, Language::Python]);
        assert_eq!(file.overrides(&Language::JavaScript).unwrap()["NODE_FUNCTION_ALLOW_BUILTIN"], "crypto");
        assert!(file.overrides(&Language::Python).unwrap().is_empty());
        assert!(file.overrides(&Language::Custom("go".into())).is_none());
    }

    #[test]
    fn says_what_is_wrong_with_the_file() {
        assert_eq!(read("{}").unwrap_err(), "config file at PATH contains no task runners");
        assert!(read("{").unwrap_err().starts_with("failed to parse config file at PATH: EOF"));
        assert_eq!(
            LauncherFile::read(Path::new("/nonexistent/file")).unwrap_err().to_string(),
            "failed to read config file at /nonexistent/file: No such file or directory (os error 2)"
        );
    }
}
