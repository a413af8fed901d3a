//! The state of the walls and the interpreters.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use stockade_sandbox::Wall;

use crate::support::Workspace;

#[test]
fn a_table_for_people() {
    let finished = Workspace::new().stockade(&["doctor"]);
    assert_eq!((finished.status, finished.stderr.as_str()), (0, ""), "{}", finished.transcript());
    assert!(finished.stdout.starts_with("Linux "), "{}", finished.stdout);
    for wall in Wall::ALL {
        assert!(finished.stdout.contains(&format!("\n{wall} ")), "no {wall} in:\n{}", finished.stdout);
    }
    assert!(finished.stdout.contains("\npython "), "{}", finished.stdout);
    assert!(finished.stdout.lines().last().unwrap().starts_with("ready: tasks run "), "{}", finished.stdout);
}

#[test]
fn one_object_for_programs() {
    let finished = Workspace::new().stockade(&["doctor", "--json"]);
    assert_eq!((finished.status, finished.stderr.as_str()), (0, ""), "{}", finished.transcript());
    let report = finished.json();
    assert_eq!(report["ready"], true);
    assert_eq!(report["walls"].as_array().unwrap().len(), Wall::ALL.len());
    assert_eq!(report["interpreters"][0]["language"], "python");
    assert_eq!(report["interpreters"][1]["usable"], true, "{report}");
}

#[test]
fn walls_to_do_without_are_given_up() {
    let report = Workspace::new().stockade(&["doctor", "--json", "--without-wall", "cgroup"]).json();
    let walls = report["walls"].as_array().unwrap();
    let cgroup = walls.iter().find(|wall| wall["wall"] == "cgroup").unwrap();
    assert_eq!(cgroup["state"], "given-up");
}

#[test]
fn interpreters_that_are_missing_or_too_old() {
    let workspace = Workspace::new();
    let old = workspace.write("python3", "#!/bin/sh\necho Python 3.8.10\n");
    fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
    let finished = workspace.stockade(&["doctor", "--python", "./python3", "--node", "no-such-node"]);
    // The walls are what the status is about: someone may have use for one language only.
    assert_eq!(finished.status, 0, "{}", finished.transcript());
    // How wide a column is depends on the machine's walls.
    let words = finished.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "missing 3.8.10 is too old, [FOLDER]/python3 ",
        "remedy: install Python 3.10 or newer, or name one with `--python PATH` ",
        "missing `no-such-node` is not there ",
        "remedy: install Node.js 18 or newer, or name one with `--node PATH` ",
    ] {
        assert!(words.contains(text), "no {text:?} in:\n{}", finished.stdout);
    }
}

#[test]
fn custom_runtimes_are_looked_for_too() {
    let workspace = Workspace::with("stockade.toml", "[runtimes.shell]\ncommand = [\"sh\", \"{file}\"]\n");
    let report = workspace.stockade(&["doctor", "--json"]).json();
    assert_eq!(report["interpreters"][2]["language"], "shell");
    assert_eq!(report["interpreters"][2]["usable"], true);
}

#[test]
fn a_wrong_configuration_is_status_2() {
    let workspace = Workspace::with("stockade.toml", "walls = 4\n");
    workspace.stockade(&["doctor"]).assert_failed(2, "error: stockade.toml:1:1: unknown key `walls`");
}
