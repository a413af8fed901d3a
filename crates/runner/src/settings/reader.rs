//! Reads settings as what they should be.

use std::collections::BTreeMap;

use stockade_protocol::Language;

use super::sources::Sources;
use super::value::{Origin, Text};
use super::variables::Variable;
use crate::error::RunnerError;

/// Reads settings for the task types that are served.
pub(crate) struct Reader<'a> {
    sources: &'a Sources,
    /// The official JavaScript runner takes an empty number for its default, the Python runner for an error. Where
    /// Python is not served the former holds.
    empty_is_default: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(sources: &'a Sources, served: &[Language]) -> Self {
        Self { sources, empty_is_default: !served.contains(&Language::Python) }
    }

    pub(crate) fn environment(&self) -> &BTreeMap<String, String> {
        &self.sources.environment
    }

    pub(crate) fn has_launcher_file(&self) -> bool {
        self.sources.launcher.is_some()
    }

    pub(crate) fn is_set(&self, variable: &'static Variable, language: Option<&Language>) -> Result<bool, RunnerError> {
        Ok(self.text(variable, language)?.is_some())
    }

    pub(crate) fn string(
        &self,
        variable: &'static Variable,
        language: Option<&Language>,
    ) -> Result<Option<String>, RunnerError> {
        Ok(self.text(variable, language)?.map(|text| text.unquoted()))
    }

    pub(crate) fn list(
        &self,
        variable: &'static Variable,
        language: Option<&Language>,
    ) -> Result<Option<Vec<String>>, RunnerError> {
        Ok(self.text(variable, language)?.map(|text| text.list()))
    }

    pub(crate) fn boolean(
        &self,
        variable: &'static Variable,
        language: Option<&Language>,
    ) -> Result<Option<bool>, RunnerError> {
        self.text(variable, language)?.map(|text| text.boolean()).transpose()
    }

    pub(crate) fn float(&self, variable: &'static Variable) -> Result<Option<f64>, RunnerError> {
        self.number(variable, None)?.map(|text| text.float()).transpose()
    }

    pub(crate) fn integer(
        &self,
        variable: &'static Variable,
        language: Option<&Language>,
    ) -> Result<Option<i64>, RunnerError> {
        Ok(self.integer_with_origin(variable, language)?.map(|(number, _)| number))
    }

    pub(crate) fn integer_with_origin(
        &self,
        variable: &'static Variable,
        language: Option<&Language>,
    ) -> Result<Option<(i64, Origin)>, RunnerError> {
        let Some(text) = self.number(variable, language)? else { return Ok(None) };
        Ok(Some((text.integer()?, text.origin)))
    }

    fn number(&self, variable: &'static Variable, language: Option<&Language>) -> Result<Option<Text>, RunnerError> {
        let text = self.text(variable, language)?;
        Ok(text.filter(|text| !(self.empty_is_default && text.value.trim().is_empty())))
    }

    pub(crate) fn text(
        &self,
        variable: &'static Variable,
        language: Option<&Language>,
    ) -> Result<Option<Text>, RunnerError> {
        match language {
            Some(language) => self.sources.of_type(variable, language),
            None => self.sources.process(variable),
        }
    }
}
