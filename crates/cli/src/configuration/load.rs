//! The layers of the configuration: the file, the environment, the command line. The later ones win.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use stockade_engine::EngineConfiguration;
use stockade_server::ServerConfiguration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::build::build;
use super::error::ConfigurationError;
use super::file::ConfigurationFile;
use super::origin::{Given, Origin};
use super::package_sets::PackageSetSettings;
use super::place::Place;
use super::service::ServiceSettings;
use super::settings::{Form, PREFIX, SEED_VARIABLES, SETTINGS, Setting};

/// Read when nothing else is named and it is there.
const DEFAULT_FILE: &str = "stockade.toml";
/// Variables that name no setting.
const OTHER_VARIABLES: &[&str] =
    &["STOCKADE_CONFIGURATION", crate::packages::VARIABLE, crate::runner::PACKAGE_SET_VARIABLE];
/// Begins variables of our own tests.
const TEST_PREFIX: &str = "STOCKADE_TEST_";

/// Where settings come from.
#[derive(Debug, Default)]
pub(crate) struct Sources<'sources> {
    /// The file that was named. An empty name is none.
    pub(crate) file: Option<&'sources Path>,
    /// Variables of the environment.
    pub(crate) environment: BTreeMap<String, String>,
    /// The variables of n8n's documents count too, and unknown ones of our own are refused.
    pub(crate) is_service: bool,
    /// Options of the command line: the key and the text.
    pub(crate) options: Vec<(&'static str, String)>,
}

/// What the layers say together.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) engine: EngineConfiguration,
    pub(crate) server: ServerConfiguration,
    /// Every value that was given, the winning ones last.
    pub(crate) given: Vec<Given>,
}

/// The variables of this process. Those that are not text are none of ours.
pub(crate) fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

/// The file that [`load`] reads, if it reads one. An empty name is none.
pub(crate) fn find(named: Option<&Path>) -> Option<&Path> {
    named
        .filter(|path| !path.as_os_str().is_empty())
        .or_else(|| Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists()))
}

/// Reads all layers: the file, else `stockade.toml` in the current folder, else the defaults; then the environment,
/// then the options.
pub(crate) fn load(sources: &Sources<'_>) -> Result<Configuration, ConfigurationError> {
    let mut layers = Layers::new();
    if let Some((path, text)) = read(sources.file)? {
        layers.file(&path, &text)?;
    }
    if sources.is_service {
        for seed in SEED_VARIABLES {
            for key in seed.keys {
                layers.variable(&sources.environment, seed.name, key, seed.form)?;
            }
        }
        refuse_unknown(&sources.environment)?;
    }
    for setting in SETTINGS {
        layers.variable(&sources.environment, &setting.variable(), setting.key, setting.form)?;
    }
    for (key, text) in &sources.options {
        let (option, form) = Setting::of(key).map_or(("", Form::Text), |setting| (setting.option, setting.form));
        layers.text(key, text, form, Origin::Option(option))?;
    }
    Ok(layers.finish())
}

fn read(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, ConfigurationError> {
    let named = named.filter(|path| !path.as_os_str().is_empty());
    let path = named.unwrap_or(Path::new(DEFAULT_FILE)).to_owned();
    match fs::read(&path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some((path, text))),
            Err(error) => Err(ConfigurationError::NotUtf8 { path, offset: error.utf8_error().valid_up_to() }),
        },
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigurationError::Read { path, source }),
    }
}

/// A variable of our own with a wrong name would be of no effect in silence.
fn refuse_unknown(environment: &BTreeMap<String, String>) -> Result<(), ConfigurationError> {
    let known: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    let unknown = environment.keys().find(|name| {
        name.starts_with(PREFIX)
            && !name.starts_with(TEST_PREFIX)
            && !OTHER_VARIABLES.contains(&name.as_str())
            && !known.contains(name)
    });
    match unknown {
        Some(name) => Err(ConfigurationError::UnknownVariable { name: name.clone() }),
        None => Ok(()),
    }
}

/// What the layers so far say.
#[derive(Debug)]
struct Layers {
    engine: EngineConfiguration,
    service: ServiceSettings,
    package_sets: PackageSetSettings,
    given: Vec<Given>,
}

