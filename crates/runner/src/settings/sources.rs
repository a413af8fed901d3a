//! Where settings come from, and which place wins.

use std::collections::BTreeMap;
use std::path::PathBuf;

use stockade_protocol::Language;

use super::launcher_file::LauncherFile;
use super::settings_file::SettingsFile;
use super::value::{Origin, Text};
use super::variables::{Scope, VARIABLES, Variable};
use crate::error::RunnerError;

/// The places of settings. A launcher's file wins over the environment, as it does for n8n's runners; the environment
/// wins over the TOML file.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) file: Option<SettingsFile>,
    pub(crate) launcher: Option<LauncherFile>,
}

impl Sources {
    /// The value of a setting of the whole process.
    pub(crate) fn process(&self, variable: &'static Variable) -> Result<Option<Text>, RunnerError> {
        self.lookup(variable, None)
    }

    /// The value of a setting for one task type.
    pub(crate) fn of_type(
        &self,
        variable: &'static Variable,
        language: &Language,
    ) -> Result<Option<Text>, RunnerError> {
        self.lookup(variable, Some(language))
    }

    fn lookup(&self, variable: &'static Variable, language: Option<&Language>) -> Result<Option<Text>, RunnerError> {
        for (values, origin) in self.overrides(variable, language) {
            if let Some(text) = from_variables(variable, values, origin)? {
                return Ok(Some(text));
            }
        }
        if let Some(text) = from_variables(variable, &self.environment, Origin::Environment(variable.name))? {
            return Ok(Some(text));
        }
        match self.file.as_ref().and_then(|file| file.text(variable, language)) {
            Some((text, true)) => read_value(variable, text.value, text.origin).map(Some),
            Some((text, false)) => Ok(Some(text)),
            None => Ok(None),
        }
    }

    /// The overrides that count for a setting: those of its type, or of every type for a setting of the process.
    fn overrides<'a>(
        &'a self,
        variable: &'static Variable,
        language: Option<&Language>,
    ) -> Vec<(&'a BTreeMap<String, String>, Origin)> {
        let Some(launcher) = &self.launcher else { return Vec::new() };
        let languages = language.map_or_else(|| launcher.languages(), |language| vec![language.clone()]);
        languages
            .into_iter()
            .filter_map(|language| {
                let values = launcher.overrides(&language)?;
                let path = launcher.path.clone();
                Some((values, Origin::Override { name: variable.name, language: language.name().to_owned(), path }))
            })
            .collect()
    }

    /// One line for each variable of the environment that a launcher's file makes void. n8n's users lose hours to
    /// allow-lists that they set in a container's environment and that `env-overrides` replace.
    pub(crate) fn shadowed(&self, served: &[Language]) -> Vec<String> {
        let Some(launcher) = &self.launcher else { return Vec::new() };
        let mut lines = Vec::new();
        for language in served {
            let Some(overrides) = launcher.overrides(language) else { continue };
            for variable in VARIABLES.iter().filter(|variable| concerns(variable.scope, language)) {
                let (Some(own), Some(theirs)) = (self.environment.get(variable.name), overrides.get(variable.name))
                else {
                    continue;
                };
                // A token has no place in a log.
                if own != theirs && !variable.name.contains("TOKEN") {
                    lines.push(format!(
                        "{} is '{own}' in the environment, but env-overrides of `{language}` in {} set it to \
                         '{theirs}', which wins: change it there",
                        variable.name,
                        launcher.path.display(),
                    ));
                }
            }
        }
        lines
    }
}

fn concerns(scope: Scope, language: &Language) -> bool {
    match scope {
        Scope::Process | Scope::EachType => true,
        Scope::Python => *language == Language::Python,
        Scope::JavaScript => *language == Language::JavaScript,
    }
}

fn from_variables(
    variable: &'static Variable,
    values: &BTreeMap<String, String>,
    origin: Origin,
) -> Result<Option<Text>, RunnerError> {
    if let Some(value) = values.get(variable.name) {
        return Ok(Some(Text { value: value.clone(), origin }));
    }
    match values.get(&format!("{}_FILE", variable.name)) {
        Some(path) => read_value(variable, path.clone(), origin).map(Some),
        None => Ok(None),
    }
}

fn read_value(variable: &'static Variable, path: String, origin: Origin) -> Result<Text, RunnerError> {
    match std::fs::read_to_string(PathBuf::from(&path)) {
        Ok(value) => Ok(Text { value: value.trim().to_owned(), origin }),
        Err(source) => Err(RunnerError::ReadValue { name: variable.name, path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::variables::{GRANT_TOKEN, MAXIMUM_CONCURRENCY, STDLIB_ALLOW};
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Sources {
        let environment = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Sources { environment, file: None, launcher: None }
    }

    #[test]
    fn a_file_with_the_value_is_read_and_stripped_and_the_plain_name_wins() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "  token \n").unwrap();
        let path = file.path().to_str().unwrap();
        let sources = environment(&[("N8N_RUNNERS_GRANT_TOKEN_FILE", path)]);
        assert_eq!(sources.process(&GRANT_TOKEN).unwrap().unwrap().value, "token");
        let sources = environment(&[("N8N_RUNNERS_GRANT_TOKEN_FILE", path), ("N8N_RUNNERS_GRANT_TOKEN", "plain")]);
        assert_eq!(sources.process(&GRANT_TOKEN).unwrap().unwrap().value, "plain");
    }

    #[test]
    fn a_file_that_is_missing_is_named_in_the_words_of_the_official_runner() {
        let sources = environment(&[("N8N_RUNNERS_GRANT_TOKEN_FILE", "/nonexistent/file")]);
        assert_eq!(
            sources.process(&GRANT_TOKEN).unwrap_err().to_string(),
            "Failed to read N8N_RUNNERS_GRANT_TOKEN_FILE from file /nonexistent/file: \
             [Errno 2] No such file or directory: '/nonexistent/file'"
        );
    }

    #[test]
    fn overrides_of_a_launcher_win_over_the_environment_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let launcher = folder.path().join("launcher.json");
        std::fs::write(
            &launcher,
            r#"{"task-runners":[{"runner-type":"python","env-overrides":{"N8N_RUNNERS_STDLIB_ALLOW":""}}]}"#,
        )
        .unwrap();
        let toml = folder.path().join("stockade.toml");
        std::fs::write(&toml, "[runner]\nmax_concurrency = 2\n[runner.python]\nstdlib_allow = \"os\"\n").unwrap();
        let mut sources = environment(&[("N8N_RUNNERS_STDLIB_ALLOW", "json")]);
        sources.file = Some(SettingsFile::read(&toml).unwrap());
        let python = Language::Python;
        assert_eq!(sources.of_type(&STDLIB_ALLOW, &python).unwrap().unwrap().value, "json");
        assert_eq!(sources.of_type(&MAXIMUM_CONCURRENCY, &python).unwrap().unwrap().value, "2");

        sources.launcher = Some(LauncherFile::read(&launcher).unwrap());
        assert_eq!(sources.of_type(&STDLIB_ALLOW, &python).unwrap().unwrap().value, "");
        assert_eq!(
            sources.shadowed(&[Language::JavaScript, python]),
            [format!(
                "N8N_RUNNERS_STDLIB_ALLOW is 'json' in the environment, but env-overrides of `python` in {} set it to \
                 '', which wins: change it there",
                launcher.display()
            )]
        );
    }
}
