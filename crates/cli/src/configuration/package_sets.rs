//! From the sections of package sets to what an engine starts for each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stockade_engine::{EngineConfiguration, RuntimeConfiguration, RuntimeKind};
use stockade_protocol::Language;
use stockade_protocol::task::DEFAULT_PACKAGE_SET;
use toml::Spanned;

use super::build::{Located, packages_folder};
use super::error::Problem;
use super::file::{PackageSetSection, SetLanguageSection};
use crate::packages::is_set_name;

/// Workers that wait in a set that has been started, unless configured otherwise: most of its tasks find it running.
const WAITING_WORKERS: usize = 1;

/// What is known of the package sets so far; each layer adds to it.
#[derive(Debug, Default)]
pub(super) struct PackageSetSettings(BTreeMap<String, BTreeMap<Language, SetSettings>>);

/// One language of one set.
#[derive(Debug, Default)]
struct SetSettings {
    packages: Option<PathBuf>,
    preload: Option<Vec<String>>,
    waiting_workers: Option<usize>,
}

impl PackageSetSettings {
    /// Takes what a layer says; relative paths start at `folder`.
    pub(super) fn apply(
        &mut self,
        sections: &BTreeMap<Spanned<String>, PackageSetSection>,
        folder: &Path,
    ) -> Result<(), Located> {
        for (name, section) in sections {
            let of_set = name.get_ref().clone();
            if of_set == DEFAULT_PACKAGE_SET {
                return Err((name.span(), Problem::DefaultSet));
            }
            if !is_set_name(&of_set) {
                return Err((name.span(), Problem::SetName { name: of_set }));
            }
            let set = self.0.entry(of_set).or_default();
            for (language, section) in
                [(Language::Python, &section.python), (Language::JavaScript, &section.javascript)]
            {
                set.entry(language).or_default().apply(section, folder)?;
            }
        }
        Ok(())
    }

    /// Gives the engine each set for each language that has a zygote.
    pub(super) fn finish(self, engine: &mut EngineConfiguration) {
        let runtimes = &engine.runtimes;
        let sets = self.0.into_iter().map(|(name, mut set)| {
            let zygotes = runtimes.iter().filter(|runtime| matches!(runtime.kind, RuntimeKind::Zygote { .. }));
            let of_set = zygotes.map(|runtime| {
                let settings = set.remove(&runtime.language).unwrap_or_default();
                RuntimeConfiguration {
                    packages: settings.packages,
                    preload_packages: settings.preload.is_none().then(Vec::new),
                    preload: settings.preload.unwrap_or_default(),
                    waiting_workers: settings.waiting_workers.unwrap_or(WAITING_WORKERS),
                    ..runtime.clone()
                }
            });
            (name, of_set.collect())
        });
        engine.package_sets = sets.collect();
    }
}

impl SetSettings {
    fn apply(&mut self, section: &SetLanguageSection, folder: &Path) -> Result<(), Located> {
        if let Some(path) = &section.packages {
            self.packages = Some(packages_folder(path, folder)?);
        }
        if section.preload.is_some() {
            self.preload.clone_from(&section.preload);
        }
        self.waiting_workers = section.waiting_workers.or(self.waiting_workers);
        Ok(())
    }
}
