//! The settings of one task type, and what they mean for the engine and its harness.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use stockade_engine::RuntimeConfiguration;
use stockade_packages::advice::{Advice, Modules};
use stockade_protocol::task::MEBIBYTE;
use stockade_protocol::{ErrorCode, Language, Limits, Network, TaskError};

use super::reader::Reader;
use super::variables::{self as variable, Variable};
use crate::error::RunnerError;

/// The kind of task that a harness has to get ready for.
const HARNESS_MODE: &str = "n8n";

/// What a task prints and returns has to fit into a message to n8n together with this. n8n closes the connection on a
/// longer message, and fails all other tasks of the runner with it.
const ENVELOPE: usize = 1024;

/// Allows everything.
const WILDCARD: &str = "*";

/// The official runners have no limit of memory for a task; this one leaves room for the largest that n8n sends.
const DEFAULT_MEMORY: u64 = 2048 * MEBIBYTE;
/// What a process needs beside its heap: buffers, code, stacks.
const BESIDE_HEAP: u64 = 512 * MEBIBYTE;
const DEFAULT_PYTHON_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_JAVASCRIPT_TIMEOUT: Duration = Duration::from_secs(300);
/// What the launcher gives every runner unless told otherwise.
const DEFAULT_LAUNCHER_TIMEOUT: Duration = Duration::from_secs(60);

/// The settings of one task type.
#[derive(Debug, Clone)]
pub(crate) struct LanguageSettings {
    pub(crate) language: Language,
    /// The name of the package set that the code has; `None`: the packages without a named set.
    pub(crate) package_set: Option<String>,
    /// Slots: tasks that run at the same time.
    pub(crate) maximum_concurrency: usize,
    /// Where a task is stopped.
    pub(crate) limits: Limits,
    /// The language rules in the form that the harness reads.
    pub(crate) rules: Rules,
    /// Environment variables that the code sees.
    pub(crate) environment: BTreeMap<String, String>,
    /// Hosts that the code may reach.
    pub(crate) network: Network,
}

/// What a language's code may do, as far as the language's own rules go. They are advice; the walls are the boundary.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Rules {
    Python(PythonRules),
    JavaScript(JavaScriptRules),
}

/// Rules for Python; a list that is `["*"]` allows everything.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PythonRules {
    pub(crate) stdlib_allow: Vec<String>,
    pub(crate) external_allow: Vec<String>,
    pub(crate) builtins_deny: Vec<String>,
    pub(crate) allow_transitive_imports: bool,
}

/// Rules for JavaScript; a list that is `["*"]` allows everything.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct JavaScriptRules {
    pub(crate) builtin_allow: Vec<String>,
    pub(crate) external_allow: Vec<String>,
    pub(crate) insecure: bool,
    pub(crate) timezone: String,
    pub(crate) timeout_seconds: f64,
}

impl LanguageSettings {
    /// What can be done about an allowed module that was not loaded for this reason, if it has to be installed.
    pub(crate) fn advice_on_missing(&self, module: &str, reason: &str) -> Option<Advice> {
        let reason = reason.strip_prefix("ModuleNotFoundError: ").unwrap_or(reason);
        let error = TaskError::new(ErrorCode::RuntimeError, reason);
        let allow = [module.to_owned()];
        let package_set = self.package_set.as_deref();
        let modules = Modules { allow: Some(&allow), package_set, ..Modules::of(&self.language) };
        modules.advice(&error)
    }

    /// Reads the settings of a type. `runtime` says what is not n8n's matter; what n8n's settings mean for the engine
    /// is written into it.
    pub(crate) fn resolve(
        reader: &Reader<'_>,
        runtime: &mut RuntimeConfiguration,
        maximum_payload: usize,
    ) -> Result<Self, RunnerError> {
        let language = runtime.language.clone();
        let is_python = language == Language::Python;
        let timeout = resolve_timeout(reader, &language)?;
        let heap = if is_python { None } else { heap_limit(reader)? };
        runtime.limits = Limits {
            timeout,
            memory_bytes: resolve_memory(reader, runtime, heap)?,
            output_bytes: u64::try_from(maximum_payload.saturating_sub(ENVELOPE).max(1)).unwrap_or(u64::MAX),
            ..runtime.limits
        };
        let (rules, environment) = if is_python {
            (Rules::Python(PythonRules::resolve(reader)?), visible_environment(reader)?)
        } else {
            runtime.interpreter_arguments.extend(heap.map(|size| format!("--max-old-space-size={size}")));
            if runtime.packages.is_none() {
                runtime.packages = node_packages(reader)?;
            }
            (Rules::JavaScript(JavaScriptRules::resolve(reader, timeout)?), BTreeMap::new())
        };
        let maximum_concurrency = resolve_concurrency(reader, &language)?;
        let time_zone = reader.string(&variable::TIME_ZONE_OF_PROCESSES, Some(&language))?;
        runtime.environment.extend(time_zone.map(|zone| ("TZ".to_owned(), zone)));
        runtime.waiting_workers = runtime.waiting_workers.min(maximum_concurrency).max(1);
        runtime.modes.push(HARNESS_MODE.to_owned());
        runtime.rules = Some(rules.to_object());
        if !rules.allow_every_package() {
            runtime.preload_packages = None;
        }
        // What the allow-lists name is worth loading before the first task.
        runtime.preload.extend(rules.named_modules().map(str::to_owned));
        Ok(Self {
            language,
            package_set: None,
            maximum_concurrency,
            limits: runtime.limits,
            rules,
            environment,
            network: Network::default(),
        })
    }
}

