//! Each limit has its status, its message and its hint, and stops the task in time.

use crate::support::{Finished, Workspace};

/// Runs the same attempt in both languages.
#[track_caller]
fn both(python: &str, javascript: &str, options: &[&str], check: impl Fn(&Finished)) {
    check(&Workspace::run_code("x.py", python, options));
    check(&Workspace::run_code("x.js", javascript, options));
}

#[test]
fn time() {
    both("while True: pass", "for (;;);", &["--timeout", "300ms"], |finished| {
        finished.assert_failed(4, "error: TIMEOUT_ERROR: Task execution timed out after 0.3 seconds\n");
        assert!(
            finished.stderr.ends_with("hint: raise the limit with `--timeout 600ms`\n"),
            "{}",
            finished.transcript()
        );
    });
}

#[test]
fn what_was_printed_before_the_timeout_is_shown() {
    both("print('so far')\nwhile True: pass", "console.log('so far'); for (;;);", &["--timeout", "0.5"], |finished| {
        assert!(finished.stderr.starts_with("so far\nerror: TIMEOUT_ERROR"), "{}", finished.transcript());
    });
}

#[test]
fn memory() {
    let python = "data = []\nwhile True: data.append(bytearray(1 << 20))";
    let javascript = "const data = []; for (;;) data.push(Buffer.alloc(1 << 20, 1));";
    both(python, javascript, &["--memory", "64M"], |finished| {
        finished.assert_failed(5, "error: MEMORY_ERROR: ");
        assert!(
            finished.stderr.contains("hint: raise the limit with `--memory 128MiB`\n"),
            "{}",
            finished.transcript()
        );
    });
}

#[test]
fn output() {
    let python = "while True: print('x' * 1000)";
    let javascript = "const fs = require('fs'); for (;;) fs.writeSync(1, 'x'.repeat(1000) + '\\n');";
    both(python, javascript, &["--output-limit", "64K"], |finished| {
        assert_eq!((finished.status, finished.stdout.as_str()), (7, ""));
        let (_, message) = finished.stderr.split_once("error: ").unwrap();
        assert!(message.starts_with("OUTPUT_LIMIT_ERROR: "), "{message}");
        assert!(message.contains("hint: raise the limit with `--output-limit 128KiB`\n"), "{message}");
    });
    both("return 'x' * 100_000", "return 'x'.repeat(100_000)", &["--output-limit", "64K"], |finished| {
        finished.assert_failed(7, "error: OUTPUT_LIMIT_ERROR: ");
    });
}

#[test]
fn disk() {
    let python = "with open('/tmp/full', 'wb') as file:\n    while True: file.write(b'x' * 65536)";
    let javascript = "const file = fs.openSync('/tmp/full', 'w'); for (;;) fs.writeSync(file, 'x'.repeat(65536));";
    let javascript = format!("const fs = require('fs'); {javascript}");
    both(python, &javascript, &["--tmp", "1M"], |finished| {
        finished.assert_failed(8, "error: DISK_LIMIT_ERROR: ");
        assert!(finished.stderr.contains("hint: raise the limit with `--tmp 2MiB`\n"), "{}", finished.transcript());
    });
}

#[test]
fn processes() {
    let python = "import os, signal\nwhile True:\n    if os.fork() == 0: signal.pause()";
    let finished = Workspace::run_code("x.py", python, &["--processes", "8", "--timeout", "10"]);
    finished.assert_failed(9, "error: PROCESS_LIMIT_ERROR: ");
    assert!(finished.stderr.contains("hint: raise the limit with `--processes 16`\n"), "{}", finished.transcript());
}
