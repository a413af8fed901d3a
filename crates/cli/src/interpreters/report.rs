//! The interpreter, or the command, of each configured language.

use std::path::{Path, PathBuf};

use serde::Serialize;
use stockade_engine::{RuntimeConfiguration, RuntimeKind};
use stockade_protocol::Language;

use super::find::find;
use super::version::{self, Version, VersionError};

/// What there is for one language.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct InterpreterReport {
    pub(crate) language: String,
    pub(crate) usable: bool,
    /// Where, and which version or what is wrong.
    pub(crate) found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
}

/// What a look at one program shows.
#[derive(Debug)]
enum Finding {
    Missing(PathBuf),
    Unknown(PathBuf, VersionError),
    TooOld(PathBuf, Version),
    Usable(PathBuf, Option<Version>),
}

/// Looks for each language's program and asks for its version.
pub(crate) fn examine(runtimes: &[RuntimeConfiguration]) -> Vec<InterpreterReport> {
    runtimes.iter().map(|runtime| report(&runtime.language, look(runtime))).collect()
}

fn look(runtime: &RuntimeConfiguration) -> Finding {
    let (name, has_version) = match &runtime.kind {
        RuntimeKind::Zygote { interpreter } => (interpreter.as_path(), true),
        RuntimeKind::Command { command, .. } => (Path::new(command.first().map_or("", String::as_str)), false),
    };
    let Some(path) = find(name) else { return Finding::Missing(name.to_owned()) };
    if !has_version {
        return Finding::Usable(path, None);
    }
    match version::ask(&path) {
        Ok(version) if version < Version::oldest(&runtime.language) => Finding::TooOld(path, version),
        Ok(version) => Finding::Usable(path, Some(version)),
        Err(error) => Finding::Unknown(path, error),
    }
}

fn report(language: &Language, finding: Finding) -> InterpreterReport {
    let (usable, found, path, version) = match finding {
        Finding::Missing(name) => (false, format!("`{}` is not there", name.display()), None, None),
        Finding::Unknown(path, error) => (false, format!("{} {error}", path.display()), Some(path), None),
        Finding::TooOld(path, version) => {
            (false, format!("{version} is too old, {}", path.display()), Some(path), Some(version))
        }
        Finding::Usable(path, Some(version)) => {
            (true, format!("{version}, {}", path.display()), Some(path), Some(version))
        }
        Finding::Usable(path, None) => (true, path.display().to_string(), Some(path), None),
    };
    InterpreterReport {
        language: language.to_string(),
        usable,
        found,
        path,
        version: version.map(|version| version.to_string()),
        remedy: (!usable).then(|| remedy(language)),
    }
}

fn remedy(language: &Language) -> String {
    match language {
        Language::Python => "install Python 3.10 or newer, or name one with `--python PATH`".to_owned(),
        Language::JavaScript => "install Node.js 18 or newer, or name one with `--node PATH`".to_owned(),
        Language::Custom(name) => format!("install it, or change `command` of [runtimes.{name}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_has_its_words() {
        let path = || PathBuf::from("/usr/bin/python3");
        let version = |text: &str| text.parse::<Version>().unwrap();
        let custom = Language::Custom("ruby".to_owned());
        let reports = [
            report(&Language::Python, Finding::Usable(path(), Some(version("3.13.0")))),
            report(&Language::Python, Finding::TooOld(path(), version("3.8.10"))),
            report(&Language::JavaScript, Finding::Missing("node".into())),
            report(&Language::JavaScript, Finding::Unknown(path(), VersionError::Silent)),
            report(&Language::Python, Finding::Unknown(path(), VersionError::Unknown("hello".to_owned()))),
            report(&custom, Finding::Usable("/usr/bin/ruby".into(), None)),
            report(&custom, Finding::Missing("ruby".into())),
        ];
        let lines = reports.map(|report| {
            format!(
                "{} usable: {}\n  {}\n  {}",
                report.language,
                report.usable,
                report.found,
                report.remedy.unwrap_or_default()
            )
        });
        insta::assert_snapshot!(lines.join("\n"));
    }
}
