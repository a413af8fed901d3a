//! Finding and reading the configuration file.

use std::fs;
use std::io;
use std::path::Path;

use stockade_engine::EngineConfiguration;

use super::build::build;
use super::error::ConfigurationError;
use super::file::ConfigurationFile;
use super::place::Place;

/// Read when nothing else is named and it is there.
const DEFAULT_FILE: &str = "stockade.toml";

/// The file that [`load`] reads, if it reads one. An empty name is none.
pub(crate) fn find(named: Option<&Path>) -> Option<&Path> {
    named
        .filter(|path| !path.as_os_str().is_empty())
        .or_else(|| Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists()))
}

/// Reads the file `named` on the command line or by the environment, else `stockade.toml` in the current folder, else
/// the defaults. An empty name is none.
pub(crate) fn load(named: Option<&Path>) -> Result<EngineConfiguration, ConfigurationError> {
    let named = named.filter(|path| !path.as_os_str().is_empty());
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    match fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8(bytes).map_err(|error| ConfigurationError::NotUtf8 {
                path: path.to_owned(),
                offset: error.utf8_error().valid_up_to(),
            })?;
            parse(path, &text)
        }
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(EngineConfiguration::default()),
        Err(source) => Err(ConfigurationError::Read { path: path.to_owned(), source }),
    }
}

fn parse(path: &Path, text: &str) -> Result<EngineConfiguration, ConfigurationError> {
    let file: ConfigurationFile = toml::from_str(text).map_err(|error| ConfigurationError::Toml {
        place: Place::of(path, text, &error.span().unwrap_or_default()),
        message: in_words_of_toml(error.message()),
    })?;
    // Absolute, because the engine may work from elsewhere.
    let folder = std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_owned)).unwrap_or_default();
    build(file, &folder)
        .map_err(|(span, problem)| ConfigurationError::Section { place: Place::of(path, text, &span), problem })
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

    fn parsed(text: &str) -> EngineConfiguration {
        parse(Path::new("/etc/stockade.toml"), text).unwrap()
    }

    fn refused(text: &str) -> String {
        parse(Path::new("stockade.toml"), text).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(format!("{:?}", parsed("")), format!("{:?}", EngineConfiguration::default()));
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
        let missing = load(Some(&folder.path().join("no.toml"))).unwrap_err();
        assert!(matches!(missing, ConfigurationError::Read { .. }));
        let path = folder.path().join("latin.toml");
        fs::write(&path, b"# caf\xe9").unwrap();
        assert!(matches!(load(Some(&path)).unwrap_err(), ConfigurationError::NotUtf8 { offset: 5, .. }));
    }
}
