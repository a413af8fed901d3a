//! Real programs. The interpreters of this machine are tried, and those named in `STOCKADE_TEST_INTERPRETERS`, a list
//! of paths separated by colons.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::filtered::{Finished, run};

/// The interpreters whose file name begins with `name`.
fn interpreters(name: &str) -> Vec<PathBuf> {
    let named = std::env::var_os("STOCKADE_TEST_INTERPRETERS").unwrap_or_default();
    let named = std::env::split_paths(&named)
        .filter(|path| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(name)))
        .collect::<Vec<_>>();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    named.into_iter().chain(found).collect()
}

/// Runs a program in a folder of its own.
fn run_program(interpreter: &Path, arguments: &[&str]) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let programs = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system_calls/programs");
    let arguments = arguments.iter().map(|argument| argument.replace("PROGRAMS", programs));
    let mut command = Command::new(interpreter);
    run(command.args(arguments).current_dir(folder.path()).env("HOME", folder.path()).env("TMPDIR", folder.path()))
}

fn assert_undisturbed(interpreter: &Path, arguments: &[&str]) {
    let finished = run_program(interpreter, arguments);
    let Finished { status, stdout, stderr, denied } = &finished;
    assert!(status.success(), "{}: {status}\n{stdout}\n{stderr}\ndenied: {denied:?}", interpreter.display());
    assert_eq!(stdout.trim_end().lines().last(), Some("all is well"), "{}\n{stderr}", interpreter.display());
    assert!(denied.is_empty(), "{}: {denied:?}", interpreter.display());
}

#[test]
fn python_runs_undisturbed() {
    let interpreters = interpreters("python3");
    assert!(!interpreters.is_empty(), "Python is needed");
    for python in interpreters {
        assert_undisturbed(&python, &["PROGRAMS/everything.py"]);
    }
}

#[test]
fn node_runs_undisturbed() {
    let interpreters = interpreters("node");
    assert!(!interpreters.is_empty(), "Node.js is needed");
    for node in interpreters {
        assert_undisturbed(&node, &["--expose-gc", "PROGRAMS/everything.mjs"]);
        // As zygotes are started.
        assert_undisturbed(&node, &["--single-threaded", "--v8-pool-size=0", "--expose-gc", "PROGRAMS/everything.mjs"]);
    }
}

#[test]
fn shells_run_undisturbed() {
    for shell in ["sh", "bash"] {
        for shell in interpreters(shell) {
            assert_undisturbed(&shell, &["PROGRAMS/everything.sh"]);
        }
    }
}

/// Where they are installed: languages that a configuration may name.
#[test]
fn other_languages_run_undisturbed() {
    let programs = [
        (
            "ruby",
            "t = Thread.new { `echo all is well` }; r, w = IO.pipe; fork { w.puts 1 }; r.gets; Process.wait; puts t.value",
        ),
        ("perl", "my $pid = fork // die; exit 0 unless $pid; waitpid $pid, 0; print `echo all is well`"),
    ];
    for (name, code) in programs {
        for interpreter in interpreters(name) {
            assert_undisturbed(&interpreter, &["-e", code]);
        }
    }
}

#[test]
fn denied_calls_are_named() {
    for python in interpreters("python3").into_iter().take(1) {
        let code = "import socket\ntry: socket.socket()\nexcept PermissionError as error: print(error.errno)";
        let finished = run_program(&python, &["-c", code]);
        assert_eq!((finished.stdout.trim(), finished.denied.as_slice()), ("1", &["socket"][..]), "{}", finished.stderr);
    }
    for node in interpreters("node").into_iter().take(1) {
        let code = "try { fs.watch('.') } catch (error) { console.log(error.code) }";
        let finished = run_program(&node, &["-e", code]);
        let expected = ("EPERM", &["inotify_init1"][..]);
        assert_eq!((finished.stdout.trim(), finished.denied.as_slice()), expected, "{}", finished.stderr);
    }
}
