//! What stands in the root file system of a zygote: the system's programs and libraries, the interpreter, packages,
//! a minimal `/etc` and `/dev`, and an empty `/tmp`.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use stockade_native::plan::{File, Link, Mount, Plan, TASK_DIRECTORIES, TASK_DIRECTORY};

use super::specification::{Program, ZygoteSpecification};
use crate::embedded::{NATIVE_LIBRARY, NATIVE_LIBRARY_PATH};
use crate::error::SandboxError;
use crate::identity::{FIRST_WORKER_USER, WORKER_USERS};

/// Where an interpreter that is not below `/usr` appears.
const RUNTIME: &str = "/runtime";
/// Directories of the host's root that hold programs and libraries; symbolic links on most systems.
const SYSTEM: [&str; 6] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
/// Files and directories of `/etc` that programs need and that say nothing of the host's users.
const SETTINGS: [&str; 5] =
    ["/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/certs", "/etc/ssl/openssl.cnf"];
/// Directories below `/usr` that belong to the administrator and not to the system.
const ADMINISTRATORS: [&str; 2] = ["/usr/local", "/usr/src"];
const ZEROS: &str = "/dev/zero";
const DEVICES: [&str; 5] = ["/dev/null", ZEROS, "/dev/full", "/dev/random", "/dev/urandom"];

/// The part of the plan that concerns files; the caller adds identity and workers.
pub(super) fn plan(specification: &ZygoteSpecification) -> Result<Plan, SandboxError> {
    let (host_program, arguments) = match &specification.program {
        Program::Interpreter { executable, arguments, .. } | Program::Command { executable, arguments } => {
            (executable, arguments)
        }
    };
    let place = Place::of(host_program);
    let mut plan = Plan {
        directories: ["/tmp", "/dev", "/etc", "/var", TASK_DIRECTORY, TASK_DIRECTORIES, "/stockade"]
            .map(bytes)
            .to_vec(),
        links: vec![link("/dev/shm", "/tmp"), link("/var/tmp", "/tmp")],
        ..Plan::default()
    };
    plan.mounts.push(mount(Path::new("/usr"), "/usr"));
    plan.hidden = hidden(host_program);
    for path in SYSTEM {
        match std::fs::read_link(path) {
            Ok(target) => plan.links.push(Link { path: bytes(path), target: target.as_os_str().as_bytes().to_vec() }),
            Err(_) if Path::new(path).is_dir() => plan.mounts.push(mount(Path::new(path), path)),
            Err(_) => {}
        }
    }
    for path in SETTINGS {
        if let Ok(source) = std::fs::canonicalize(path) {
            plan.mounts.push(mount(&source, path));
        }
    }
    // Mapped as shared, zeros are memory that nobody counts who looks at processes.
    let devices = DEVICES.into_iter().filter(|path| specification.has_cgroups || *path != ZEROS);
    plan.mounts.extend(devices.map(|path| Mount { source: bytes(path), target: bytes(path), device: true }));
    if let Some((source, target)) = &place.mount {
        plan.mounts.push(mount(source, target));
    }
    let directories = specification.mounts.iter().map(|(source, target)| (source.as_path(), target.as_str()));
    let tasks = specification.task_directory.iter().map(|path| (path.as_path(), TASK_DIRECTORIES));
    for (source, target) in directories.chain(tasks) {
        let source =
            std::fs::canonicalize(source).map_err(|error| SandboxError::Path { path: source.to_owned(), error })?;
        plan.mounts.push(mount(&source, target));
    }
    plan.files = settings();
    plan.files.push(File { path: bytes(NATIVE_LIBRARY_PATH), bytes: NATIVE_LIBRARY.to_vec() });
    plan.files.extend(
        specification.files.iter().map(|(path, contents)| File { path: bytes(path), bytes: contents.to_vec() }),
    );

    let program: Vec<Vec<u8>> =
        std::iter::once(bytes(&place.inside)).chain(arguments.iter().map(|argument| bytes(argument))).collect();
    match specification.program {
        Program::Interpreter { .. } => plan.arguments = program,
        Program::Command { .. } => plan.command = program,
    }
    plan.environment = specification
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value}").into_bytes())
        .chain(place.libraries.map(|path| format!("LD_LIBRARY_PATH={path}").into_bytes()))
        .collect();
    Ok(plan)
}

