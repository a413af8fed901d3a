//! Finding interpreters and turning a language's configuration into a zygote.

use std::path::{Path, PathBuf};
use std::process::Command;

use stockade_protocol::Language;
use stockade_sandbox::Wall;
use stockade_sandbox::zygote::{Program, ZygoteSpecification};

use crate::configuration::{RuntimeConfiguration, RuntimeKind};
use crate::error::EngineError;
use crate::harness;

/// Environment variables of the supervisor that its tasks see too: they decide how text and times are shown.
const INHERITED: [&str; 3] = ["LANG", "LC_ALL", "TZ"];

/// Flags without which Node.js cannot be forked, one thread of its own and a single one of V8, and one without which its
/// older versions refuse `import()` in a task's code.
const NODE_ARGUMENTS: [&str; 3] = ["--single-threaded", "--v8-pool-size=1", "--experimental-vm-modules"];
/// Without it a thread of the zygote waits for `SIGUSR1`, which starts the inspector.
const NODE_WITHOUT_DEBUGGER_SIGNAL: &str = "--disable-sigusr1";
/// Isolated from the user's environment, no `.pyc` files, no `site` module; packages are put on the path by the
/// harness.
const PYTHON_ARGUMENTS: [&str; 3] = ["-I", "-B", "-S"];

/// The zygote of a language.
pub(crate) fn specification(
    configuration: &RuntimeConfiguration,
    task_directory: Option<&Path>,
    has_cgroups: bool,
    without_walls: &[Wall],
) -> Result<ZygoteSpecification, EngineError> {
    let language = &configuration.language;
    let program = match &configuration.kind {
        RuntimeKind::Zygote { interpreter } => {
            let executable = find_interpreter(language, interpreter)?;
            let (flags, entry) = match language {
                Language::JavaScript => (&NODE_ARGUMENTS[..], "/stockade/javascript/zygote.js"),
                _ => (&PYTHON_ARGUMENTS[..], "/stockade/python/zygote.py"),
            };
            let known_to_some = (*language == Language::JavaScript && is_deaf_on_request(&executable))
                .then_some(NODE_WITHOUT_DEBUGGER_SIGNAL);
            let arguments = flags.iter().copied().chain(known_to_some).map(str::to_owned);
            Program::Interpreter {
                executable,
                arguments: arguments
                    .chain(configuration.interpreter_arguments.iter().cloned())
                    .chain([entry.to_owned()])
                    .collect(),
                keep_descriptors: *language == Language::JavaScript,
            }
        }
        RuntimeKind::Command { command, .. } => {
            let name = command.first().map(PathBuf::from).unwrap_or_default();
            Program::Command {
                executable: find(language, &name)?,
                arguments: command.iter().skip(1).cloned().collect(),
            }
        }
    };
    let mounts = configuration.packages.iter().map(|packages| match language {
        Language::JavaScript => (packages.join("node_modules"), "/packages/javascript/node_modules".to_owned()),
        _ => (packages.clone(), "/packages/python".to_owned()),
    });
    let files = match language {
        Language::Python => harness::PYTHON,
        Language::JavaScript => harness::JAVASCRIPT,
        Language::Custom(_) => &[],
    };
    Ok(ZygoteSpecification {
        program,
        environment: environment(configuration),
        files: files.iter().map(|(path, bytes)| ((*path).to_owned(), *bytes)).collect(),
        mounts: mounts.collect(),
        task_directory: task_directory.map(Path::to_owned),
        has_cgroups,
        without_walls: without_walls.to_vec(),
    })
}

