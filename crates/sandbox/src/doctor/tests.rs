use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::facts::{Container, Facts, container};
use super::probe::Step;
use super::remedy::remedy;
use super::{Report, State, WallReport, examine};
use crate::identity::Identity;
use crate::wall::Wall;

const USER: Facts = Facts {
    kernel: String::new(),
    user: 1000,
    container: None,
    user_namespaces: Some(100),
    unprivileged_user_namespaces: None,
    restricted_by_apparmor: None,
    identity: Identity::Single { user: 1000, group: 1000 },
};

#[test]
fn every_wall_is_examined_and_nothing_changes() {
    let state = || {
        let read = |path: &str| fs::read_to_string(path).unwrap();
        let status = read("/proc/self/status");
        let kept = status.lines().filter(|line| line.starts_with("NoNewPrivs") || line.starts_with("Seccomp"));
        let namespaces =
            fs::read_dir("/proc/self/ns").unwrap().map(|entry| fs::read_link(entry.unwrap().path()).unwrap());
        (read("/proc/self/limits"), kept.map(str::to_owned).collect::<Vec<_>>(), namespaces.collect::<Vec<_>>())
    };
    let before = state();
    let report = examine(&[]);
    assert_eq!(state(), before);
    assert_eq!(report.walls.iter().map(|wall| wall.wall).collect::<Vec<_>>(), Wall::ALL);
    assert!(report.walls.iter().all(|wall| !wall.found.is_empty()));
    // A machine that runs these tests can run tasks.
    assert!(report.ready(), "{report:#?}");
}

#[test]
fn a_wall_can_be_given_up() {
    let report = examine(&[Wall::Cgroup, Wall::Seccomp]);
    for wall in [Wall::Cgroup, Wall::Seccomp] {
        assert_eq!(report.wall(wall).unwrap().state, State::GivenUp);
    }
    assert!(report.ready());
    let report = examine(&[Wall::PidNamespace]);
    assert_eq!(report.wall(Wall::PidNamespace).unwrap().state, State::Missing, "the others stand on it");
    assert_eq!(report.wall(Wall::UserNamespace).unwrap().state, State::Up);
    assert!(!report.ready());
}

/// Prints a report when it runs in the process that one of the next two tests starts.
#[test]
fn report_for_another_test() {
    println!("{}", serde_json::to_string(&examine(&[])).unwrap());
}

/// The report of another process, as its JSON.
fn report_of(prepare: impl FnOnce(&mut Command)) -> serde_json::Value {
    // A copy that everybody can execute, wherever this program lies. Made by a process of its own: a child that
    // another test forks meanwhile would keep the file open for writing.
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = folder.path().join("tests");
    assert!(Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&copy).status().unwrap().success());
    let mut command = Command::new(&copy);
    command.args(["doctor::tests::report_for_another_test", "--exact", "--nocapture"]).current_dir(folder.path());
    prepare(&mut command);
    let output = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let json = stdout.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{output:?}"));
    serde_json::from_str(json).unwrap()
}

#[test]
fn an_unprivileged_user_can_build_the_walls() {
    if !rustix::process::geteuid().is_root() {
        println!("nothing to test here: this is an unprivileged user already");
        return;
    }
    let report = report_of(|command| {
        command.uid(65534).gid(65534);
    });
    assert_eq!(report["user"], 65534);
    for wall in report["walls"].as_array().unwrap() {
        let expected = if wall["wall"] == "cgroup" { "fallback" } else { "up" };
        assert_eq!(wall["state"], expected, "{wall}");
    }
}

/// A report of a process in which a call is answered with `EPERM`, as the profiles of container software do; `found`
/// gives what it says about a wall.
fn report_without(call: libc::c_long) -> impl Fn(Wall) -> String {
    let instruction = |code: u32, operand: u32, if_true: u8, if_false: u8| libc::sock_filter {
        code: code as u16,
        jt: if_true,
        jf: if_false,
        k: operand,
    };
    let filter = [
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, call as u32, 0, 1),
        instruction(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32, 0, 0),
        instruction(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let report = report_of(|command| {
        let install = move || {
            let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
            // SAFETY: `program` and the filter that it points to outlive the calls.
            let result = unsafe {
                libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program)
            };
            if result < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
        };
        // SAFETY: the closure makes system calls only.
        unsafe { command.pre_exec(install) };
    });
    move |wall: Wall| {
        let walls = report["walls"].as_array().unwrap();
        let report = walls.iter().find(|report| report["wall"] == wall.name()).unwrap();
        format!("{}: {}", report["state"].as_str().unwrap(), report["found"].as_str().unwrap())
    }
}

#[test]
fn a_forbidden_call_is_named() {
    let found = report_without(libc::SYS_unshare);
    assert_eq!(
        found(Wall::UserNamespace),
        "missing: unshare(CLONE_NEWUSER) fails: Operation not permitted (os error 1)"
    );
    for wall in [Wall::PidNamespace, Wall::MountNamespace, Wall::NetworkNamespace, Wall::IpcNamespace] {
        assert_eq!(found(wall), "missing: needs the user namespace");
    }
    assert!(found(Wall::Seccomp).starts_with("up: "));
}

