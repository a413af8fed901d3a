//! Reads all settings of a runner in the order in which the official runners complain about them.

use std::path::Path;
use std::time::Duration;

use stockade_engine::{EngineConfiguration, RuntimeConfiguration};
use stockade_protocol::Language;

use super::launcher_file::{DEFAULT_PATH, LauncherFile};
use super::reader::Reader;
use super::settings_file::SettingsFile;
use super::sources::Sources;
use super::variables as variable;
use super::{Certificates, HealthBody, HealthSettings, LanguageSettings, Settings, Token};
use crate::RunnerArguments;
use crate::broker::BrokerAddress;
use crate::error::RunnerError;
use crate::identifier::new_identifier;
use crate::log::Level;

/// The longest message: what the length of a frame to a worker can say.
const MAXIMUM_PAYLOAD_LIMIT: i64 = 4_294_967_295;
const DEFAULT_MAXIMUM_PAYLOAD: i64 = 1_073_741_824;
const DEFAULT_HEALTH_PORT: i64 = 5681;
const DEFAULT_LAUNCHER_HEALTH_PORT: i64 = 5680;
const DEFAULT_FORCE_KILL_MARGIN: i64 = 10;

impl Settings {
    /// Reads and checks all settings.
    ///
    /// A launcher's `env-overrides` win over the environment, the environment over the TOML file, and that over the
    /// defaults.
    pub fn resolve(arguments: &RunnerArguments) -> Result<Self, RunnerError> {
        Self::resolve_beside(arguments, Path::new(DEFAULT_PATH))
    }

    pub(super) fn resolve_beside(arguments: &RunnerArguments, launcher_file: &Path) -> Result<Self, RunnerError> {
        let file = arguments.settings_file.as_deref().map(SettingsFile::read).transpose()?;
        let mut sources = Sources { environment: arguments.environment.clone(), file, launcher: None };
        let token = resolve_token(&Reader::new(&sources, &[]))?;
        if matches!(token, Some(Token::Auth(_))) {
            sources.launcher = find_launcher_file(&Reader::new(&sources, &[]), launcher_file)?;
        }
        let served = served_languages(&sources, &arguments.languages)?;
        let reader = Reader::new(&sources, &served);
        let health = resolve_health(&reader)?;
        let token = token.ok_or(RunnerError::MissingToken)?;
        check_unused(&reader)?;
        let maximum_payload = resolve_maximum_payload(&reader)?;
        let mut engine = engine_for(&served, &arguments.engine);
        let mut languages = engine
            .runtimes
            .iter_mut()
            .map(|runtime| LanguageSettings::resolve(&reader, runtime, maximum_payload))
            .collect::<Result<Vec<_>, _>>()?;
        for settings in &mut languages {
            settings.package_set.clone_from(&arguments.package_set);
            settings.network.allowed_hosts = engine.egress.allowed_hosts.clone().unwrap_or_default();
        }
        engine.maximum_tasks = languages.iter().map(|settings| settings.maximum_concurrency).sum::<usize>().max(1);
        let mut remarks = sources.shadowed(&served);
        remarks.extend(remarks_on_void_settings(&reader, &token)?);
        remarks.extend(
            engine
                .without_walls
                .iter()
                .map(|wall| format!("tasks run without the wall `{wall}`; `stockade doctor` says how to build it")),
        );
        Ok(Self {
            broker: BrokerAddress::resolve(reader.text(&variable::TASK_BROKER_URI, None)?.as_ref())?,
            certificates: Certificates {
                roots: reader.string(&variable::SSL_CERT_FILE, None)?.map(Into::into),
                extra: reader.string(&variable::EXTRA_CERTIFICATES, None)?.map(Into::into),
            },
            runner_id: reader
                .string(&variable::RUNNER_ID, None)?
                .filter(|id| !id.is_empty())
                .unwrap_or_else(new_identifier),
            maximum_payload,
            auto_shutdown: resolve_auto_shutdown(&reader)?.filter(|_| matches!(token, Token::Grant(_))),
            graceful_shutdown: resolve_graceful_shutdown(&reader, &served)?,
            force_kill_margin: seconds(
                reader.integer(&variable::FORCE_KILL_MARGIN, None)?.unwrap_or(DEFAULT_FORCE_KILL_MARGIN),
            ),
            health,
            log_level: reader.string(&variable::LOG_LEVEL, None)?.map_or(Level::Info, |name| Level::from_name(&name)),
            log_colours: !reader.is_set(&variable::NO_COLOR, None)?,
            token,
            languages,
            engine,
            remarks,
        })
    }
}

