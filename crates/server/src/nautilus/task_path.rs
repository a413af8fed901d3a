//! Which directories are tasks: folders below the tasks folder, and nothing that leads out of it.

use std::path::{Component, Path, PathBuf};

use super::refusal::Refusal;

/// The path of a task below `tasks`, which is absolute and has no links. Free of links itself, so that nothing changes
/// where it leads but a change of the tasks folder.
pub(super) fn confine(tasks: &Path, given: &str) -> Result<PathBuf, Refusal> {
    let missing = || Refusal::of_task(format!("Task directory does not exist: {given}"));
    let path = Path::new(given);
    let is_below = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if given.is_empty() || given.contains('\0') || !is_below {
        return Err(Refusal::of_task(format!(
            "Task path must be a folder below the tasks folder, without `..`: {given}"
        )));
    }
    let directory = tasks.join(path).canonicalize().ok().filter(|directory| directory.is_dir()).ok_or_else(missing)?;
    // What lies outside is as good as not there: nobody learns what the machine has.
    let below = directory.strip_prefix(tasks).map_err(|_| missing())?;
    for name in ["package.json", "index.js"] {
        let is_there = directory.join(name).canonicalize().is_ok_and(|file| file.is_file() && file.starts_with(tasks));
        if !is_there {
            return Err(Refusal::of_task(format!("{name} not found in task directory")));
        }
    }
    // The tasks folder itself may be a task.
    Ok(if below.as_os_str().is_empty() { PathBuf::from(".") } else { below.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// `tasks` with a task in it, beside things that are none of a task's business.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().canonicalize().unwrap();
        let tasks = outside.join("tasks");
        for task in [tasks.join("group/hello"), outside.join("secret")] {
            fs::create_dir_all(&task).unwrap();
            fs::write(task.join("package.json"), "{}").unwrap();
            fs::write(task.join("index.js"), "").unwrap();
        }
        (folder, tasks)
    }

    #[test]
    fn tasks_are_found_below_the_folder() {
        let (_folder, tasks) = folder();
        let expected = PathBuf::from("group/hello");
        for given in ["group/hello", "./group/./hello/", "group//hello"] {
            assert_eq!(confine(&tasks, given).unwrap(), expected);
        }
        symlink("group/hello", tasks.join("alias")).unwrap();
        assert_eq!(confine(&tasks, "alias").unwrap(), expected);
    }

    #[test]
    fn nothing_leads_out() {
        let (folder, tasks) = folder();
        symlink("../secret", tasks.join("link")).unwrap();
        symlink(folder.path(), tasks.join("up")).unwrap();
        let absolute = folder.path().join("secret").display().to_string();
        for given in ["..", "../secret", "group/../../secret", "/", "", &absolute, "link", "up/secret", "a\0b"] {
            let refusal = confine(&tasks, given).unwrap_err();
            assert!(refusal.text().starts_with("Failed to execute Node.js task: Task "), "{refusal:?}");
        }
    }

    #[test]
    fn what_is_no_program_is_no_task() {
        let (folder, tasks) = folder();
        let index = tasks.join("group/hello/index.js");
        let refused = || confine(&tasks, "group/hello").unwrap_err().text().to_owned();
        let expected = "Failed to execute Node.js task: index.js not found in task directory";
        fs::remove_file(&index).unwrap();
        assert_eq!(refused(), expected);
        fs::create_dir(&index).unwrap();
        assert_eq!(refused(), expected);
        fs::remove_dir(&index).unwrap();
        symlink(folder.path().join("secret/index.js"), &index).unwrap();
        assert_eq!(refused(), expected);
        fs::remove_file(tasks.join("group/hello/package.json")).unwrap();
        assert_eq!(refused(), expected.replace("index.js", "package.json"));
        let missing = confine(&tasks, "missing").unwrap_err();
        assert_eq!(missing.text(), "Failed to execute Node.js task: Task directory does not exist: missing");
    }

    proptest! {
        #[test]
        fn no_path_leads_out(parts in proptest::collection::vec(
            prop_oneof![Just(".."), Just("."), Just(""), Just("group"), Just("hello"), Just("secret"), Just("tasks")], 0..8,
        )) {
            let (_folder, tasks) = folder();
            if let Ok(path) = confine(&tasks, &parts.join("/")) {
                prop_assert!(tasks.join(path).canonicalize().unwrap().starts_with(&tasks));
            }
        }
    }
}