impl Layers {
    /// The defaults. Tasks have no hosts but those that a layer gives them.
    fn new() -> Self {
        let mut engine = EngineConfiguration::default();
        engine.egress.allowed_hosts = Some(Vec::new());
        Self {
            engine,
            service: ServiceSettings::default(),
            package_sets: PackageSetSettings::default(),
            given: Vec::new(),
        }
    }

    fn file(&mut self, path: &Path, text: &str) -> Result<(), ConfigurationError> {
        let file: ConfigurationFile = toml::from_str(text).map_err(|error| ConfigurationError::Toml {
            place: Place::of(path, text, &error.span().unwrap_or_default()),
            message: in_words_of_toml(error.message()),
        })?;
        // Absolute, because the engine may work from elsewhere.
        let absolute = std::path::absolute(path).ok();
        let folder = absolute.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        self.service.apply(&file, folder);
        self.package_sets
            .apply(&file.package_sets, folder)
            .and_then(|()| build(file, folder, &mut self.engine))
            .map_err(|(span, problem)| ConfigurationError::Section { place: Place::of(path, text, &span), problem })?;
        if let Ok(table) = DeTable::parse(text) {
            leaves(table.get_ref(), "", &mut |key, value| {
                let origin = Origin::File(Place::of(path, text, &value.span()));
                let value = text.get(value.span()).unwrap_or_default().to_owned();
                self.given.push(Given { key, value, origin });
            });
        }
        Ok(())
    }

    /// An empty variable is how a shell says that it is not set.
    fn variable(
        &mut self,
        environment: &BTreeMap<String, String>,
        name: &str,
        key: &str,
        form: Form,
    ) -> Result<(), ConfigurationError> {
        match environment.get(name).filter(|text| !text.is_empty()) {
            Some(text) => self.text(key, text, form, Origin::Variable(name.to_owned())),
            None => Ok(()),
        }
    }

    /// One value, by the rules of the file: it is read as a file with this key alone.
    fn text(&mut self, key: &str, text: &str, form: Form, origin: Origin) -> Result<(), ConfigurationError> {
        let refused = |message: String| ConfigurationError::Value { origin: origin.clone(), message };
        let value = form.to_toml(text).ok_or_else(|| refused(format!("expected {}, not `{text}`", form.expected())))?;
        let file: ConfigurationFile =
            toml::from_str(&format!("{key} = {value}")).map_err(|error| refused(in_words_of_toml(error.message())))?;
        let folder = std::env::current_dir().unwrap_or_default();
        self.service.apply(&file, &folder);
        build(file, &folder, &mut self.engine).map_err(|(_, problem)| refused(problem.to_string()))?;
        self.given.push(Given { key: key.to_owned(), value, origin });
        Ok(())
    }

    fn finish(mut self) -> Configuration {
        let mut server = self.service.finish(&mut self.engine);
        self.package_sets.finish(&mut self.engine);
        server.package_sets = self.engine.package_sets.keys().cloned().collect();
        Configuration { engine: self.engine, server, given: self.given }
    }
}

/// Visits every value that is no table. Tables within a line count as tables.
fn leaves(table: &DeTable<'_>, prefix: &str, visit: &mut impl FnMut(String, &Spanned<DeValue<'_>>)) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
        match value.get_ref() {
            DeValue::Table(table) => leaves(table, &key, visit),
            _ => visit(key, value),
        }
    }
}

