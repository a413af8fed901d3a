//! Options about the engine that every command with one takes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use stockade_engine::{EngineConfiguration, RuntimeConfiguration, RuntimeKind};
use stockade_protocol::Language;
use stockade_sandbox::Wall;

use crate::configuration::{
    Configuration, ConfigurationError, Given, Origin, Setting, Sources, environment, find, load,
};

/// Options about the engine that every command with one takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Engine")]
pub(crate) struct EngineOptions {
    // Not a path for clap, which refuses an empty one: an empty variable is how a shell says that it is not set.
    /// Read this configuration instead of ./stockade.toml
    #[arg(long, alias = "config", value_name = "FILE", env = "STOCKADE_CONFIGURATION", hide_env_values = true)]
    configuration: Option<OsString>,

    /// Do without this wall, where it cannot be built (`stockade doctor` says which and why)
    ///
    /// One of network-namespace, ipc-namespace, cgroup, rlimit, seccomp, landlock; the others carry these. May be
    /// repeated. Every start says that the wall is missing.
    #[arg(long, value_name = "WALL", value_delimiter = ',')]
    without_wall: Vec<Wall>,

    /// Use this Node.js (18 or newer) instead of `node`
    #[arg(long, value_name = "PATH")]
    node: Option<PathBuf>,
}

impl EngineOptions {
    /// The file that [`EngineOptions::load`] reads, if it reads one.
    pub(crate) fn configuration_file(&self) -> Option<PathBuf> {
        find(self.configuration.as_deref().map(Path::new)).map(Path::to_owned)
    }

    /// The configuration with these options, and `python` if it is given, in the place of what the file says.
    pub(crate) fn load(&self, python: Option<&Path>) -> Result<EngineConfiguration, ConfigurationError> {
        Ok(self.load_with(python, false, Vec::new())?.engine)
    }

    /// All settings, those of the service too; `options` are its own.
    pub(crate) fn load_service(
        &self,
        python: Option<&Path>,
        options: Vec<(&'static str, String)>,
    ) -> Result<Configuration, ConfigurationError> {
        self.load_with(python, true, options)
    }

    fn load_with(
        &self,
        python: Option<&Path>,
        is_service: bool,
        options: Vec<(&'static str, String)>,
    ) -> Result<Configuration, ConfigurationError> {
        let file = self.configuration.as_deref().map(Path::new);
        let mut all = load(&Sources { file, environment: environment(), is_service, options })?;
        let configuration = &mut all.engine;
        configuration.without_walls.extend(&self.without_wall);
        configuration.without_walls.sort_unstable();
        configuration.without_walls.dedup();
        for runtime in configuration.runtimes.iter_mut().chain(configuration.package_sets.values_mut().flatten()) {
            let given = match runtime.language {
                Language::Python => python,
                Language::JavaScript => self.node.as_deref(),
                Language::Custom(_) => None,
            };
            if let Some(path) = given {
                runtime.kind = RuntimeKind::Zygote { interpreter: interpreter(path) };
            }
        }
        let walls: Vec<String> = configuration.without_walls.iter().map(ToString::to_string).collect();
        all.server.missing_walls.clone_from(&walls);
        let given = [
            ("runtimes.python.interpreter", python.map(|path| path.display().to_string().into())),
            ("runtimes.javascript.interpreter", self.node.as_ref().map(|path| path.display().to_string().into())),
            ("without_walls", (!self.without_wall.is_empty()).then(|| toml::Value::from(walls))),
        ];
        for (key, value) in given {
            if let (Some(value), Some(setting)) = (value, Setting::of(key)) {
                let (value, origin) = (value.to_string(), Origin::Option(setting.option));
                all.given.push(Given { key: key.to_owned(), value, origin });
            }
        }
        Ok(all)
    }
}

/// A path with a slash as an absolute one, without following links: a virtual environment is one.
fn interpreter(path: &Path) -> PathBuf {
    match std::path::absolute(path) {
        Ok(absolute) if path.components().count() > 1 => absolute,
        _ => path.to_owned(),
    }
}

/// An engine for one task: the runtime of its language, one waiting worker, no queue.
pub(super) fn for_one_task(configuration: EngineConfiguration, language: &Language) -> EngineConfiguration {
    let runtimes = configuration.runtimes.into_iter().filter(|runtime| runtime.language == *language);
    EngineConfiguration {
        runtimes: runtimes.map(|runtime| RuntimeConfiguration { waiting_workers: 1, ..runtime }).collect(),
        maximum_tasks: 1,
        maximum_queue: 1,
        package_sets: BTreeMap::new(),
        ..configuration
    }
}