/// The operator's configuration of the engine, with the served languages and no others.
fn engine_for(served: &[Language], base: &EngineConfiguration) -> EngineConfiguration {
    let runtime = |language: &Language| {
        let known = base.runtimes.iter().find(|runtime| runtime.language == *language).cloned();
        known.unwrap_or_else(|| RuntimeConfiguration::of(language.clone()))
    };
    EngineConfiguration { runtimes: served.iter().map(runtime).collect(), ..base.clone() }
}

fn resolve_token(reader: &Reader<'_>) -> Result<Option<Token>, RunnerError> {
    let given = |setting| Ok::<_, RunnerError>(reader.string(setting, None)?.filter(|token| !token.is_empty()));
    if let Some(token) = given(&variable::GRANT_TOKEN)? {
        return Ok(Some(Token::Grant(token)));
    }
    Ok(given(&variable::AUTH_TOKEN)?.map(Token::Auth))
}

fn find_launcher_file(reader: &Reader<'_>, default: &Path) -> Result<Option<LauncherFile>, RunnerError> {
    match reader.string(&variable::CONFIGURATION_PATH, None)? {
        Some(path) if !path.is_empty() => LauncherFile::read(Path::new(&path)).map(Some),
        _ if default.exists() => LauncherFile::read(default).map(Some),
        _ => Ok(None),
    }
}

/// The types named on the command line, else those of the launcher's file, else both; without those switched off.
fn served_languages(sources: &Sources, named: &[Language]) -> Result<Vec<Language>, RunnerError> {
    let candidates = match (&sources.launcher, named) {
        (Some(launcher), []) => launcher.languages(),
        (None, []) => vec![Language::JavaScript, Language::Python],
        (_, named) => named.to_vec(),
    };
    let reader = Reader::new(sources, &candidates);
    if reader.boolean(&variable::RUNNERS_ENABLED, None)? == Some(false) {
        return Err(RunnerError::SwitchedOff(variable::RUNNERS_ENABLED.name));
    }
    let mut served = Vec::new();
    let mut switched_off = None;
    for language in candidates {
        let switch = match &language {
            Language::Python => &variable::PYTHON_ENABLED,
            Language::JavaScript => &variable::JAVASCRIPT_ENABLED,
            Language::Custom(name) => return Err(RunnerError::TaskType(name.clone())),
        };
        if let Some(launcher) = &sources.launcher
            && launcher.overrides(&language).is_none()
        {
            let (path, language) = (launcher.path.clone(), language.name().to_owned());
            return Err(RunnerError::MissingInLauncherFile { path, language });
        }
        if reader.boolean(switch, Some(&language))? == Some(false) {
            switched_off = Some(switch.name);
        } else if !served.contains(&language) {
            served.push(language);
        }
    }
    match switched_off {
        Some(name) if served.is_empty() => Err(RunnerError::SwitchedOff(name)),
        _ => Ok(served),
    }
}

