//! What comes back from code that succeeds, and where it goes.

use std::io::{BufRead, BufReader, Read};

use serde_json::json;

use crate::support::Workspace;

#[test]
fn python_returns_a_value() {
    let finished = Workspace::run_code("x.py", "return {'answer': 6 * 7, 'names': ('é', None)}", &[]);
    assert_eq!(finished.result(), json!({ "answer": 42, "names": ["é", null] }));
    assert!(finished.stdout.ends_with('\n'));
}

#[test]
fn javascript_returns_a_value_and_awaits_at_the_top() {
    let code = "const value = await new Promise((resolve) => setTimeout(resolve, 5, 42));\nreturn { answer: value };";
    assert_eq!(Workspace::run_code("x.js", code, &[]).result(), json!({ "answer": 42 }));
}

#[test]
fn code_that_returns_nothing_leaves_stdout_empty() {
    for (name, code) in [("x.py", "x = 1"), ("x.py", ""), ("x.js", "const x = 1;"), ("x.js", ""), ("x.js", "return;")] {
        let finished = Workspace::run_code(name, code, &[]);
        assert_eq!(finished.transcript(), "exit status 0\n--- stdout\n--- stderr\n", "{code:?}");
    }
}

#[test]
fn null_is_a_result() {
    assert_eq!(Workspace::run_code("x.py", "return None", &[]).stdout, "null\n");
    assert_eq!(Workspace::run_code("x.js", "return null", &[]).stdout, "null\n");
}

#[test]
fn python_without_return_is_a_script() {
    let code = "def main():\n    print('as a script')\n\nif __name__ == '__main__':\n    main()\n";
    let finished = Workspace::run_code("x.py", code, &[]);
    assert_eq!(finished.transcript(), "exit status 0\n--- stdout\n--- stderr\nas a script\n");
}

#[test]
fn text_is_not_indented_on_the_way() {
    let code = "text = \"\"\"one\n  two\n\"\"\"\nreturn text\n";
    assert_eq!(Workspace::run_code("x.py", code, &[]).result(), "one\n  two\n");
}

#[test]
fn windows_files_run() {
    let code = "\u{feff}if True:\r\n    x = 'é'\r\nreturn x\r\n";
    assert_eq!(Workspace::run_code("x.py", code, &[]).result(), "é");
    assert_eq!(Workspace::run_code("x.js", "\u{feff}const x = 'é';\r\nreturn x;\r\n", &[]).result(), "é");
}

#[test]
fn what_is_printed_goes_to_stderr() {
    let python = "import sys\nprint('out')\nprint('err', file=sys.stderr)\nreturn 1";
    let finished = Workspace::run_code("x.py", python, &[]);
    assert_eq!((finished.status, finished.stdout.as_str()), (0, "1\n"));
    let mut lines: Vec<&str> = finished.stderr.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["err", "out"]);
    let finished = Workspace::run_code("x.js", "console.log('out'); return 1;", &[]);
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("1\n", "out\n"));
}

