//! Each wall alone: an attack that only this wall stops fails with it and succeeds without it.
//!
//! Walls overlap on purpose, so the others that would stop the same attack are given up in both arms. The walls that
//! cannot be given up are compared with the same program outside, and giving them up is refused.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "walls/inheritance.rs"]
mod inheritance;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use stockade_engine::Engine;
use stockade_protocol::task::MEBIBYTE;
use stockade_protocol::{ErrorCode, Language};
use stockade_sandbox::Wall;
use stockade_sandbox::doctor::{State, examine};
use stockade_tests::{Report, binary, code, configuration, descendants, limits, run, runtime, start};

/// Runs a task on an engine of its own that does without some walls.
fn task(language: &Language, without: &[Wall], source: &str, limits: stockade_protocol::Limits) -> Report {
    let mut configuration = configuration(std::slice::from_ref(language));
    configuration.without_walls = without.to_vec();
    configuration.runtimes[0].waiting_workers = 1;
    configuration.runtimes[0].limits = limits;
    runtime().block_on(async {
        let engine = start(configuration).await.unwrap();
        let report = run(&engine, stockade_protocol::Task { limits, ..code(language, source.to_owned()) }).await;
        engine.stop().await;
        report
    })
}

/// What a Python program prints as JSON behind all walls but some.
#[track_caller]
fn inside(without: &[Wall], source: &str) -> Value {
    let report = task(&Language::Python, without, source, limits());
    assert!(report.outcome.result.is_ok(), "{report:?}");
    serde_json::from_slice(&report.stdout).unwrap_or_else(|error| panic!("{error}: {report:?}"))
}

