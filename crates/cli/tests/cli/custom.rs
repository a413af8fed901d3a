//! A configured command in the same walls.

use serde_json::json;

use crate::support::Workspace;

const CONFIGURATION: &str = "[runtimes.bash]\ncommand = [\"bash\", \"{file}\"]\nextensions = [\"sh\"]\n";

fn workspace(code: &str) -> Workspace {
    let workspace = Workspace::with("stockade.toml", CONFIGURATION);
    workspace.write("x.sh", code);
    workspace
}

#[test]
fn its_output_is_ours() {
    let finished = workspace("echo hello\necho aside >&2\n").stockade(&["run", "x.sh"]);
    assert_eq!(finished.transcript(), "exit status 0\n--- stdout\nhello\n--- stderr\naside\n");
}

#[test]
fn by_name_and_from_standard_input() {
    let workspace = Workspace::with("stockade.toml", CONFIGURATION);
    let finished = workspace.stockade_with_stdin(&["run", "-", "--language", "bash"], b"echo $((6 * 7))\n");
    assert_eq!((finished.status, finished.stdout.as_str()), (0, "42\n"), "{}", finished.transcript());
}

#[test]
fn one_object_for_programs() {
    let mut report = workspace("echo hello\n").stockade(&["run", "x.sh", "--json"]).json();
    report.as_object_mut().unwrap().remove("usage");
    assert_eq!(report, json!({ "status": "ok", "exit_code": 0, "stdout": "hello\n", "stderr": "", "denied": [] }));
}

#[test]
fn another_exit_code_is_a_failure() {
    let finished = workspace("echo half\nexit 3\n").stockade(&["run", "x.sh"]);
    assert_eq!((finished.status, finished.stdout.as_str()), (1, "half\n"), "{}", finished.transcript());
    assert_eq!(finished.stderr, "error: RUNTIME_ERROR: Process exited with code 3\n");
    let report = workspace("exit 3\n").stockade(&["run", "x.sh", "--json"]).json();
    assert_eq!((&report["error"]["code"], &report["exit_code"]), (&json!("RUNTIME_ERROR"), &json!(3)));
}

#[test]
fn the_walls_are_the_same() {
    let workspace = workspace("cat /etc/shadow || touch /usr/x || ls /root || exit 9\n");
    let finished = workspace.stockade(&["run", "x.sh"]);
    assert_eq!((finished.status, finished.stdout.as_str()), (1, ""), "{}", finished.transcript());
    assert!(finished.stderr.contains("Process exited with code 9"), "{}", finished.transcript());
}

#[test]
fn its_limits_come_from_the_configuration_and_the_options() {
    let workspace = workspace("while :; do :; done\n");
    workspace.stockade(&["run", "x.sh", "--timeout", "300ms"]).assert_failed(4, "timed out after 0.3 seconds");
    workspace.write("stockade.toml", format!("{CONFIGURATION}limits.timeout = \"200ms\"\n"));
    workspace.stockade(&["run", "x.sh"]).assert_failed(4, "timed out after 0.2 seconds");
}

#[test]
fn a_command_that_is_missing() {
    let workspace = workspace("");
    workspace.write("stockade.toml", CONFIGURATION.replace("[\"bash\"", "[\"no-such-shell\""));
    workspace.stockade(&["run", "x.sh"]).assert_failed(
        12,
        "error: cannot start bash: `no-such-shell` is not there\nhint: install it, or change `command` of [runtimes.bash]\n",
    );
}

#[test]
fn packages_are_for_the_other_two() {
    let finished = workspace("").stockade(&["run", "x.sh", "--packages", "."]);
    finished.assert_failed(2, "error: `--packages` and `--preload` are for python and javascript, not for bash\n");
}
