//! Values of settings: texts and what they are read as.

use std::fmt;
use std::path::PathBuf;

use crate::error::RunnerError;

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An environment variable.
    Environment(&'static str),
    /// `env-overrides` of a launcher configuration file.
    Override {
        /// The variable.
        name: &'static str,
        /// The runner type that it belongs to.
        language: String,
        /// The file.
        path: PathBuf,
    },
    /// A key of the TOML file.
    SettingsFile {
        /// The key with its table.
        key: String,
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(formatter, "Environment variable {name}"),
            Self::Override { name, language, path } => {
                write!(formatter, "{name} in env-overrides of `{language}` in {}", path.display())
            }
            Self::SettingsFile { key, path } => write!(formatter, "`{key}` in {}", path.display()),
        }
    }
}

/// A value before it is read as what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) value: String,
    pub(crate) origin: Origin,
}

impl Text {
    /// A whole number in the forms that Python's `int()` takes: `" 5 "`, `+5` and `1_000` too.
    pub(crate) fn integer(&self) -> Result<i64, RunnerError> {
        let refusal = || RunnerError::NotAnInteger { origin: self.origin.clone(), value: self.value.clone() };
        let text = self.value.trim();
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let groups_are_digits =
            digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
        if !groups_are_digits {
            return Err(refusal());
        }
        text.replace('_', "").parse().map_err(|_| refusal())
    }

    /// A number.
    pub(crate) fn float(&self) -> Result<f64, RunnerError> {
        let refusal = |_| RunnerError::NotAFloat { origin: self.origin.clone(), value: self.value.clone() };
        self.value.trim().parse().map_err(refusal)
    }

    /// True or false. The official Python runner takes anything but `true` for false, so that
    /// `N8N_BLOCK_RUNNER_ENV_ACCESS=1` opens the environment; here `1` and `0` count and the rest is refused.
    pub(crate) fn boolean(&self) -> Result<bool, RunnerError> {
        match self.value.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" | "" => Ok(false),
            _ => Err(RunnerError::NotABoolean { origin: self.origin.clone(), value: self.value.clone() }),
        }
    }

    /// The text without surrounding space and without one pair of quotes. n8n reads its own settings so, and tokens
    /// have to be the same on both sides.
    pub(crate) fn unquoted(&self) -> String {
        let text = self.value.trim();
        let inner = ['"', '\'']
            .into_iter()
            .find_map(|quote| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)));
        inner.unwrap_or(text).to_owned()
    }

    /// The entries between commas, without surrounding space and without empty ones.
    pub(crate) fn list(&self) -> Vec<String> {
        self.value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Text {
        Text { value: value.to_owned(), origin: Origin::Environment("N8N_RUNNERS_TASK_TIMEOUT") }
    }

    #[test]
    fn integers_are_those_of_python() {
        for (value, number) in [("5", 5), (" 5 ", 5), ("1_000", 1000), ("-5", -5), ("+7", 7), ("007", 7)] {
            assert_eq!(text(value).integer().unwrap(), number, "{value:?}");
        }
        for value in ["", " ", "abc", "1.5", "1__0", "_1", "1_", "--1", "0x10", "99999999999999999999"] {
            assert_eq!(
                text(value).integer().unwrap_err().to_string(),
                format!("Environment variable N8N_RUNNERS_TASK_TIMEOUT must be an integer, got '{value}'")
            );
        }
    }

    #[test]
    fn floats_and_booleans_say_what_they_should_be() {
        assert_eq!(text(" 0.25 ").float().unwrap(), 0.25);
        assert_eq!(
            text("x").float().unwrap_err().to_string(),
            "Environment variable N8N_RUNNERS_TASK_TIMEOUT must be a float, got 'x'"
        );
        assert!(text(" TRUE ").boolean().unwrap());
        assert!(text("1").boolean().unwrap());
        assert!(!text("False").boolean().unwrap());
        assert!(!text("").boolean().unwrap());
        assert_eq!(
            text("yes").boolean().unwrap_err().to_string(),
            "Environment variable N8N_RUNNERS_TASK_TIMEOUT must be true or false, got 'yes'"
        );
    }

    #[test]
    fn quotes_of_an_environment_file_are_not_part_of_a_token() {
        assert_eq!(text(" \"secret\"\n").unquoted(), "secret");
        assert_eq!(text("'secret'").unquoted(), "secret");
        assert_eq!(text("\"secret'").unquoted(), "\"secret'");
        assert_eq!(text("\"").unquoted(), "\"");
    }

    #[test]
    fn lists_lose_space_and_empty_entries() {
        assert_eq!(text(" json , os.path ,,").list(), ["json", "os.path"]);
        assert!(text("").list().is_empty());
    }
}