/// What `/usr` holds beside the system's own programs and libraries: what the administrator has installed and built.
/// An interpreter that was installed there needs the rest of its installation.
fn hidden(program: &Path) -> Vec<Vec<u8>> {
    let is_hidden = |path: &&str| {
        let found = std::fs::symlink_metadata(path);
        found.is_ok_and(|found| found.is_dir()) && !program.starts_with(path)
    };
    ADMINISTRATORS.into_iter().filter(is_hidden).map(bytes).collect()
}

/// Where a program of the host appears inside.
struct Place {
    inside: String,
    /// What has to be shown for that, if it is not below `/usr`.
    mount: Option<(PathBuf, String)>,
    /// Where its shared libraries are, if they are not where it expects them.
    libraries: Option<String>,
}

impl Place {
    fn of(executable: &Path) -> Self {
        let inside = |path: &Path| path.to_string_lossy().into_owned();
        if executable.starts_with("/usr") || SYSTEM.iter().any(|path| executable.starts_with(path)) {
            return Self { inside: inside(executable), mount: None, libraries: None };
        }
        let directory = executable.parent().unwrap_or(Path::new("/"));
        let name = executable.file_name().unwrap_or_default().to_string_lossy();
        // An installation keeps its libraries beside `bin`; anything else is a program that stands alone.
        match directory.parent() {
            Some(prefix) if directory.ends_with("bin") && prefix != Path::new("/") => Self {
                inside: format!("{RUNTIME}/bin/{name}"),
                mount: Some((prefix.to_owned(), RUNTIME.to_owned())),
                libraries: prefix.join("lib").is_dir().then(|| format!("{RUNTIME}/lib")),
            },
            _ => {
                let path = format!("{RUNTIME}/{name}");
                Self { inside: path.clone(), mount: Some((executable.to_owned(), path)), libraries: None }
            }
        }
    }
}

/// The files of a minimal `/etc`: names for the workers' user ids, no others of the host.
fn settings() -> Vec<File> {
    let users = (FIRST_WORKER_USER..FIRST_WORKER_USER + WORKER_USERS)
        .map(|user| format!("task{user}:x:{user}:{user}:task:/tmp:/bin/sh\n"))
        .collect::<String>();
    let groups = (FIRST_WORKER_USER..FIRST_WORKER_USER + WORKER_USERS)
        .map(|group| format!("task{group}:x:{group}:\n"))
        .collect::<String>();
    [
        ("/etc/passwd", users),
        ("/etc/group", groups),
        ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n".to_owned()),
        ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n".to_owned()),
        // For a task that may reach hosts, the supervisor is the name server, over a stream. Any other has no sockets to
        // ask with.
        ("/etc/resolv.conf", "nameserver 127.0.0.1\noptions use-vc timeout:5 attempts:1\n".to_owned()),
    ]
    .map(|(path, text)| File { path: bytes(path), bytes: text.into_bytes() })
    .to_vec()
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn link(path: &str, target: &str) -> Link {
    Link { path: bytes(path), target: bytes(target) }
}

fn mount(source: &Path, target: &str) -> Mount {
    Mount { source: source.as_os_str().as_bytes().to_vec(), target: bytes(target), device: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_the_system_stays_where_it_is() {
        let place = Place::of(Path::new("/usr/bin/node"));
        assert_eq!((place.inside.as_str(), place.mount), ("/usr/bin/node", None));
    }

    #[test]
    fn what_the_administrator_has_installed_is_hidden_from_others() {
        let is_hidden = |program: &str| hidden(Path::new(program)).contains(&bytes("/usr/local"));
        assert_eq!(is_hidden("/usr/bin/node"), Path::new("/usr/local").is_dir());
        assert!(!is_hidden("/usr/local/bin/node"));
    }

    #[test]
    fn an_installation_elsewhere_is_shown_without_its_host_path() {
        let place = Place::of(Path::new("/root/.pyenv/versions/3.13.0/bin/python3.13"));
        assert_eq!(place.inside, "/runtime/bin/python3.13");
        assert_eq!(place.mount, Some(("/root/.pyenv/versions/3.13.0".into(), "/runtime".to_owned())));
    }

    #[test]
    fn a_lone_program_is_shown_alone() {
        let place = Place::of(Path::new("/opt/tools/ruby"));
        assert_eq!(place.mount, Some(("/opt/tools/ruby".into(), "/runtime/ruby".to_owned())));
    }
}
