//! Which languages there are, and which one a file is in.

use std::path::Path;

use stockade_engine::{RuntimeConfiguration, RuntimeKind};
use stockade_protocol::Language;
use thiserror::Error;

use crate::failure::Failure;

const PYTHON_EXTENSIONS: &[&str] = &["py"];
const JAVASCRIPT_EXTENSIONS: &[&str] = &["js", "cjs", "mjs"];

/// Why the language of a file is not known.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum LanguageError {
    /// Given by name.
    #[error("unknown language `{name}`")]
    UnknownName { name: String, known: String },
    /// No name given, and the file's extension says nothing.
    #[error("no language has the extension of `{file}`")]
    UnknownExtension { file: String, known: String },
    /// No name given, and the file has no extension.
    #[error("`{file}` has no extension that tells its language")]
    NoExtension { file: String, known: String },
    /// No name given, and no file name either.
    #[error("code from standard input does not tell its language")]
    StandardInput { known: String },
}

impl LanguageError {
    fn hint(&self) -> String {
        match self {
            Self::UnknownName { name, known } => match suggestion(name) {
                Some(suggestion) => format!("did you mean `{suggestion}`? Known are {known}"),
                None => format!("known are {known}; others need a `[runtimes.{name}]` section in the configuration"),
            },
            Self::UnknownExtension { known, .. } | Self::NoExtension { known, .. } | Self::StandardInput { known } => {
                format!("name it with `--language`; known are {known}")
            }
        }
    }
}

impl From<LanguageError> for Failure {
    fn from(error: LanguageError) -> Self {
        Self::validation(&error, Some(error.hint()))
    }
}

/// The language called `name`, else the one of the extension of `file` (`None`: standard input).
pub(crate) fn select(
    runtimes: &[RuntimeConfiguration],
    name: Option<&str>,
    file: Option<&Path>,
) -> Result<Language, LanguageError> {
    if let Some(name) = name {
        let known = runtimes.iter().map(|runtime| &runtime.language).find(|language| language.name() == name);
        return known
            .cloned()
            .ok_or_else(|| LanguageError::UnknownName { name: name.to_owned(), known: known_names(runtimes) });
    }
    let known = known_extensions(runtimes);
    let Some(path) = file else { return Err(LanguageError::StandardInput { known: known_names(runtimes) }) };
    let file = path.display().to_string();
    match path.extension() {
        None => Err(LanguageError::NoExtension { file, known }),
        Some(extension) => of_extension(runtimes, &extension.to_string_lossy().to_ascii_lowercase())
            .cloned()
            .ok_or(LanguageError::UnknownExtension { file, known }),
    }
}

/// The language that a lower-case extension selects.
pub(crate) fn of_extension<'runtimes>(
    runtimes: &'runtimes [RuntimeConfiguration],
    extension: &str,
) -> Option<&'runtimes Language> {
    let runtime = runtimes.iter().find(|runtime| extensions(runtime).contains(&extension))?;
    Some(&runtime.language)
}

fn extensions(runtime: &RuntimeConfiguration) -> Vec<&str> {
    match (&runtime.language, &runtime.kind) {
        (_, RuntimeKind::Command { extensions, .. }) => extensions.iter().map(String::as_str).collect(),
        (Language::Python, _) => PYTHON_EXTENSIONS.to_vec(),
        (Language::JavaScript, _) => JAVASCRIPT_EXTENSIONS.to_vec(),
        (Language::Custom(_), _) => Vec::new(),
    }
}

fn known_names(runtimes: &[RuntimeConfiguration]) -> String {
    let names: Vec<String> = runtimes.iter().map(|runtime| format!("`{}`", runtime.language)).collect();
    names.join(", ")
}

fn known_extensions(runtimes: &[RuntimeConfiguration]) -> String {
    let each = |runtime: &RuntimeConfiguration| {
        let list: Vec<String> = extensions(runtime).iter().map(|extension| format!(".{extension}")).collect();
        if list.is_empty() {
            format!("`{}`", runtime.language)
        } else {
            format!("`{}` ({})", runtime.language, list.join(", "))
        }
    };
    runtimes.iter().map(each).collect::<Vec<_>>().join(", ")
}

/// Other names that people have for the two languages.
fn suggestion(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "py" | "python" | "python3" | "cpython" => Some("python"),
        "js" | "javascript" | "node" | "nodejs" | "node.js" | "ecmascript" => Some("javascript"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stockade_engine::EngineConfiguration;

    fn runtimes() -> Vec<RuntimeConfiguration> {
        let mut runtimes = EngineConfiguration::default().runtimes;
        runtimes.push(RuntimeConfiguration {
            kind: RuntimeKind::Command {
                command: vec!["bash".to_owned(), "{file}".to_owned()],
                extensions: vec!["sh".to_owned(), "bash".to_owned()],
            },
            ..RuntimeConfiguration::of(Language::Custom("bash".to_owned()))
        });
        runtimes.push(RuntimeConfiguration::of(Language::Custom("awk".to_owned())));
        runtimes
    }

    fn of_file(file: &str) -> Language {
        select(&runtimes(), None, Some(Path::new(file))).unwrap()
    }

    #[test]
    fn by_extension() {
        assert_eq!(of_file("orders.py"), Language::Python);
        assert_eq!(of_file("a.b/ORDERS.PY"), Language::Python);
        assert_eq!(of_file("orders.mjs"), Language::JavaScript);
        assert_eq!(of_file("orders.sh"), Language::Custom("bash".to_owned()));
    }

    #[test]
    fn a_name_wins() {
        let selected = select(&runtimes(), Some("awk"), Some(Path::new("orders.py")));
        assert_eq!(selected, Ok(Language::Custom("awk".to_owned())));
    }

    #[test]
    fn unknown_languages_list_the_known_ones() {
        let refusals = [
            select(&runtimes(), Some("node"), None),
            select(&runtimes(), Some("Python"), None),
            select(&runtimes(), Some("perl"), None),
            select(&runtimes(), None, None),
            select(&runtimes(), None, Some(Path::new("dir/orders.rb"))),
            select(&runtimes(), None, Some(Path::new("dir.py/Makefile"))),
        ];
        let texts = refusals.map(|refusal| {
            let error = refusal.unwrap_err();
            format!("{error}\n  {}", error.hint())
        });
        insta::assert_snapshot!(texts.join("\n"));
    }
}