fn resolve_health(reader: &Reader<'_>) -> Result<Vec<HealthSettings>, RunnerError> {
    let mut servers = Vec::new();
    let port = health_port(reader.integer(&variable::HEALTH_PORT, None)?.unwrap_or(DEFAULT_HEALTH_PORT))?;
    if reader.boolean(&variable::HEALTH_ENABLED, None)?.unwrap_or(false) {
        let host = reader.string(&variable::HEALTH_HOST, None)?.filter(|host| !host.is_empty());
        let host = host.unwrap_or_else(|| variable::HEALTH_HOST.default.to_owned());
        servers.push(HealthSettings { host, port, body: HealthBody::Text });
    }
    let launcher_port = reader.integer(&variable::LAUNCHER_HEALTH_PORT, None)?;
    if launcher_port.is_some() || reader.has_launcher_file() {
        let port = health_port(launcher_port.unwrap_or(DEFAULT_LAUNCHER_HEALTH_PORT))?;
        servers.push(HealthSettings { host: "0.0.0.0".to_owned(), port, body: HealthBody::Json });
    }
    Ok(servers)
}

fn health_port(number: i64) -> Result<u16, RunnerError> {
    u16::try_from(number).map_err(|_| RunnerError::HealthPort(number))
}

fn resolve_maximum_payload(reader: &Reader<'_>) -> Result<usize, RunnerError> {
    let number = reader.integer(&variable::MAXIMUM_PAYLOAD, None)?.unwrap_or(DEFAULT_MAXIMUM_PAYLOAD);
    if number > MAXIMUM_PAYLOAD_LIMIT {
        return Err(RunnerError::MaximumPayload(number));
    }
    Ok(usize::try_from(number).unwrap_or(0))
}

fn resolve_auto_shutdown(reader: &Reader<'_>) -> Result<Option<Duration>, RunnerError> {
    match reader.integer(&variable::AUTO_SHUTDOWN_TIMEOUT, None)?.unwrap_or(0) {
        number if number < 0 => Err(RunnerError::AutoShutdownTimeout(number)),
        0 => Ok(None),
        number => Ok(Some(seconds(number))),
    }
}

/// The Python runner gives running tasks 10 seconds, the JavaScript runner 30.
fn resolve_graceful_shutdown(reader: &Reader<'_>, served: &[Language]) -> Result<Duration, RunnerError> {
    let default = if *served == [Language::Python] { 10 } else { 30 };
    let number = reader.integer(&variable::GRACEFUL_SHUTDOWN_TIMEOUT, None)?.unwrap_or(default);
    if number > 0 { Ok(seconds(number)) } else { Err(RunnerError::GracefulShutdownTimeout(number)) }
}

fn seconds(number: i64) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or(0))
}

/// Settings that nothing reads are refused where the official runner refuses them: a wrong value of one is usually
/// a right value of another on the wrong line.
fn check_unused(reader: &Reader<'_>) -> Result<(), RunnerError> {
    reader.float(&variable::SENTRY_TRACES)?;
    reader.float(&variable::SENTRY_PROFILES)?;
    Ok(())
}

fn remarks_on_void_settings(reader: &Reader<'_>, token: &Token) -> Result<Vec<String>, RunnerError> {
    let mut remarks = Vec::new();
    if matches!(token, Token::Auth(_)) && resolve_auto_shutdown(reader)?.is_some() {
        remarks.push(format!(
            "{} has no effect with {}: nobody would start the runner again",
            variable::AUTO_SHUTDOWN_TIMEOUT.name,
            variable::AUTH_TOKEN.name
        ));
    }
    for setting in [&variable::ALLOW_NETWORK, &variable::ALLOW_FILESYSTEM] {
        if reader.boolean(setting, None)? == Some(true) {
            let reason = setting.description.trim_start_matches("Without effect: ").trim_end_matches('.');
            remarks.push(format!("{} has no effect: {reason}", setting.name));
        }
    }
    if reader.string(&variable::SENTRY_DSN, None)?.is_some_and(|value| !value.is_empty()) {
        remarks.push(format!("{} has no effect: Stockade sends nothing to Sentry", variable::SENTRY_DSN.name));
    }
    Ok(remarks)
}