/// Calls that only a zygote or a worker makes.
#[test]
fn what_only_the_engine_would_meet_is_found() {
    for (call, wall, text) in [
        (libc::SYS_pivot_root, Wall::MountNamespace, "cannot pivot to the new root"),
        (libc::SYS_execveat, Wall::UserNamespace, "the launcher ended before it was ready (exit status 4)"),
        (libc::SYS_setns, Wall::PidNamespace, "cannot fork a worker"),
        (libc::SYS_landlock_restrict_self, Wall::UserNamespace, "cannot restrict the file system"),
    ] {
        let found = report_without(call)(wall);
        assert!(found.starts_with("missing: a whole worker cannot be built: "), "{found}");
        assert!(found.contains(text), "{found}");
    }
}

#[test]
fn the_report_is_plain_json() {
    let wall =
        WallReport { wall: Wall::NoNewPrivileges, state: State::GivenUp, found: "seen".to_owned(), remedy: None };
    let report = Report { kernel: "6.1".to_owned(), container: Some("Docker".to_owned()), user: 0, walls: vec![wall] };
    insta::assert_snapshot!(serde_json::to_string(&report).unwrap(), @r#"{"kernel":"6.1","container":"Docker","user":0,"walls":[{"wall":"no-new-privileges","state":"given-up","found":"seen","remedy":null}]}"#);
}

#[test]
fn only_a_missing_wall_is_in_the_way() {
    let ready = |wall, state| {
        let walls = vec![WallReport { wall, state, found: String::new(), remedy: None }];
        Report { kernel: String::new(), container: None, user: 0, walls }.ready()
    };
    assert!(!ready(Wall::Seccomp, State::Missing));
    assert!(ready(Wall::Landlock, State::Missing), "it is on where the kernel has it");
    assert!(ready(Wall::Cgroup, State::Fallback) && ready(Wall::Seccomp, State::GivenUp));
}

#[test]
fn remedies_fit_their_reason() {
    let root = Facts { user: 0, ..USER };
    let no_namespaces = Facts { user_namespaces: Some(0), ..USER };
    let debian = Facts { unprivileged_user_namespaces: Some(0), ..USER };
    let ubuntu = Facts { restricted_by_apparmor: Some(1), ..USER };
    let inside = |container| Facts { container: Some(container), ..root.clone() };
    let cases = [
        ("no namespaces", remedy(Step::UserNamespace, libc::ENOSPC, &USER)),
        ("no namespaces", remedy(Step::UserNamespace, libc::EPERM, &no_namespaces)),
        ("Debian", remedy(Step::UserNamespace, libc::EPERM, &debian)),
        ("Debian, root", remedy(Step::UserNamespace, libc::EPERM, &Facts { user: 0, ..debian.clone() })),
        ("Ubuntu", remedy(Step::Mount, libc::EACCES, &ubuntu)),
        ("old kernel", remedy(Step::PidNamespace, libc::EINVAL, &root)),
        ("Docker", remedy(Step::UserNamespace, libc::EPERM, &inside(Container::Docker))),
        ("Kubernetes", remedy(Step::Mount, libc::EACCES, &inside(Container::Kubernetes))),
        ("LXC", remedy(Step::Mount, libc::EACCES, &inside(Container::Other))),
        ("second listener", remedy(Step::Filter, libc::EBUSY, &inside(Container::Other))),
        ("no seccomp", remedy(Step::Filter, libc::EINVAL, &root)),
        ("seccomp forbidden", remedy(Step::Filter, libc::EPERM, &inside(Container::Podman))),
        ("prctl", remedy(Step::NoNewPrivileges, libc::EPERM, &root)),
    ];
    let text: Vec<String> = cases.iter().map(|(case, remedy)| format!("{case}: {remedy}")).collect();
    insta::assert_snapshot!("remedies", text.join("\n"));
}

#[test]
fn containers_are_told_by_their_marks() {
    let with = |marks: &[(&str, &str)]| {
        let root = tempfile::tempdir().unwrap();
        for (path, contents) in marks {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, contents).unwrap();
        }
        container(root.path())
    };
    assert_eq!(with(&[]), None);
    assert_eq!(with(&[(".dockerenv", "")]), Some(Container::Docker));
    assert_eq!(with(&[("run/.containerenv", ""), (".dockerenv", "")]), Some(Container::Podman));
    assert_eq!(with(&[("run/secrets/kubernetes.io/serviceaccount/token", "")]), Some(Container::Kubernetes));
    assert_eq!(with(&[("proc/1/environ", "A=1\0container=lxc\0")]), Some(Container::Other));
    assert_eq!(with(&[("proc/1/environ", "A=container=lxc\0")]), None);
    assert!(!Path::new("/.dockerenv").exists() || container(Path::new("/")).is_some());
}