fn environment(configuration: &RuntimeConfiguration) -> Vec<(String, String)> {
    let mut preload = configuration.preload.clone();
    preload.extend(
        configuration.preload_packages.iter().flatten().filter(|name| !configuration.preload.contains(name)).cloned(),
    );
    let zygote = serde_json::json!({
        "preload": preload,
        "packages": configuration.packages.as_ref().map(|_| match configuration.language {
            Language::JavaScript => "/packages/javascript",
            _ => "/packages/python",
        }),
        "native": stockade_sandbox::NATIVE_LIBRARY_PATH,
        "modes": configuration.modes,
        "rules": configuration.rules,
    });
    let fixed = [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("HOME", "/tmp")];
    let inherited = INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    let mut environment: Vec<(String, String)> =
        fixed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).chain(inherited).collect();
    for (name, value) in &configuration.environment {
        environment.retain(|(known, _)| known != name);
        environment.push((name.clone(), value.clone()));
    }
    if matches!(configuration.kind, RuntimeKind::Zygote { .. }) {
        environment.push(("STOCKADE_ZYGOTE".to_owned(), zygote.to_string()));
        if configuration.language == Language::JavaScript {
            preload_native_library(&mut environment);
        }
    }
    environment
}

/// Loads the native library before everything else: it places V8's heap (`placement`).
fn preload_native_library(environment: &mut Vec<(String, String)>) {
    const LIST: &str = "LD_PRELOAD";
    let library = stockade_sandbox::NATIVE_LIBRARY_PATH;
    match environment.iter_mut().find(|(name, _)| name == LIST) {
        Some((_, others)) => *others = format!("{library}:{others}"),
        None => environment.push((LIST.to_owned(), library.to_owned())),
    }
}

/// The executable of an interpreter. A script that stands in for one, as version managers install them, is asked for
/// the real one: inside the walls there is no version manager.
fn find_interpreter(language: &Language, interpreter: &Path) -> Result<PathBuf, EngineError> {
    let found = find(language, interpreter)?;
    if !is_script(&found) {
        return Ok(found);
    }
    let question: &[&str] = match language {
        Language::JavaScript => &["-p", "process.execPath"],
        _ => &["-c", "import sys; print(sys.executable)"],
    };
    let missing = |reason: String| EngineError::Interpreter {
        language: language.clone(),
        interpreter: interpreter.to_owned(),
        reason,
    };
    let output = Command::new(&found)
        .args(question)
        .output()
        .map_err(|error| missing(format!("`{}` cannot be executed: {error}", found.display())))?;
    let answer = String::from_utf8_lossy(&output.stdout);
    std::fs::canonicalize(answer.trim())
        .map_err(|_| missing(format!("`{}` is a script that does not lead to an interpreter", found.display())))
}

/// Whether this Node.js knows [`NODE_WITHOUT_DEBUGGER_SIGNAL`]: it refuses to start with what it does not know.
fn is_deaf_on_request(node: &Path) -> bool {
    let output = Command::new(node).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    // 22.14.0 and 23.7.0 have brought it ("Command-line API" of the Node.js documentation).
    version(&output).is_some_and(|version| version >= (23, 7) || ((22, 14)..(23, 0)).contains(&version))
}

/// Major and minor version in a line such as `v22.14.0`.
fn version(line: &[u8]) -> Option<(u32, u32)> {
    let mut numbers = std::str::from_utf8(line).ok()?.trim().strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn find(language: &Language, name: &Path) -> Result<PathBuf, EngineError> {
    let missing =
        |reason: String| EngineError::Interpreter { language: language.clone(), interpreter: name.to_owned(), reason };
    if name.components().count() > 1 {
        return std::fs::canonicalize(name).map_err(|error| missing(error.to_string()));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|directory| directory.join(name)).find(|path| path.is_file());
    match found {
        Some(path) => std::fs::canonicalize(path).map_err(|error| missing(error.to_string())),
        None => Err(missing("it is in no directory of `PATH`; install it or name its path".to_owned())),
    }
}

fn is_script(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 2];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && &start == b"#!"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_its_line() {
        assert_eq!(version(b"v22.14.0\n"), Some((22, 14)));
        assert_eq!(version(b"v26.0.0-nightly20260101\n"), Some((26, 0)));
        assert_eq!(version(b"Python 3.13.0\n"), None);
    }
}
