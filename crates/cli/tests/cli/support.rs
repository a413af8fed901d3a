//! A folder of its own for each test, and the binary in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use rustix::process::{Pid, Signal, kill_process};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than any command here takes; a hang fails its own test only.
const PATIENCE: Duration = Duration::from_secs(60);

/// A temporary folder: the current one of the commands that run in it.
pub(crate) struct Workspace {
    folder: TempDir,
}

/// What a command did.
pub(crate) struct Finished {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With one file, because most tests need one.
    pub(crate) fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let workspace = Self::new();
        workspace.write(name, content);
        workspace
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, and the folders that it is in.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// `stockade` with arguments, not yet started; nothing of the tester's own settings reaches it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stockade"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_remove("STOCKADE_CONFIGURATION")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command
    }

    pub(crate) fn stockade(&self, arguments: &[&str]) -> Finished {
        self.finish(&mut self.command(arguments))
    }

    /// Runs a command to its end.
    pub(crate) fn finish(&self, command: &mut Command) -> Finished {
        self.finished(&wait(command.stderr(Stdio::piped()).spawn().unwrap()))
    }

    pub(crate) fn stockade_with_stdin(&self, arguments: &[&str], stdin: &[u8]) -> Finished {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let stdin = stdin.to_vec();
        // The command may end without reading all of it.
        let writer = thread::spawn(move || pipe.write_all(&stdin).is_ok());
        let output = wait(child);
        writer.join().unwrap();
        self.finished(&output)
    }

    /// Started, with pipes for stdout and stderr.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs `code` as a file with this name.
    pub(crate) fn run_code(name: &str, code: &str, options: &[&str]) -> Finished {
        let workspace = Self::with(name, code);
        workspace.stockade(&[&["run", name], options].concat())
    }

    fn finished(&self, output: &Output) -> Finished {
        let text = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec()).unwrap().replace(&self.path().display().to_string(), "[FOLDER]")
        };
        Finished {
            status: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

/// Waits for the end of a command, and ends it after [`PATIENCE`].
fn wait(child: Child) -> Output {
    let process = Pid::from_child(&child);
    let (ended, end) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if end.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = kill_process(process, Signal::KILL);
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(ended);
    watchdog.join().unwrap();
    output
}

impl Finished {
    /// Everything that the user sees, for snapshots.
    pub(crate) fn transcript(&self) -> String {
        format!("exit status {}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr)
    }

    /// The JSON on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.transcript()))
    }

    /// The result of code that succeeded and printed nothing.
    #[track_caller]
    pub(crate) fn result(&self) -> Value {
        assert_eq!((self.status, self.stderr.as_str()), (0, ""), "{}", self.transcript());
        self.json()
    }

    /// Fails the test unless the command ended with this status and this text on stderr.
    #[track_caller]
    pub(crate) fn assert_failed(&self, status: i32, text: &str) {
        assert_eq!(self.status, status, "{}", self.transcript());
        assert!(self.stderr.contains(text), "no {text:?} in:\n{}", self.transcript());
        assert_eq!(self.stdout, "", "{}", self.transcript());
    }
}
