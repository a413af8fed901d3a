//! A few programs of each class once more, with a supervisor that has no privilege: it maps a single user id, its
//! workers nest a user namespace each, and where its control group is not its own, limits are watched.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use stockade_sandbox::Wall;
use stockade_sandbox::doctor::{State, examine};

use crate::program::Program;

pub(crate) const NAME: &str = "a supervisor without privilege has the same walls";

/// Names the folder with the programs for the process that plays them without privilege.
const PROGRAMS: &str = "STOCKADE_TEST_PROGRAMS";
/// `nobody` by convention.
const NOBODY: &str = "65534";
/// Rows of all classes that end within moments.
const ROWS: [&str; 19] =
    ["A1", "A3", "B3", "B4", "C1", "C6", "C8", "D1", "D8", "E1", "F1", "F6", "G1", "H3", "H6", "I2", "J2", "J7", "K1"];

/// Whether this process is the one without privilege.
pub(crate) fn is_this() -> bool {
    std::env::var_os(PROGRAMS).is_some()
}

pub(crate) fn is_played(program: &Program) -> bool {
    program.rows.iter().any(|row| ROWS.contains(&row.as_str()))
}

/// Where the programs are.
pub(crate) fn programs() -> PathBuf {
    std::env::var_os(PROGRAMS).map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile"), PathBuf::from)
}

/// Plays them in a process of `nobody`, from a folder that it can read.
pub(crate) fn play() -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    open(folder.path());
    let binary = folder.path().join("hostile");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    for class in fs::read_dir(programs()).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        let copy = folder.path().join("programs").join(class.file_name());
        fs::create_dir_all(&copy).unwrap();
        for program in fs::read_dir(class.path()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
            fs::copy(program.path(), copy.join(program.file_name())).unwrap();
        }
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"]).arg(&binary);
    command.env(PROGRAMS, folder.path().join("programs")).current_dir("/");
    let output = command.output().map_err(|error| format!("`setpriv`: {error}"))?;
    let shown = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() && shown.contains("test c/C1_fork_bomb.py") { Ok(()) } else { Err(shown) }
}

/// Every wall is up or has its fallback, and those that need no privilege are up.
pub(crate) fn check_walls() -> Result<(), String> {
    for found in examine(&[]).walls {
        println!("{}: {}: {}", found.wall, found.state, found.found);
        let needs_delegation = found.wall == Wall::Cgroup && found.state == State::Fallback;
        if found.state != State::Up && !needs_delegation && found.wall != Wall::Landlock {
            return Err(format!("the wall `{}` is {}: {}", found.wall, found.state, found.found));
        }
    }
    Ok(())
}
