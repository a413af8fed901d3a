//! Options, `--help` and `--version`.

use crate::support::Workspace;

#[test]
fn version() {
    let finished = Workspace::new().stockade(&["--version"]);
    assert_eq!(finished.transcript(), "exit status 0\n--- stdout\nstockade 0.1.0\n--- stderr\n");
}

#[test]
fn help_goes_to_stdout_and_has_the_exit_statuses() {
    for arguments in [&["--help"][..], &["help", "run"], &["run", "--help"]] {
        let finished = Workspace::new().stockade(arguments);
        assert_eq!((finished.status, finished.stderr.as_str()), (0, ""));
        assert!(finished.stdout.contains("  9  PROCESS_LIMIT_ERROR"), "{}", finished.stdout);
    }
}

#[test]
fn wrong_usage_is_status_2() {
    let workspace = Workspace::with("x.py", "return 1");
    for arguments in [&[][..], &["rum"], &["run"], &["run", "x.py", "--quiet"], &["run", "x.py", "y.py"]] {
        let finished = workspace.stockade(arguments);
        assert_eq!((finished.status, finished.stdout.as_str()), (2, ""), "{}", finished.transcript());
        assert!(finished.stderr.contains("Usage: stockade"), "{}", finished.transcript());
    }
}

#[test]
fn limits_that_are_none() {
    let workspace = Workspace::with("x.py", "return 1");
    let options = [
        ["--timeout", "0"],
        ["--timeout", "-5"],
        ["--timeout", "soon"],
        ["--timeout", "NaN"],
        ["--timeout", "1e9"],
        ["--timeout", "99999999999999999999"],
        ["--memory", "0"],
        ["--memory", "-256M"],
        ["--memory", "a lot"],
        ["--memory", "99999T"],
        ["--tmp", "0"],
        ["--output-limit", "1B"],
        ["--processes", "0"],
        ["--processes", "1.5"],
        ["--without-wall", "moat"],
    ];
    let messages = options.map(|[option, value]| {
        let finished = workspace.stockade(&["run", "x.py", option, value]);
        assert_eq!((finished.status, finished.stdout.as_str()), (2, ""), "{}", finished.transcript());
        finished.stderr.lines().next().unwrap().to_owned()
    });
    insta::assert_snapshot!(messages.join("\n"));
}
