//! Wrong files, inputs and languages: one message, what to do, status 2, and nothing starts.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::Workspace;

#[test]
fn a_missing_file() {
    insta::assert_snapshot!(Workspace::new().stockade(&["run", "orders.py"]).transcript(), @r"
    exit status 2
    --- stdout
    --- stderr
    error: cannot read `orders.py`: No such file or directory (os error 2)
    ");
}

#[test]
fn a_directory() {
    let workspace = Workspace::with("job/package.json", "{}");
    insta::assert_snapshot!(workspace.stockade(&["run", "job"]).transcript(), @r"
    exit status 2
    --- stdout
    --- stderr
    error: `job` is a directory, not a file with code
    hint: a Node.js task directory runs with `stockade task`
    ");
}

#[test]
fn another_encoding() {
    let workspace = Workspace::with("orders.py", b"x = 1\nname = 'Ren\xe9'\n");
    insta::assert_snapshot!(workspace.stockade(&["run", "orders.py"]).transcript(), @r"
    exit status 2
    --- stdout
    --- stderr
    error: `orders.py` is not UTF-8: byte 17 starts no character
    hint: save it as UTF-8, for example with `iconv -f latin1 -t utf-8`
    ");
}

#[test]
fn nul_bytes() {
    let workspace = Workspace::with("orders.js", b"const a = 1;\nreturn '\0';\n");
    insta::assert_snapshot!(workspace.stockade(&["run", "orders.js"]).transcript(), @r"
    exit status 2
    --- stdout
    --- stderr
    error: `orders.js` has a NUL byte in line 2
    hint: is this a binary file, or UTF-16? Code is UTF-8 text
    ");
}

#[test]
fn a_hundred_megabytes_of_source() {
    let workspace = Workspace::with("orders.py", vec![b'#'; 100 << 20]);
    insta::assert_snapshot!(workspace.stockade(&["run", "orders.py"]).transcript(), @r"
    exit status 2
    --- stdout
    --- stderr
    error: `orders.py` has more than 32 MiB of code
    hint: give data with `--inputs` instead of writing it into the code
    ");
    let finished = workspace.stockade_with_stdin(&["run", "-", "--language", "python"], &vec![b'#'; 33 << 20]);
    finished.assert_failed(2, "error: standard input has more than 32 MiB of code\n");
}

#[test]
fn an_unknown_language() {
    let workspace = Workspace::with("orders.rb", "puts 1");
    insta::assert_snapshot!(workspace.stockade(&["run", "orders.rb"]).transcript(), @r"
    exit status 2
    --- stdout
    --- stderr
    error: no language has the extension of `orders.rb`
    hint: name it with `--language`; known are `python` (.py), `javascript` (.js, .cjs, .mjs)
    ");
    insta::assert_snapshot!(workspace.stockade(&["run", "orders.rb", "--language", "ruby"]).transcript(), @r"
    exit status 2
    --- stdout
    --- stderr
    error: unknown language `ruby`
    hint: known are `python`, `javascript`; others need a `[runtimes.ruby]` section in the configuration
    ");
    let finished = workspace.stockade_with_stdin(&["run", "-"], b"return 1");
    finished.assert_failed(
        2,
        "error: code from standard input does not tell its language\nhint: name it with `--language`",
    );
}

#[test]
fn inputs_that_are_none() {
    let workspace = Workspace::with("orders.py", "return 1");
    workspace.write("broken.json", "{\"a\": 1,\n \"b\": }");
    workspace.write("list.json", "[1, 2]");
    workspace.write("empty.json", "");
    workspace.write("latin.json", b"{\"name\": \"Ren\xe9\"}");
    let files = ["broken.json", "list.json", "empty.json", "latin.json", "missing.json", "."];
    let messages = files.map(|file| {
        let finished = workspace.stockade(&["run", "orders.py", "--inputs", file]);
        assert_eq!((finished.status, finished.stdout.as_str()), (2, ""), "{}", finished.transcript());
        finished.stderr
    });
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn standard_input_twice() {
    let arguments = ["run", "-", "--language", "python", "--inputs", "-"];
    insta::assert_snapshot!(Workspace::new().stockade(&arguments).transcript(), @r"
    exit status 2
    --- stdout
    --- stderr
    error: the code and the inputs cannot both come from standard input
    hint: put one of them into a file
    ");
}

#[test]
fn packages_that_are_none() {
    let workspace = Workspace::with("orders.js", "return 1");
    let finished = workspace.stockade(&["run", "orders.js", "--packages", "."]);
    finished
        .assert_failed(2, "error: the packages folder `.` has no `node_modules`\nhint: install packages there with");
    let finished = workspace.stockade(&["run", "orders.js", "--packages", "missing"]);
    finished.assert_failed(2, "error: cannot read the packages folder `missing`: No such file or directory");
}

#[test]
fn programs_get_the_message_as_json() {
    let finished = Workspace::new().stockade(&["run", "orders.py", "--json"]);
    assert_eq!((finished.status, finished.stderr.as_str()), (2, ""));
    let report = finished.json();
    assert_eq!(report["status"], "error");
    assert_eq!(report["error"]["code"], "VALIDATION_ERROR");
    assert_eq!(report["error"]["message"], "cannot read `orders.py`: No such file or directory (os error 2)");
}

#[test]
fn a_name_cannot_command_the_terminal() {
    let finished = Workspace::new().stockade(&["run", "\u{1b}]0;title\u{7}.py"]);
    finished.assert_failed(2, "cannot read `\\u{1b}]0;title\\u{7}.py`");
}

#[test]
fn an_interpreter_that_is_missing() {
    let workspace = Workspace::with("orders.py", "return 1");
    insta::assert_snapshot!(workspace.stockade(&["run", "orders.py", "--python", "/no/such/python3"]).transcript(), @r"
    exit status 12
    --- stdout
    --- stderr
    error: cannot start python: `/no/such/python3` is not there
    hint: install Python 3.10 or newer, or name one with `--python PATH`
    ");
    let finished = workspace.stockade(&["run", "orders.py", "--python", "no-such-python", "--json"]);
    assert_eq!((finished.status, finished.stderr.as_str()), (12, ""));
    assert_eq!(finished.json()["error"]["code"], "SETUP_ERROR");
    assert_eq!(finished.json()["error"]["message"], "cannot start python: `no-such-python` is not there");
}

/// A program that answers `--version` with `answer`, and everything else with its failure.
fn pretender(workspace: &Workspace, name: &str, answer: &str) {
    let script = workspace.write(name, format!("#!/bin/sh\n[ \"$1\" = --version ] && echo {answer}\nexit 3\n"));
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn an_interpreter_that_is_too_old() {
    let workspace = Workspace::with("orders.py", "return 1");
    pretender(&workspace, "python3", "Python 3.8.10");
    insta::assert_snapshot!(workspace.stockade(&["run", "orders.py", "--python", "./python3"]).transcript(), @r"
    exit status 12
    --- stdout
    --- stderr
    error: cannot start python: 3.8.10 is too old, [FOLDER]/python3
    hint: install Python 3.10 or newer, or name one with `--python PATH`
    ");
    workspace.write("orders.js", "return 1");
    pretender(&workspace, "node", "v16.20.2");
    workspace.stockade(&["run", "orders.js", "--node", "./node"]).assert_failed(
        12,
        "error: cannot start javascript: 16.20.2 is too old, [FOLDER]/node\nhint: install Node.js 18",
    );
}

#[test]
fn an_interpreter_that_is_something_else() {
    let workspace = Workspace::with("orders.py", "return 1");
    pretender(&workspace, "python3", "hello");
    workspace.stockade(&["run", "orders.py", "--python", "./python3"]).assert_failed(
        12,
        "error: cannot start python: [FOLDER]/python3 answers `--version` with \"hello\"\nhint: install Python 3.10",
    );
}
