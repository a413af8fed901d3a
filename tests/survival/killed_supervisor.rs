//! A supervisor that is killed takes everything with it; what cannot end by itself, its control groups, is removed by
//! the next one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use stockade_protocol::Language;
use stockade_tests::{Supervisor, binary, code, configuration, is_alive, runtime, start, wait_until};

/// How long the kernel may take to end everything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// Told by a task once it has children.
const MARK: &str = "started";
const PYTHON: &str = r#"
import os, subprocess, sys, time
subprocess.Popen(["sleep", "3600"], start_new_session=True)
if os.fork() == 0:
    time.sleep(3600)
open("/tmp/left", "w").write("x" * 100_000)
print("started", file=sys.stderr, flush=True)
time.sleep(3600)
"#;
const JAVASCRIPT: &str = r#"
require('child_process').spawn('sleep', ['3600'], { detached: true, stdio: 'ignore' });
require('fs').writeFileSync('/tmp/left', 'x'.repeat(100_000));
console.error('started');
await new Promise((resolve) => setTimeout(resolve, 3_600_000));
"#;

/// Groups of one supervisor in every hierarchy.
fn groups(supervisor: u32) -> Vec<PathBuf> {
    let prefix = format!("stockade-{supervisor}-");
    let mut found = vec![PathBuf::from("/sys/fs/cgroup")];
    let mut index = 0;
    while index < found.len() {
        let below = fs::read_dir(&found[index]).into_iter().flatten().flatten();
        found.extend(below.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()));
        index += 1;
    }
    found.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)));
    found
}

/// Mounts of the host's namespace, and names in the folders for temporary files that are Stockade's.
fn traces() -> (usize, Vec<String>) {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap().lines().count();
    let names = ["/tmp", "/dev/shm", "/var/tmp", "/run"].into_iter().flat_map(fs::read_dir).flatten().flatten();
    let names = names.map(|entry| entry.path().display().to_string()).filter(|name| name.contains("stockade"));
    (mounts, names.collect())
}

/// Kills the supervisor once it has told that a task is running, and looks at what is left.
fn kill_and_look(mut supervisor: Supervisor, at_least: usize) {
    let id = supervisor.0.id();
    let told = BufReader::new(supervisor.0.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(told.into_iter().any(|line| line.contains(MARK)), "the task has not started");
    let below = supervisor.below();
    assert!(below.len() >= at_least, "{below:?}");
    let has_groups = !groups(id).is_empty();

    supervisor.0.kill().unwrap();
    supervisor.0.wait().unwrap();
    for process in &below {
        wait_until(&format!("the end of {process:?}"), PATIENCE, || !is_alive(process.id));
    }
    if has_groups {
        assert!(!groups(id).is_empty(), "nobody was left to remove the groups");
        let next = Command::new(binary()).args(["run", "--language", "python", "/dev/null"]).output().unwrap();
        assert!(next.status.success(), "{next:?}");
        assert_eq!(groups(id), Vec::<PathBuf>::new());
    }
}

#[test]
fn of_the_command_line() {
    for (extension, source) in [("py", PYTHON), ("js", JAVASCRIPT)] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("task.{extension}"));
        fs::write(&file, source).unwrap();
        let before = traces();
        // Launcher, zygote, worker and its child at the least.
        kill_and_look(Supervisor::start(&["run", "--timeout", "600", file.to_str().unwrap()]), 4);
        assert_eq!(traces(), before);
    }
}

#[test]
fn of_an_engine_with_many_tasks() {
    let before = traces();
    // The engine is in another process of this test: the one that the ignored test below becomes.
    let name = "killed_supervisor::holds_an_engine_until_it_is_killed";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture"]).stdin(Stdio::null());
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    kill_and_look(Supervisor(child), 2 * 2 + 4 * 2);
    assert_eq!(traces(), before);
}

#[test]
#[ignore = "never ends: `of_an_engine_with_many_tasks` starts it and kills it"]
fn holds_an_engine_until_it_is_killed() {
    runtime().block_on(async {
        let languages = [Language::Python, Language::JavaScript];
        let engine = start(configuration(&languages)).await.unwrap();
        let mut running = Vec::new();
        for language in languages.iter().cycle().take(4) {
            let source = if *language == Language::Python { PYTHON } else { JAVASCRIPT };
            let mut task = code(language, source);
            task.limits.timeout = Duration::from_secs(600);
            running.push(engine.submit(task).unwrap());
        }
        for task in &mut running {
            while !matches!(task.next_event().await, Some(stockade_engine::TaskEvent::Stderr(_))) {}
        }
        eprintln!("{MARK}");
        std::future::pending::<()>().await;
    });
}