impl Rules {
    /// The rules as the harness reads them.
    pub(crate) fn to_object(&self) -> serde_json::Map<String, serde_json::Value> {
        // Lists of texts, booleans and numbers: always an object of JSON.
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(rules)) => rules,
            _ => serde_json::Map::new(),
        }
    }

    /// Whether code may import whatever is installed.
    fn allow_every_package(&self) -> bool {
        let (Self::Python(PythonRules { external_allow, .. })
        | Self::JavaScript(JavaScriptRules { external_allow, .. })) = self;
        external_allow.iter().any(|name| name == WILDCARD)
    }

    /// The modules that the allow-lists name.
    pub(crate) fn named_modules(&self) -> impl Iterator<Item = &str> {
        let lists: [&[String]; 2] = match self {
            Self::Python(rules) => [&rules.stdlib_allow, &rules.external_allow],
            Self::JavaScript(rules) => [&[], &rules.external_allow],
        };
        lists.into_iter().flatten().map(String::as_str).filter(|name| *name != WILDCARD)
    }
}

impl PythonRules {
    fn resolve(reader: &Reader<'_>) -> Result<Self, RunnerError> {
        let python = Some(&Language::Python);
        let external = if reader.is_set(&variable::EXTERNAL_ALLOW, python)? {
            allow_list(reader, &variable::EXTERNAL_ALLOW)?
        } else {
            allow_list(reader, &variable::PYTHON_PACKAGES)?
        };
        let default = variable::BUILTINS_DENY.default.split(',').map(str::to_owned).collect();
        Ok(Self {
            stdlib_allow: allow_list(reader, &variable::STDLIB_ALLOW)?,
            external_allow: external,
            builtins_deny: reader.list(&variable::BUILTINS_DENY, python)?.unwrap_or(default),
            allow_transitive_imports: reader.boolean(&variable::TRANSITIVE_IMPORTS, python)?.unwrap_or(false),
        })
    }
}

impl JavaScriptRules {
    fn resolve(reader: &Reader<'_>, timeout: Duration) -> Result<Self, RunnerError> {
        let javascript = Some(&Language::JavaScript);
        let list = |setting| Ok::<_, RunnerError>(reader.list(setting, javascript)?.map(whole_wildcard));
        let external = match list(&variable::ALLOW_EXTERNAL)? {
            Some(modules) => modules,
            None => list(&variable::JAVASCRIPT_PACKAGES)?.unwrap_or_default(),
        };
        Ok(Self {
            builtin_allow: list(&variable::ALLOW_BUILTIN)?.unwrap_or_default(),
            external_allow: external,
            insecure: reader.boolean(&variable::INSECURE_MODE, javascript)?.unwrap_or(false),
            timezone: reader
                .string(&variable::TIMEZONE, javascript)?
                .unwrap_or_else(|| variable::TIMEZONE.default.to_owned()),
            timeout_seconds: timeout.as_secs_f64(),
        })
    }
}

/// An allow-list for Python: `*` stands alone.
fn allow_list(reader: &Reader<'_>, setting: &'static Variable) -> Result<Vec<String>, RunnerError> {
    let mut modules = reader.list(setting, Some(&Language::Python))?.unwrap_or_default();
    modules.sort();
    modules.dedup();
    if modules.len() > 1 && modules.iter().any(|module| module == WILDCARD) {
        return Err(RunnerError::WildcardNotAlone { name: setting.name, modules: modules.join(", ") });
    }
    Ok(modules)
}

/// A `*` among other names means nothing to the official JavaScript runner; it must not come to mean everything here.
fn whole_wildcard(mut modules: Vec<String>) -> Vec<String> {
    if modules.len() > 1 {
        modules.retain(|module| module != WILDCARD);
    }
    modules
}

