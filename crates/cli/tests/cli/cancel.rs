//! Ctrl-C and its relatives.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::support::Workspace;

const WAITS: &str = "import time\nprint('started')\ntime.sleep(60)\n";

/// Started in a process group of its own, as a shell does it, and past its first line.
fn started(workspace: &Workspace, options: &[&str]) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut command = workspace.command(&[&["run", "x.py"], options].concat());
    let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert_eq!(line, "started\n");
    (child, stderr)
}

fn identity(child: &Child) -> Pid {
    Pid::from_child(child)
}

#[test]
fn a_signal_cancels_the_task() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let workspace = Workspace::with("x.py", WAITS);
        let (mut child, mut stderr) = started(&workspace, &[]);
        let begin = Instant::now();
        kill_process(identity(&child), signal).unwrap();
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(11), "{signal:?}: {text}");
        assert_eq!(text, "error: CANCELLED_ERROR: The task was cancelled\n");
        assert!(begin.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn control_c_reaches_the_whole_group() {
    let workspace = Workspace::with("x.py", WAITS);
    let (mut child, mut stderr) = started(&workspace, &[]);
    kill_process_group(identity(&child), Signal::INT).unwrap();
    let mut text = String::new();
    stderr.read_to_string(&mut text).unwrap();
    assert_eq!(
        (child.wait().unwrap().code(), text.as_str()),
        (Some(11), "error: CANCELLED_ERROR: The task was cancelled\n")
    );
}

#[test]
fn a_second_signal_ends_a_command_that_is_stuck() {
    let workspace = Workspace::with("x.py", "print('started')\nwhile True: print('x' * 1000)\n");
    // Nobody reads on, so that the command hangs in writing.
    let (mut child, stderr) = started(&workspace, &["--output-limit", "1G"]);
    thread::sleep(Duration::from_millis(500));
    for _ in 0..2 {
        assert!(child.try_wait().unwrap().is_none());
        kill_process(identity(&child), Signal::INT).unwrap();
        thread::sleep(Duration::from_millis(200));
    }
    let begin = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(11));
    assert!(begin.elapsed() < Duration::from_secs(5));
    drop(stderr);
}
