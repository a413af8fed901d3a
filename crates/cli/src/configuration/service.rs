//! From the sections of the service to what it is started with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use stockade_engine::EngineConfiguration;
use stockade_protocol::Language;
use stockade_server::{
    AuditConfiguration, LanguageSettings, NautilusConfiguration, Retention, ServerConfiguration, TelemetryConfiguration,
};

use super::file::{ConfigurationFile, NautilusSection};
use crate::limits::LimitOptions;

/// The file of the keys when no other is named.
pub(crate) const DEFAULT_KEYS: &str = "stockade-keys.toml";

/// What is known of the service so far; each layer adds to it.
#[derive(Debug, Default)]
pub(super) struct ServiceSettings {
    server: ServerConfiguration,
    ceilings: LimitOptions,
    audit_log: Option<PathBuf>,
    audit_code: bool,
    nautilus: NautilusSection,
    disabled: BTreeSet<Language>,
    allow: BTreeMap<Language, Vec<String>>,
}

impl ServiceSettings {
    /// Takes what a layer says; relative paths start at `folder`.
    pub(super) fn apply(&mut self, file: &ConfigurationFile, folder: &Path) {
        let section = &file.server;
        let server = &mut self.server;
        set(&mut server.listen, section.listen);
        set(&mut server.maximum_body_bytes, section.maximum_body.map(|size| size.0));
        set(&mut server.maximum_bodies_bytes, section.maximum_bodies.map(|size| size.0));
        set(&mut server.maximum_answers_bytes, section.maximum_answers.map(|size| size.0));
        set(&mut server.maximum_connections, section.maximum_connections);
        set(&mut server.read_timeout, section.read_timeout.map(|time| time.0));
        set(&mut server.write_timeout, section.write_timeout.map(|time| time.0));
        set(&mut server.stop_deadline, section.stop_deadline.map(|time| time.0));
        let Retention { time, bytes, tasks } = &mut server.retention;
        set(time, section.retention.time.map(|time| time.0));
        set(bytes, section.retention.size.map(|size| size.0));
        set(tasks, section.retention.tasks);
        let path = |given: &Option<PathBuf>| given.as_ref().map(|path| folder.join(path));
        set_some(&mut server.keys, path(&section.keys));
        self.ceilings = section.ceilings.over(self.ceilings);
        set_some(&mut self.audit_log, path(&section.audit_log));
        set(&mut self.audit_code, section.audit_code);

        if let Some(endpoint) = &file.telemetry.endpoint {
            server.telemetry = Some(TelemetryConfiguration { endpoint: endpoint.clone() });
        }

        let given = &file.nautilus;
        let nautilus = &mut self.nautilus;
        set_some(&mut nautilus.tasks_dir, path(&given.tasks_dir));
        set_some(&mut nautilus.listen, given.listen);
        set_some(&mut nautilus.maximum_timeout, given.maximum_timeout);
        set_some(&mut nautilus.signing_key, path(&given.signing_key));
        set_some(&mut nautilus.allowed_endpoints, path(&given.allowed_endpoints));

        for (name, runtime) in &file.runtimes {
            let language = Language::from(name.get_ref().clone());
            match runtime.enabled {
                Some(true) => drop(self.disabled.remove(&language)),
                Some(false) => drop(self.disabled.insert(language.clone())),
                None => {}
            }
            if let Some(allow) = &runtime.allow {
                self.allow.insert(language, allow.clone());
            }
        }
    }

    /// What the service is started with, beside `engine`, from which disabled languages are taken.
    pub(super) fn finish(mut self, engine: &mut EngineConfiguration) -> ServerConfiguration {
        engine.runtimes.retain(|runtime| !self.disabled.contains(&runtime.language));
        let nautilus = self.nautilus.tasks_dir.map(|tasks| {
            let defaults = NautilusConfiguration::new(tasks);
            NautilusConfiguration {
                listen: self.nautilus.listen,
                maximum_timeout: self.nautilus.maximum_timeout.map_or(defaults.maximum_timeout, |time| time.0),
                signing_key: self.nautilus.signing_key,
                allowed_endpoints: self.nautilus.allowed_endpoints.unwrap_or(defaults.allowed_endpoints),
                ..defaults
            }
        });
        engine.task_directory = nautilus.as_ref().map(|nautilus| nautilus.tasks.clone());
        let languages = engine.runtimes.iter().map(|runtime| {
            let settings = LanguageSettings {
                limits: runtime.limits,
                ceilings: self.ceilings.apply(runtime.limits),
                allow: self.allow.remove(&runtime.language),
            };
            (runtime.language.clone(), settings)
        });
        ServerConfiguration {
            languages: languages.collect(),
            // Who names a file wants nobody without a key, also when it has none or is not there yet.
            requires_key: self.server.keys.is_some(),
            keys: Some(self.server.keys.unwrap_or_else(|| DEFAULT_KEYS.into())),
            nautilus,
            audit: self.audit_log.map(|path| AuditConfiguration { path, with_code: self.audit_code }),
            ..self.server
        }
    }
}

fn set<T>(value: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *value = given;
    }
}

fn set_some<T>(value: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *value = given;
    }
}
