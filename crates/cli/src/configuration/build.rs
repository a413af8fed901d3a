//! From the sections of the file to what an engine is started with.

use std::ops::Range;
use std::path::{Path, PathBuf};

use stockade_engine::{EgressConfiguration, EngineConfiguration, RuntimeConfiguration, RuntimeKind};
use stockade_protocol::Language;
use toml::Spanned;

use super::error::Problem;
use super::file::{ConfigurationFile, NetworkSection, RuntimeSection};
use crate::languages;

/// A problem and where it stands.
pub(super) type Located = (Range<usize>, Problem);

/// Adds what a layer says; relative paths start at `folder`.
pub(super) fn build(
    file: ConfigurationFile,
    folder: &Path,
    configuration: &mut EngineConfiguration,
) -> Result<(), Located> {
    configuration.maximum_tasks = file.maximum_tasks.unwrap_or(configuration.maximum_tasks);
    configuration.maximum_queue = file.maximum_queue.unwrap_or(configuration.maximum_queue);
    configuration.maximum_package_sets = file.maximum_package_sets.unwrap_or(configuration.maximum_package_sets);
    configuration.package_set_memory_bytes = file.package_set_memory.unwrap_or(configuration.package_set_memory_bytes);
    if let Some(walls) = file.without_walls {
        configuration.without_walls = walls.iter().map(|name| name.0).collect();
    }
    egress(file.network, &mut configuration.egress);
    for (name, section) in file.runtimes {
        let language = Language::from(name.get_ref().clone());
        if matches!(language, Language::Custom(_)) {
            let runtime = custom(&name, section, &configuration.runtimes)?;
            configuration.runtimes.push(runtime);
        } else if let Some(runtime) = configuration.runtimes.iter_mut().find(|runtime| runtime.language == language) {
            zygote(runtime, section, folder)?;
        }
    }
    Ok(())
}

fn egress(section: NetworkSection, configuration: &mut EgressConfiguration) {
    if let Some(hosts) = section.allowed_hosts {
        configuration.allowed_hosts = Some(hosts);
    }
    if let Some(networks) = section.allowed_networks {
        configuration.allowed_networks = networks;
    }
    let connections = section.maximum_connections.and_then(|count| u64::try_from(count).ok());
    configuration.maximum_connections = connections.unwrap_or(configuration.maximum_connections);
    configuration.maximum_bytes = section.maximum_bytes.unwrap_or(configuration.maximum_bytes);
    configuration.connect_timeout = section.connect_timeout.map_or(configuration.connect_timeout, |time| time.0);
}

fn zygote(runtime: &mut RuntimeConfiguration, section: RuntimeSection, folder: &Path) -> Result<(), Located> {
    let foreign = [("command", section.command.as_ref()), ("extensions", section.extensions.as_ref())];
    if let Some((key, Some(value))) = foreign.into_iter().find(|(_, value)| value.is_some()) {
        return Err((value.span(), Problem::OnlyForCustom { key, language: runtime.language.to_string() }));
    }
    if let Some(path) = section.interpreter {
        let path = path.into_inner();
        // A bare name is looked up in `PATH`.
        let interpreter = if path.components().count() > 1 { folder.join(path) } else { path };
        runtime.kind = RuntimeKind::Zygote { interpreter };
    }
    if let Some(path) = section.packages {
        runtime.packages = Some(packages_folder(&path, folder)?);
    }
    if let Some(arguments) = section.interpreter_arguments {
        runtime.interpreter_arguments = arguments.into_inner();
    }
    if let Some(preload) = section.preload {
        runtime.preload = preload.into_inner();
        runtime.preload_packages = None;
    }
    runtime.waiting_workers = section.waiting_workers.unwrap_or(runtime.waiting_workers);
    runtime.limits = section.limits.apply(runtime.limits);
    runtime.environment.extend(section.environment);
    Ok(())
}

/// A folder that is there.
pub(super) fn packages_folder(path: &Spanned<PathBuf>, folder: &Path) -> Result<PathBuf, Located> {
    let packages = folder.join(path.get_ref());
    if packages.is_dir() { Ok(packages) } else { Err((path.span(), Problem::NoPackages { path: packages })) }
}

fn custom(
    name: &Spanned<String>,
    section: RuntimeSection,
    others: &[RuntimeConfiguration],
) -> Result<RuntimeConfiguration, Located> {
    let allowed = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '-' | '_');
    if name.get_ref().is_empty() || !name.get_ref().chars().all(allowed) {
        return Err((name.span(), Problem::Name { name: name.get_ref().clone() }));
    }
    let foreign = [
        ("interpreter", section.interpreter.as_ref().map(Spanned::span)),
        ("interpreter_arguments", section.interpreter_arguments.as_ref().map(Spanned::span)),
        ("packages", section.packages.as_ref().map(Spanned::span)),
        ("preload", section.preload.as_ref().map(Spanned::span)),
        ("allow", section.allow.as_ref().map(|_| name.span())),
    ];
    if let Some((key, Some(span))) = foreign.into_iter().find(|(_, span)| span.is_some()) {
        return Err((span, Problem::NotForCustom { key }));
    }
    let no_command = |span| (span, Problem::NoCommand { name: name.get_ref().clone() });
    let command = section.command.ok_or_else(|| no_command(name.span()))?;
    match command.get_ref().split_first() {
        Some((program, arguments)) if !program.is_empty() => {
            if !arguments.iter().any(|argument| argument.contains("{file}")) {
                return Err((command.span(), Problem::NoFile));
            }
        }
        _ => return Err(no_command(command.span())),
    }
    let extensions = section.extensions.map(|list| extensions(&list, others)).transpose()?.unwrap_or_default();
    let defaults = RuntimeConfiguration::of(Language::Custom(name.get_ref().clone()));
    Ok(RuntimeConfiguration {
        kind: RuntimeKind::Command { command: command.into_inner(), extensions },
        waiting_workers: section.waiting_workers.unwrap_or(defaults.waiting_workers),
        limits: section.limits.apply(defaults.limits),
        environment: section.environment,
        ..defaults
    })
}

/// With or without the dot, in the case that people write them.
fn extensions(list: &Spanned<Vec<String>>, others: &[RuntimeConfiguration]) -> Result<Vec<String>, Located> {
    list.get_ref()
        .iter()
        .map(|given| {
            let extension = given.strip_prefix('.').unwrap_or(given).to_ascii_lowercase();
            if extension.is_empty() || extension.contains(['.', '/']) {
                return Err((list.span(), Problem::Extension { extension: given.clone() }));
            }
            match languages::of_extension(others, &extension) {
                Some(language) => {
                    Err((list.span(), Problem::ExtensionTaken { extension, language: language.to_string() }))
                }
                None => Ok(extension),
            }
        })
        .collect()
}