fn resolve_concurrency(reader: &Reader<'_>, language: &Language) -> Result<usize, RunnerError> {
    let default = if *language == Language::Python { 5 } else { 10 };
    let number = match reader.integer(&variable::MAXIMUM_CONCURRENCY, Some(language))? {
        Some(number) => number,
        None => reader.integer(&variable::CONCURRENCY_OF_MODULE, Some(language))?.unwrap_or(default),
    };
    Ok(usize::try_from(number).unwrap_or(0))
}

fn resolve_timeout(reader: &Reader<'_>, language: &Language) -> Result<Duration, RunnerError> {
    if let Some(seconds) = reader.integer(&variable::TASK_TIMEOUT, Some(language))? {
        return match u64::try_from(seconds) {
            Ok(positive) if positive > 0 => Ok(Duration::from_secs(positive)),
            _ => Err(RunnerError::TaskTimeout(seconds)),
        };
    }
    let is_python = *language == Language::Python;
    let setting = if is_python { &variable::PYTHON_TIMEOUT } else { &variable::JAVASCRIPT_TIMEOUT };
    if let Some(milliseconds) = positive(reader, setting, language)? {
        return Ok(Duration::from_millis(milliseconds.unsigned_abs()));
    }
    Ok(match (is_python, reader.has_launcher_file()) {
        (true, _) => DEFAULT_PYTHON_TIMEOUT,
        (false, true) => DEFAULT_LAUNCHER_TIMEOUT,
        (false, false) => DEFAULT_JAVASCRIPT_TIMEOUT,
    })
}

/// n8n's own setting; else what the operator has set for the language; else a default larger than the language's, and
/// large enough for the heap that was asked for.
fn resolve_memory(
    reader: &Reader<'_>,
    runtime: &RuntimeConfiguration,
    heap_mebibytes: Option<u64>,
) -> Result<u64, RunnerError> {
    let is_python = runtime.language == Language::Python;
    let setting = if is_python { &variable::PYTHON_MEMORY } else { &variable::JAVASCRIPT_MEMORY };
    if let Some(mebibytes) = positive(reader, setting, &runtime.language)? {
        return Ok(mebibytes.unsigned_abs().saturating_mul(MEBIBYTE));
    }
    let is_untouched = runtime.limits.memory_bytes == Limits::of(&runtime.language).memory_bytes;
    let for_heap = heap_mebibytes.map_or(0, |heap| heap.saturating_mul(MEBIBYTE).saturating_add(BESIDE_HEAP));
    Ok(if is_untouched { DEFAULT_MEMORY.max(for_heap) } else { runtime.limits.memory_bytes })
}

fn positive(reader: &Reader<'_>, setting: &'static Variable, language: &Language) -> Result<Option<i64>, RunnerError> {
    let Some((value, origin)) = reader.integer_with_origin(setting, Some(language))? else { return Ok(None) };
    if value > 0 { Ok(Some(value)) } else { Err(RunnerError::NotPositive { origin, value }) }
}

/// What Python code sees of the runner's environment: nothing, or everything but secrets.
fn visible_environment(reader: &Reader<'_>) -> Result<BTreeMap<String, String>, RunnerError> {
    if reader.boolean(&variable::BLOCK_ENVIRONMENT, Some(&Language::Python))?.unwrap_or(true) {
        return Ok(BTreeMap::new());
    }
    let is_secret = |name: &str| name.contains("TOKEN") || name.starts_with(variable::SENTRY_DSN.name);
    Ok(reader
        .environment()
        .iter()
        .filter(|(name, _)| !is_secret(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect())
}

/// MiB of heap, from n8n's own setting or from the option of Node.js that n8n's documentation names.
fn heap_limit(reader: &Reader<'_>) -> Result<Option<u64>, RunnerError> {
    let javascript = Some(&Language::JavaScript);
    if let Some(text) = reader.string(&variable::MAXIMUM_OLD_SPACE, javascript)?
        && !text.is_empty()
    {
        let size = positive(reader, &variable::MAXIMUM_OLD_SPACE, &Language::JavaScript)?;
        return Ok(size.map(i64::unsigned_abs));
    }
    let options = reader.string(&variable::NODE_OPTIONS, javascript)?.unwrap_or_default();
    let options = options.replace('_', "-");
    let value = options.split("--max-old-space-size").nth(1).map(|rest| rest.trim_start_matches([' ', '=']));
    Ok(value.and_then(|rest| rest.split_whitespace().next()).and_then(|size| size.parse().ok()))
}

/// The folder above the first `node_modules` in NODE_PATH.
fn node_packages(reader: &Reader<'_>) -> Result<Option<PathBuf>, RunnerError> {
    let paths = reader.string(&variable::NODE_PATH, Some(&Language::JavaScript))?.unwrap_or_default();
    let folder = paths.split(':').find_map(|path| path.trim_end_matches('/').strip_suffix("/node_modules"));
    Ok(folder.map(|folder| PathBuf::from(if folder.is_empty() { "/" } else { folder })))
}
