//! What the user reads when the code fails: his own file, line and frame, and what to do.

use crate::support::Workspace;

#[test]
fn a_python_exception() {
    let code = "def mean(values):\n    return sum(values) / len(values)\n\nreturn mean([])\n";
    let finished = Workspace::run_code("orders.py", code, &[]);
    assert_eq!(finished.status, 1);
    let lines: Vec<&str> = finished.stderr.lines().map(str::trim_end).collect();
    assert_eq!(lines[0], "error: RUNTIME_ERROR: ZeroDivisionError: division by zero");
    // CPython 3.10 knows no columns.
    assert!(lines[1].starts_with("  --> orders.py:2"), "{}", finished.transcript());
    for line in [
        "  Traceback (most recent call last):",
        "    File \"orders.py\", line 4, in <module>",
        "    File \"orders.py\", line 2, in mean",
        "  ZeroDivisionError: division by zero",
    ] {
        assert!(lines.contains(&line), "no {line:?} in:\n{}", finished.transcript());
    }
    assert_no_harness(&finished.stderr);
}

#[test]
fn a_javascript_exception() {
    let code = "function total(order) {\n  return order.items.length;\n}\nreturn total({});\n";
    let finished = Workspace::run_code("orders.js", code, &[]);
    insta::assert_snapshot!(finished.transcript(), @r"
    exit status 1
    --- stdout
    --- stderr
    error: RUNTIME_ERROR: TypeError: Cannot read properties of undefined (reading 'length')
      --> orders.js:2:22

      TypeError: Cannot read properties of undefined (reading 'length')
          at total (orders.js:2:22)
          at orders.js:4:8
    ");
}

#[test]
fn syntax_errors() {
    let finished = Workspace::run_code("orders.py", "x = 1\nif x = 2:\n    pass\n", &[]);
    finished.assert_failed(3, "error: SYNTAX_ERROR: SyntaxError: invalid syntax");
    assert!(finished.stderr.contains("\n  --> orders.py:2"), "{}", finished.transcript());
    assert_no_harness(&finished.stderr);
    let finished = Workspace::run_code("orders.js", "const x = 1;\nconst y = = 2;\n", &[]);
    finished.assert_failed(3, "error: SYNTAX_ERROR: SyntaxError: Unexpected token '='");
    assert!(finished.stderr.contains("\n  --> orders.js:2"), "{}", finished.transcript());
    assert_no_harness(&finished.stderr);
}

#[test]
fn import_statements_get_a_hint() {
    let finished = Workspace::run_code("orders.mjs", "import fs from 'node:fs';\nreturn 1;\n", &[]);
    finished.assert_failed(3, "hint: the code is the body of a function: use `require(…)` or `await import(…)`");
}

#[test]
fn the_path_is_the_one_that_was_given() {
    let workspace = Workspace::with("jobs/orders.py", "raise ValueError('no')");
    let finished = workspace.stockade(&["run", "jobs/orders.py"]);
    finished.assert_failed(1, "\n  --> jobs/orders.py:1");
    assert!(finished.stderr.contains("File \"orders.py\", line 1"), "{}", finished.transcript());
    let finished = workspace.stockade_with_stdin(&["run", "-", "--language", "python"], b"raise ValueError('no')");
    finished.assert_failed(1, "\n  --> <stdin>:1");
}

#[test]
fn the_network_is_off() {
    let python = "import socket\nsocket.create_connection(('203.0.113.1', 80), timeout=5)\n";
    let finished = Workspace::run_code("orders.py", python, &[]);
    finished.assert_failed(6, "error: PERMISSION_ERROR: PermissionError:");
    assert!(
        finished
            .stderr
            .contains("\ndenied: socket\nhint: tasks have no network but TCP to allowed hosts: fetch the data first and hand it in, or "),
        "{}",
        finished.transcript()
    );
    let javascript =
        "await new Promise((resolve, reject) => require('net').connect(80, '203.0.113.1').on('error', reject));";
    let finished = Workspace::run_code("orders.js", javascript, &[]);
    finished.assert_failed(6, "\ndenied: socket\nhint: tasks have no network but TCP");
}

#[test]
fn a_denied_call_is_named_even_when_the_code_goes_on() {
    let code = "import socket\ntry:\n    socket.socket()\nexcept OSError:\n    return 'no network'\n";
    let finished = Workspace::run_code("x.py", code, &[]);
    assert_eq!(finished.transcript(), "exit status 0\n--- stdout\n\"no network\"\n--- stderr\ndenied: socket\n");
    assert_eq!(Workspace::run_code("x.py", code, &["--json"]).json()["denied"], serde_json::json!(["socket"]));
}

#[test]
fn modules_that_are_not_allowed() {
    let finished =
        Workspace::run_code("x.py", "import json\nimport os\nreturn 1\n", &["--allow", "json", "--allow", "math"]);
    finished.assert_failed(6, "Module 'os' is not allowed. Allowed modules: json, math\n  --> x.py:2");
    assert!(finished.stderr.contains("hint: add the module with `--allow os`"), "{}", finished.transcript());
    let finished = Workspace::run_code("x.js", "const fs = require('fs');\nreturn 1;\n", &["--allow", ""]);
    finished.assert_failed(6, "Module 'fs' is not allowed.");
}

#[test]
fn modules_that_are_not_installed() {
    let finished = Workspace::run_code("x.py", "import no_such_module\n", &[]);
    finished.assert_failed(1, "error: RUNTIME_ERROR: ModuleNotFoundError: No module named 'no_such_module'");
    assert!(
        finished
            .stderr
            .contains("hint: it is not installed; install it with `stockade packages add python no-such-module`"),
        "{}",
        finished.stderr
    );
    let finished = Workspace::run_code("x.js", "require('no-such-module');\n", &[]);
    finished.assert_failed(1, "error: RUNTIME_ERROR: Error: Cannot find module 'no-such-module'");
    assert!(
        finished
            .stderr
            .contains("hint: it is not installed; install it with `stockade packages add javascript no-such-module`"),
        "{}",
        finished.stderr
    );
}

#[test]
fn the_exit_code_of_the_code() {
    assert_eq!(Workspace::run_code("x.py", "import sys\nsys.exit(0)", &[]).status, 0);
    Workspace::run_code("x.py", "import sys\nsys.exit(3)", &[]).assert_failed(1, "Process exited with code 3");
    assert_eq!(Workspace::run_code("x.js", "process.exit(0)", &[]).status, 0);
    Workspace::run_code("x.js", "process.exit(3)", &[]).assert_failed(1, "Process exited with code 3");
}

#[test]
fn a_message_begins_on_a_line_of_its_own() {
    let finished = Workspace::run_code("x.js", "process.stdout.write('half a line'); null.x;", &[]);
    assert!(finished.stderr.starts_with("half a line\nerror: RUNTIME_ERROR"), "{}", finished.transcript());
}

#[test]
fn what_was_printed_before_a_failure_is_not_lost() {
    let report = Workspace::run_code("x.py", "print('so far')\n1 / 0", &["--json"]).json();
    assert_eq!(report["status"], "error");
    assert_eq!(report["stdout"], "so far\n");
    assert_eq!(report["error"]["code"], "RUNTIME_ERROR");
    assert_eq!(report["error"]["line"], 2);
    assert_eq!(report["error"]["name"], "ZeroDivisionError");
}

#[track_caller]
fn assert_no_harness(text: &str) {
    for trace in ["/stockade", "stockade_harness", "node:internal", "/tmp", "zygote"] {
        assert!(!text.contains(trace), "{trace:?} in:\n{text}");
    }
}
