//! The same settings from a TOML file: the table `[runner]` with `[runner.python]` and `[runner.javascript]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stockade_protocol::Language;
use toml::Value;

use super::value::{Origin, Text};
use super::variables::{Scope, VARIABLES, Variable};
use crate::error::RunnerError;

const TABLE: &str = "runner";

/// The keys of a TOML file, checked to mean something. Other tables of the file belong to other commands.
#[derive(Debug)]
pub(crate) struct SettingsFile {
    path: PathBuf,
    values: BTreeMap<String, String>,
}

impl SettingsFile {
    pub(crate) fn read(path: &Path) -> Result<Self, RunnerError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| RunnerError::ReadSettingsFile { path: path.to_owned(), source })?;
        let document: toml::Table = toml::from_str(&text)
            .map_err(|source| RunnerError::ParseSettingsFile { path: path.to_owned(), source: Box::new(source) })?;
        let mut file = Self { path: path.to_owned(), values: BTreeMap::new() };
        if let Some(table) = document.get(TABLE) {
            file.collect(TABLE, table)?;
        }
        Ok(file)
    }

    fn collect(&mut self, table: &str, value: &Value) -> Result<(), RunnerError> {
        let Value::Table(entries) = value else {
            return Err(RunnerError::ValueType { path: self.path.clone(), key: table.to_owned() });
        };
        for (name, value) in entries {
            let key = format!("{table}.{name}");
            if table == TABLE && type_tables().any(|language| language.name() == name) {
                self.collect(&key, value)?;
            } else if !is_known(table, name) {
                let known = known_keys(table).join(", ");
                return Err(RunnerError::UnknownKey { path: self.path.clone(), key, known });
            } else if let Some(text) = text_of(value) {
                self.values.insert(key, text);
            } else {
                return Err(RunnerError::ValueType { path: self.path.clone(), key });
            }
        }
        Ok(())
    }

    /// The value of a setting, the more particular table first; the flag says that it is a file with the value.
    pub(crate) fn text(&self, variable: &Variable, language: Option<&Language>) -> Option<(Text, bool)> {
        tables_of(variable.scope, language).into_iter().find_map(|table| {
            let key = format!("{table}.{}", variable.key);
            let file_key = format!("{key}_file");
            [(key, false), (file_key, true)].into_iter().find_map(|(key, is_file)| {
                let value = self.values.get(&key)?.clone();
                let origin = Origin::SettingsFile { key, path: self.path.clone() };
                Some((Text { value, origin }, is_file))
            })
        })
    }
}

fn type_tables() -> impl Iterator<Item = Language> {
    [Language::Python, Language::JavaScript].into_iter()
}

fn table_of(language: &Language) -> String {
    format!("{TABLE}.{language}")
}

fn tables_of(scope: Scope, language: Option<&Language>) -> Vec<String> {
    match scope {
        Scope::Process => vec![TABLE.to_owned()],
        Scope::EachType => language.map(table_of).into_iter().chain([TABLE.to_owned()]).collect(),
        Scope::Python => vec![table_of(&Language::Python)],
        Scope::JavaScript => vec![table_of(&Language::JavaScript)],
    }
}

fn known_keys(table: &str) -> Vec<&'static str> {
    let belongs = |variable: &&Variable| match variable.scope {
        Scope::Process => table == TABLE,
        Scope::EachType => true,
        Scope::Python => table == table_of(&Language::Python),
        Scope::JavaScript => table == table_of(&Language::JavaScript),
    };
    VARIABLES.iter().filter(belongs).map(|variable| variable.key).collect()
}

fn is_known(table: &str, name: &str) -> bool {
    let without_file = name.strip_suffix("_file");
    known_keys(table).into_iter().any(|key| key == name || Some(key) == without_file)
}

/// A value as an environment variable would have it.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Array(entries) => {
            entries.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|entries| entries.join(","))
        }
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::variables::{AUTH_TOKEN, MAXIMUM_CONCURRENCY, STDLIB_ALLOW};
    use super::*;

    fn read(text: &str) -> Result<SettingsFile, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        SettingsFile::read(file.path())
            .map_err(|error| error.to_string().replace(&file.path().display().to_string(), "FILE"))
    }

    #[test]
    fn the_table_of_a_type_wins_over_the_common_one() {
        let file = read(
            "[serve]\nanything = 1\n[runner]\nauth_token_file = \"/run/secrets/token\"\nmax_concurrency = 7\n\
             [runner.python]\nmax_concurrency = 3\nstdlib_allow = [\"json\", \"math\"]\n",
        )
        .unwrap();
        let value = |variable, language: Option<Language>| {
            file.text(variable, language.as_ref()).map(|(text, is_file)| (text.value, is_file))
        };
        assert_eq!(value(&MAXIMUM_CONCURRENCY, Some(Language::Python)), Some(("3".into(), false)));
        assert_eq!(value(&MAXIMUM_CONCURRENCY, Some(Language::JavaScript)), Some(("7".into(), false)));
        assert_eq!(value(&STDLIB_ALLOW, Some(Language::Python)), Some(("json,math".into(), false)));
        assert_eq!(value(&AUTH_TOKEN, None), Some(("/run/secrets/token".into(), true)));
        assert_eq!(
            file.text(&MAXIMUM_CONCURRENCY, Some(&Language::Python)).unwrap().0.origin.to_string(),
            format!("`runner.python.max_concurrency` in {}", file.path.display())
        );
    }

    #[test]
    fn keys_that_mean_nothing_are_errors() {
        let error = read("[runner.javascript]\nstdlib_allow = \"json\"\n").unwrap_err();
        assert!(
            error.starts_with(
                "settings file `FILE` has the unknown key `runner.javascript.stdlib_allow`; keys there are max_con"
            ),
            "{error}"
        );
        assert_eq!(
            read("[runner]\nid = 1979-05-27\n").unwrap_err(),
            "`runner.id` in settings file `FILE` must be a text, a number, true, false or a list of texts"
        );
        assert_eq!(
            read("runner = 3").unwrap_err(),
            "`runner` in settings file `FILE` must be a text, a number, true, false or a list of texts"
        );
        assert!(read("[runner").unwrap_err().starts_with("failed to parse settings file `FILE`: "));
    }
}