/// What the same program prints without any wall.
#[track_caller]
fn outside(source: &str) -> Value {
    let python = std::env::var("STOCKADE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python).args(["-c", source]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether the wall stands on this machine at all; a test of its own says what happens where it does not.
fn stands(wall: Wall) -> bool {
    let report = examine(&[]);
    report.walls.iter().any(|found| found.wall == wall && found.state == State::Up)
}

/// Namespaces of a waiting worker that are the supervisor's too, and the worker's user id on the host.
fn shared_namespaces(without: &[Wall]) -> (Vec<&'static str>, u32) {
    const ALL: [&str; 6] = ["user", "pid", "mnt", "net", "ipc", "uts"];
    let of = |process: &str| ALL.map(|kind| fs::read_link(format!("/proc/{process}/ns/{kind}")).unwrap());
    let mut configuration = configuration(&[Language::Python]);
    configuration.without_walls = without.to_vec();
    // Tells this engine's processes from those of the tests beside.
    let mark = format!("walls-test-{}", without.len());
    configuration.runtimes[0].interpreter_arguments = vec!["-X".to_owned(), mark.clone()];
    runtime().block_on(async {
        let engine = start(configuration).await.unwrap();
        let marked: Vec<_> =
            descendants(std::process::id()).into_iter().filter(|process| process.command.contains(&mark)).collect();
        let is_worker = |id| marked.iter().any(|process| process.id == id);
        let worker = marked.iter().find(|process| is_worker(process.parent)).unwrap().id.to_string();
        let (own, its) = (of("self"), of(&worker));
        let status = fs::read_to_string(format!("/proc/{worker}/status")).unwrap();
        let user = status.lines().find_map(|line| line.strip_prefix("Uid:\t")?.split('\t').next()?.parse().ok());
        engine.stop().await;
        ((0..ALL.len()).filter(|&kind| own[kind] == its[kind]).map(|kind| ALL[kind]).collect(), user.unwrap())
    })
}

#[test]
fn a_worker_shares_no_namespace_with_its_supervisor() {
    let (shared, user) = shared_namespaces(&[]);
    assert_eq!(shared, Vec::<&str>::new());
    let own = rustix::process::geteuid().as_raw();
    assert!(user != 0 && (own != 0 || user != own), "the worker is user {user} on the host");
    let (shared, _) = shared_namespaces(&[Wall::NetworkNamespace, Wall::IpcNamespace]);
    assert_eq!(shared, ["net", "ipc"]);
}

#[test]
fn walls_that_others_stand_on_cannot_be_given_up() {
    for wall in [Wall::UserNamespace, Wall::PidNamespace, Wall::MountNamespace, Wall::NoNewPrivileges] {
        let mut configuration = configuration(&[Language::Python]);
        configuration.without_walls = vec![wall];
        let error = runtime().block_on(Engine::start(configuration)).unwrap_err().to_string();
        let expected = format!(
            "cannot start python: the wall `{wall}` cannot be given up, because the others stand on it: take it out of \
             the walls to do without"
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn without_user_namespaces_nothing_starts() {
    // A namespace of the test's own in which there can be no other.
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && printf 'return 1' | \"$0\" run --language python -";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(binary())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(message.contains("the wall `user-namespace` cannot be built"), "{message}");
    assert!(message.contains("No space left on device"), "the reason: {message}");
    assert!(message.contains("user.max_user_namespaces"), "the remedy: {message}");
}

#[test]
fn user_namespace_and_no_capabilities() {
    let source = r#"
import ctypes, json
READ_BOUNDING_SET = 23
libc = ctypes.CDLL(None)
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
data = (ctypes.c_uint32 * 6)()
libc.syscall(125, header, data)
print(json.dumps([list(data), any(libc.prctl(READ_BOUNDING_SET, number, 0, 0, 0) == 1 for number in range(41))]))
"#;
    assert_eq!(inside(&[Wall::Seccomp], source), json!([[0, 0, 0, 0, 0, 0], false]));
    assert_ne!(outside(source), json!([[0, 0, 0, 0, 0, 0], false]), "the tester's own bounding set is empty");
}

#[test]
fn no_new_privileges_and_not_dumpable() {
    let source = r#"
import ctypes, json
GET_NO_NEW_PRIVILEGES, GET_DUMPABLE = 39, 3
libc = ctypes.CDLL(None)
print(json.dumps([libc.prctl(GET_NO_NEW_PRIVILEGES, 0, 0, 0, 0), libc.prctl(GET_DUMPABLE, 0, 0, 0, 0)]))
"#;
    assert_eq!(inside(&[], source), json!([1, 0]));
    assert_eq!(outside(source)[1], json!(1));
}

#[test]
fn pid_namespace() {
    let source = format!(
        "import errno, os\ntry:\n    os.kill({}, 0)\n    print('\"seen\"')\nexcept OSError as error:\n    \
         print('\"' + errno.errorcode[error.errno] + '\"')",
        std::process::id()
    );
    // A process that is there but may not be signalled answers EPERM.
    assert_eq!(inside(&[Wall::Seccomp, Wall::Landlock], &source), "ESRCH");
    assert_eq!(outside(&source), "seen");
}

#[test]
fn mount_namespace() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"of the host").unwrap();
    // Every user may read it: only the mount namespace hides it.
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let source = format!(
        "import json\ntry:\n    print(json.dumps(open({:?}).read()))\nexcept OSError as error:\n    \
         print(json.dumps(type(error).__name__))",
        file.path()
    );
    assert_eq!(inside(&[Wall::Seccomp, Wall::Landlock], &source), "FileNotFoundError");
    assert_eq!(outside(&source), "of the host");
}

#[test]
fn uts_namespace() {
    let source = "import json, socket\nprint(json.dumps(socket.gethostname()))";
    assert_eq!(inside(&[], source), "stockade");
    assert_ne!(outside(source), "stockade");
}

#[test]
fn network_namespace() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let source = format!(
        "import json, socket\ntry:\n    socket.create_connection(('127.0.0.1', {}), 5)\n    \
         print('\"connected\"')\nexcept OSError as error:\n    print(json.dumps(error.strerror))",
        listener.local_addr().unwrap().port()
    );
    assert_eq!(inside(&[Wall::Seccomp, Wall::Landlock], &source), "Network is unreachable");
    assert_eq!(inside(&[Wall::Seccomp, Wall::Landlock, Wall::NetworkNamespace], &source), "connected");
}

/// A shared memory segment of the host, removed in the end.
struct Segment {
    key: u32,
}

impl Segment {
    const PYTHON: &str = "import ctypes, sys\nlibc = ctypes.CDLL(None, use_errno=True)\n";

    fn new() -> Self {
        let key = 0x5354_0000 | (std::process::id() & 0xffff);
        outside(&format!("{}print(int(libc.shmget({key}, 4096, 0o1666) < 0))", Self::PYTHON));
        Self { key }
    }

    fn find(&self) -> String {
        format!("{}print('\"found\"' if libc.shmget({}, 4096, 0) >= 0 else ctypes.get_errno())", Self::PYTHON, self.key)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        outside(&format!("{}print(libc.shmctl(libc.shmget({}, 4096, 0), 0, None))", Self::PYTHON, self.key));
    }
}

#[test]
fn ipc_namespace() {
    const NO_ENTRY: i32 = 2;
    let segment = Segment::new();
    assert_eq!(inside(&[Wall::Seccomp], &segment.find()), NO_ENTRY);
    assert_eq!(inside(&[Wall::Seccomp, Wall::IpcNamespace], &segment.find()), "found");
}

#[test]
fn cgroup() {
    if !stands(Wall::Cgroup) {
        eprintln!("no control groups here: `stockade doctor` says why");
        return;
    }
    // Files in memory belong to no process, so that adding up processes does not see them.
    let source = "for number in range(10):\n    open(f'/tmp/{number}', 'wb').write(bytes(16 << 20))\nprint('true')";
    let limits =
        stockade_protocol::Limits { memory_bytes: 96 * MEBIBYTE, temporary_storage_bytes: 256 * MEBIBYTE, ..limits() };
    let report = task(&Language::Python, &[], source, limits);
    assert_eq!(report.code(), Some(ErrorCode::MemoryError), "{report:?}");
    let report = task(&Language::Python, &[Wall::Cgroup], source, limits);
    assert_eq!(report.stdout, b"true\n", "{report:?}");
}

#[test]
fn without_a_cgroup_processes_are_watched() {
    let memory = "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        held = b'x' * (48 << 20)\n        \
                  time.sleep(60)\ntime.sleep(60)";
    let report = task(&Language::Python, &[Wall::Cgroup], memory, limits());
    assert_eq!(report.code(), Some(ErrorCode::MemoryError), "{report:?}");
    let bomb = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass";
    let report = task(&Language::Python, &[Wall::Cgroup], bomb, limits());
    assert_eq!(report.code(), Some(ErrorCode::ProcessLimitError), "{report:?}");
}

#[test]
fn rlimit() {
    // Mapped and never touched, so that no cgroup counts it.
    let source = "import json, mmap\ntry:\n    mmap.mmap(-1, 1 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n    \
                  print('\"mapped\"')\nexcept OSError as error:\n    print(json.dumps(error.strerror))";
    assert_eq!(inside(&[], source), "Cannot allocate memory");
    assert_eq!(inside(&[Wall::Rlimit], source), "mapped");
}

#[test]
fn seccomp() {
    let source = "import ctypes\nNEW_USER_NAMESPACE = 0x1000_0000\n\
                  print(ctypes.CDLL(None).unshare(NEW_USER_NAMESPACE))";
    let report = task(&Language::Python, &[], source, limits());
    assert_eq!((&report.stdout[..], &report.outcome.denied[..]), (&b"-1\n"[..], &["unshare".to_owned()][..]));
    assert_eq!(inside(&[Wall::Seccomp], source), 0);
}

#[test]
fn landlock() {
    if !stands(Wall::Landlock) {
        eprintln!("no Landlock here: `stockade doctor` says why");
        return;
    }
    // No rule is for the root itself, which is of directories that everybody may list.
    let source = "import json, os\ntry:\n    print(json.dumps('tmp' in os.listdir('/')))\n\
                  except OSError as error:\n    print(json.dumps(type(error).__name__))";
    assert_eq!(inside(&[], source), "PermissionError");
    assert_eq!(inside(&[Wall::Landlock], source), true);
}

#[test]
fn closed_descriptors() {
    // Not closed on `execve`: every program that is started meanwhile gets it, but no worker.
    let file = rustix::io::dup(tempfile::tempfile().unwrap()).unwrap();
    let source = "import fcntl, json\ndef is_open(number):\n    try:\n        return fcntl.fcntl(number, fcntl.F_GETFD) >= 0\n    \
                  except OSError:\n        return False\nprint(json.dumps([n for n in range(1024) if is_open(n)]))";
    assert_eq!(inside(&[], source), json!([0, 1, 2, 3]));
    let seen = outside(source);
    assert!(seen.as_array().unwrap().contains(&json!(file.as_raw_fd())), "{seen}");
}

#[test]
fn a_worker_of_node_keeps_only_its_event_loop() {
    let source = r#"
const kinds = [];
for (let number = 0; number < 1024; number += 1) {
  try {
    const found = require('fs').fstatSync(number);
    const kind = ['File', 'Directory', 'BlockDevice', 'Socket'].find((name) => found[`is${name}`]());
    if (kind !== undefined) kinds.push([number, kind]);
  } catch {
    // Closed.
  }
}
return kinds;
"#;
    let report = task(&Language::JavaScript, &[], source, limits());
    assert_eq!(report.result(), json!([[3, "Socket"]]), "{report:?}");
}

#[test]
fn clean_environment() {
    let source = "import os, sys\nseen = os.environ.get('SECRET'), os.path.exists('/proc/self/environ')\n\
                  print(*seen, sorted(os.environ), file=sys.stderr)";
    let mut command = Command::new(binary());
    command.args(["run", "--language", "python", "-"]).env("SECRET", "of the host");
    let shown = with_stdin(&mut command, source);
    assert!(shown.starts_with("None False "), "{shown}");
    for leaked in ["CARGO", "USER", "SSH", "SECRET"] {
        assert!(!shown.contains(leaked), "{shown}");
    }
    let shown = with_stdin(Command::new("python3").arg("-").env("SECRET", "of the host"), source);
    assert!(shown.starts_with("of the host True "), "{shown}");
}

fn with_stdin(command: &mut Command, text: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output: Output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}
