//! What can be wrong with a configuration file.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::origin::Origin;
use super::place::Place;
use crate::failure::Failure;

/// Why there is no configuration.
#[derive(Debug, Error)]
pub(crate) enum ConfigurationError {
    /// Missing, a directory, not permitted.
    #[error("cannot read the configuration `{path}`: {source}")]
    Read { path: PathBuf, source: io::Error },
    /// Not text.
    #[error("the configuration `{path}` is not UTF-8: byte {offset} starts no character")]
    NotUtf8 { path: PathBuf, offset: usize },
    /// Not TOML, an unknown key, or a value that no key takes.
    #[error("{place}: {message}")]
    Toml { place: Place, message: String },
    /// Valid by itself, wrong where it stands.
    #[error("{place}: {problem}")]
    Section { place: Place, problem: Problem },
    /// A variable or an option with a value that its key does not take.
    #[error("{origin}: {message}")]
    Value { origin: Origin, message: String },
    /// A variable of our own that names no setting.
    #[error("there is no setting for the variable {name}; `stockade config show` lists all")]
    UnknownVariable { name: String },
}

/// What is wrong with a `[runtimes.…]` or `[package_sets.…]` section.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Problem {
    /// `command` or `extensions` for a language that has a zygote.
    #[error("`{key}` is for custom runtimes; {language} runs with its own `interpreter`")]
    OnlyForCustom { key: &'static str, language: String },
    /// A key of languages with a zygote in a custom runtime.
    #[error("`{key}` is for python and javascript; a custom runtime has a `command`")]
    NotForCustom { key: &'static str },
    /// Nothing to execute.
    #[error("the runtime `{name}` needs a `command` such as [\"{name}\", \"{{file}}\"]")]
    NoCommand { name: String },
    /// The code would never reach the command.
    #[error("no argument of `command` after the program contains `{{file}}`, which stands for the file with the code")]
    NoFile,
    /// The name goes to metrics and messages.
    #[error("a runtime's name has lower-case letters, digits, `-` and `_`, not `{name}`")]
    Name { name: String },
    /// The extension would select two languages.
    #[error("the extension `.{extension}` belongs to {language} already")]
    ExtensionTaken { extension: String, language: String },
    /// Empty, or more than a file name's last part.
    #[error("`{extension}` is not a file name extension")]
    Extension { extension: String },
    /// It goes to metrics, messages and the name of a file.
    #[error("the name of a package set has 1 to 64 lower-case letters, digits, `-` and `_`, not `{name}`")]
    SetName { name: String },
    /// The name of the set that has none.
    #[error("the packages of the set `default` are those of `[runtimes.python]` and `[runtimes.javascript]`")]
    DefaultSet,
    /// Not a folder.
    #[error("the packages folder `{path}` does not exist")]
    NoPackages { path: PathBuf },
}

impl From<ConfigurationError> for Failure {
    fn from(error: ConfigurationError) -> Self {
        Self::validation(&error, None)
    }
}