#[test]
fn output_streams_while_the_code_runs() {
    for (name, code) in [
        ("x.py", "import time\nprint('now')\ntime.sleep(60)"),
        ("x.js", "console.log('now'); await new Promise((resolve) => setTimeout(resolve, 25000));"),
    ] {
        let workspace = Workspace::with(name, code);
        let mut child = workspace.start(&["run", name]);
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "now\n");
        assert!(child.try_wait().unwrap().is_none(), "the code has not ended");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn inputs_are_variables() {
    let workspace = Workspace::with("orders.json", "{\"orders\": [{\"total\": 2}, {\"total\": 40}], \"max-age\": 7}");
    workspace.write("x.py", "return sum(order['total'] for order in orders) + inputs['max-age']");
    workspace.write("x.js", "return orders.reduce((sum, { total }) => sum + total, inputs['max-age']);");
    for name in ["x.py", "x.js"] {
        assert_eq!(workspace.stockade(&["run", name, "--inputs", "orders.json"]).result(), 49);
        let finished = workspace.stockade_with_stdin(&["run", name, "-i", "-"], b"{\"orders\": [], \"max-age\": 1}");
        assert_eq!(finished.result(), 1);
    }
}

#[test]
fn code_from_standard_input() {
    let workspace = Workspace::with("n.json", "{\"n\": 6}");
    for (language, code) in [("python", "return n * 7"), ("javascript", "return n * 7;")] {
        let arguments = ["run", "-", "--language", language, "--inputs", "n.json"];
        assert_eq!(workspace.stockade_with_stdin(&arguments, code.as_bytes()).result(), 42);
    }
}

#[test]
fn one_object_for_programs() {
    for (name, code) in
        [("x.py", "print('hello')\nreturn [1.50, None]"), ("x.js", "console.log('hello'); return [1.5, null];")]
    {
        let finished = Workspace::run_code(name, code, &["--json"]);
        assert_eq!((finished.status, finished.stderr.as_str()), (0, ""), "{}", finished.transcript());
        let mut report = finished.json();
        let usage = report.as_object_mut().unwrap().remove("usage").unwrap();
        let expected =
            json!({ "status": "ok", "result": [1.5, null], "stdout": "hello\n", "stderr": "", "denied": [] });
        assert_eq!(report, expected);
        assert!(usage["wall_microseconds"].as_u64().unwrap() > 0, "{usage}");
        assert!(usage["peak_memory_bytes"].as_u64().unwrap() > 0, "{usage}");
        assert!(usage["cpu_microseconds"].is_u64(), "{usage}");
    }
}

#[test]
fn a_report_without_a_result_has_no_result() {
    let report = Workspace::run_code("x.py", "pass", &["--json"]).json();
    assert!(report.get("result").is_none() && report.get("error").is_none(), "{report}");
    assert!(Workspace::run_code("x.py", "return None", &["--json"]).json()["result"].is_null());
}

#[test]
fn a_large_result_arrives_whole() {
    let workspace = Workspace::with("x.py", "return 'x' * 5_000_000");
    assert_eq!(workspace.stockade(&["run", "x.py"]).stdout.len(), 5_000_003);
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let workspace = Workspace::with("x.py", "return 'x' * 5_000_000");
    let mut child = workspace.start(&["run", "x.py"]);
    child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_full_disk_is_an_error() {
    let workspace = Workspace::with("x.py", "return 1");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    workspace
        .finish(workspace.command(&["run", "x.py"]).stdout(full))
        .assert_failed(12, "error: cannot write to standard output");
}

#[test]
fn only_allowed_modules_may_be_imported() {
    let allowed = Workspace::run_code("x.py", "import json, math\nreturn math.floor(1.5)", &["--allow", "json,math"]);
    assert_eq!(allowed.result(), 1);
    let allowed = Workspace::run_code("x.js", "return typeof require('node:path').join;", &["--allow", "path"]);
    assert_eq!(allowed.result(), "function");
}

#[test]
fn javascript_imports_while_it_runs() {
    let code = "const { join } = await import('node:path');\nreturn join('a', 'b');\n";
    assert_eq!(Workspace::run_code("x.js", code, &[]).result(), "a/b");
}

#[test]
fn javascript_warns_as_in_node() {
    let workspace = Workspace::with("x.js", "process.emitWarning('mind the gap');\nawait new Promise(setImmediate);\n");
    let finished = workspace.stockade(&["run", "x.js"]);
    assert!(finished.stderr.starts_with("(node:1) Warning: mind the gap\n"), "{}", finished.transcript());
}

#[test]
fn packages_of_pip_and_npm() {
    let workspace = Workspace::with("pip/greeting/__init__.py", "def greet(name):\n    return f'Hello, {name}!'\n");
    workspace.write("npm/node_modules/greeting/index.js", "exports.greet = (name) => `Hello, ${name}!`;");
    workspace.write("x.py", "from greeting import greet\nreturn greet('Ada')");
    workspace.write("x.js", "return require('greeting').greet('Ada');");
    for (name, folder) in [("x.py", "pip"), ("x.js", "npm")] {
        for options in [&[][..], &["--preload", "greeting"]] {
            let finished = workspace.stockade(&[&["run", name, "--packages", folder], options].concat());
            assert_eq!(finished.result(), "Hello, Ada!");
        }
    }
}

#[test]
fn a_preload_that_fails_is_named() {
    let finished = Workspace::run_code("x.py", "return 1", &["--preload", "no_such_module"]);
    assert_eq!((finished.status, finished.stdout.as_str()), (0, "1\n"), "{}", finished.transcript());
    assert!(finished.stderr.starts_with("warning: could not preload no_such_module"), "{}", finished.transcript());
}

#[test]
fn a_missing_wall_is_named_at_every_start() {
    let finished = Workspace::run_code("x.py", "return 1", &["--without-wall", "landlock"]);
    assert_eq!((finished.status, finished.stdout.as_str()), (0, "1\n"), "{}", finished.transcript());
    let warning = "warning: tasks run without the wall `landlock`; `stockade doctor` says how to build it\n";
    assert_eq!(finished.stderr, warning);
}