/// The message of a parser that serves other formats too, for a reader who has keys and lists in front of him.
fn in_words_of_toml(message: &str) -> String {
    message.replace('\n', "; ").replace("unknown field", "unknown key").replace("a sequence", "a list")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use stockade_engine::RuntimeKind;
    use stockade_protocol::Language;
    use stockade_sandbox::Wall;

    fn parse(path: &str, text: &str) -> Result<Configuration, ConfigurationError> {
        let mut layers = Layers::new();
        layers.file(Path::new(path), text)?;
        Ok(layers.finish())
    }

    fn parsed(text: &str) -> EngineConfiguration {
        parse("/etc/stockade.toml", text).unwrap().engine
    }

    fn refused(text: &str) -> String {
        parse("stockade.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_is_the_default() {
        let mut expected = EngineConfiguration::default();
        expected.egress.allowed_hosts = Some(Vec::new());
        assert_eq!(format!("{:?}", parsed("")), format!("{expected:?}"));
    }

    #[test]
    fn every_key_arrives() {
        let configuration = parsed(
            r#"
            maximum_tasks = 4
            maximum_queue = 7
            without_walls = ["cgroup", "landlock"]

            [runtimes.python]
            interpreter = "venv/bin/python3"
            interpreter_arguments = ["-X", "utf8"]
            packages = "/"
            preload = ["json"]
            waiting_workers = 2
            limits = { timeout = "10s", memory = "1G", tmp = 8, processes = 5, output_limit = "1M" }
            environment = { TZ = "Europe/Berlin" }

            [runtimes.javascript]
            interpreter = "node22"

            [runtimes.ruby]
            command = ["ruby", "{file}"]
            extensions = [".RB", "gemspec"]
            limits.timeout = 2.5
            "#,
        );
        assert_eq!((configuration.maximum_tasks, configuration.maximum_queue), (4, 7));
        assert_eq!(configuration.without_walls, [Wall::Cgroup, Wall::Landlock]);
        insta::assert_debug_snapshot!(configuration.runtimes);
    }

    #[test]
    fn other_limits_and_runtimes_keep_their_defaults() {
        let configuration = parsed("[runtimes.javascript]\nlimits.timeout = \"5s\"");
        let runtime = |language| configuration.runtimes.iter().find(|runtime| runtime.language == language).unwrap();
        assert_eq!(runtime(Language::JavaScript).limits.timeout, Duration::from_secs(5));
        assert_eq!(runtime(Language::JavaScript).limits.memory_bytes, 256 << 20);
        assert_eq!(runtime(Language::Python).limits.timeout, Duration::from_secs(60));
        assert!(
            matches!(&runtime(Language::Python).kind, RuntimeKind::Zygote { interpreter } if interpreter == Path::new("python3"))
        );
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let mistakes = [
            "maximum_taks = 4",
            "maximum_tasks = 0",
            "maximum_queue = -1",
            "maximum_tasks = \"many\"",
            "without_walls = [\"cgroups\"]",
            "maximum_tasks = 4\nmaximum_tasks = 5",
            "[runtimes.python\n",
            "[runtimes.python]\ninterpeter = \"python3\"",
            "[runtimes.python]\n\nlimits = { timeout = \"soon\" }",
            "[runtimes.python]\nlimits.memory = -1",
            "[runtimes.python]\nlimits.cpu = 1",
            "[runtimes.python]\ncommand = [\"python3\", \"{file}\"]",
            "[runtimes.javascript]\nextensions = [\"ts\"]",
            "[runtimes.python]\npackages = \"/no/such/folder\"",
            "[runtimes.python]\npreload = \"numpy\"",
            "[runtimes.ruby]\n",
            "[runtimes.ruby]\ncommand = []",
            "[runtimes.ruby]\ncommand = [\"ruby\"]",
            "[runtimes.ruby]\ncommand = [\"ruby\", \"{file}\"]\npreload = [\"json\"]",
            "[runtimes.ruby]\ncommand = [\"ruby\", \"{file}\"]\nextensions = [\"py\"]",
            "[runtimes.ruby]\ncommand = [\"ruby\", \"{file}\"]\nextensions = [\"tar.gz\"]",
            "[runtimes.Ruby]\ncommand = [\"ruby\", \"{file}\"]",
            "[runtimes.perl]\ncommand = [\"perl\", \"{file}\"]\nextensions = [\"pl\"]\n\
             [runtimes.prolog]\ncommand = [\"swipl\", \"{file}\"]\nextensions = [\"pl\"]",
        ];
        insta::assert_snapshot!(mistakes.map(refused).join("\n"));
    }

    #[test]
    fn a_named_file_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let load = |path: &Path| load(&Sources { file: Some(path), ..Sources::default() });
        let missing = load(&folder.path().join("no.toml")).unwrap_err();
        assert!(matches!(missing, ConfigurationError::Read { .. }));
        let path = folder.path().join("latin.toml");
        fs::write(&path, b"# caf\xe9").unwrap();
        assert!(matches!(load(&path).unwrap_err(), ConfigurationError::NotUtf8 { offset: 5, .. }));
    }
}
