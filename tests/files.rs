//! Files that tasks are given and leave, with real workers: what users expect, and what hostile code tries with them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use stockade_engine::Engine;
use stockade_protocol::file::MAXIMUM_FILES;
use stockade_protocol::{ErrorCode, Files, Language, Program, Task, TaskFiles};
use stockade_tests::{Report, code, configuration, run, runtime, start};

const BOTH: [Language; 2] = [Language::Python, Language::JavaScript];

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| runtime().block_on(start(configuration(&BOTH))).unwrap())
}

fn files<const COUNT: usize>(files: [(&str, &[u8]); COUNT]) -> Files {
    files.into_iter().map(|(name, contents)| (name.parse().unwrap(), Bytes::copy_from_slice(contents))).collect()
}

fn task(language: &Language, text: &str, given: Files) -> Task {
    Task { files: TaskFiles { given, wants_output: true }, ..code(language, text.to_owned()) }
}

fn play(task: Task) -> Report {
    runtime().block_on(run(engine(), task))
}

/// Runs the same in both languages, Python first.
fn play_both(codes: [&str; 2], given: &Files, mut judge: impl FnMut(&Language, Report)) {
    for (language, text) in BOTH.iter().zip(codes) {
        judge(language, play(task(language, text, given.clone())));
    }
}

#[test]
fn files_are_read_where_the_code_works_and_come_back_from_output() {
    let every_byte: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let given = files([("data.bin", &every_byte), ("empty", b""), ("Übersicht 2026.csv", b"a;b\n")]);
    let codes = [
        r"
with open('data.bin', 'rb') as source, open('output/copy.bin', 'wb') as copy:
    copy.write(source.read())
with open('/tmp/output/über.txt', 'w') as left: left.write('ü')
open('output/.empty', 'w').close()
import os
return [open('empty').read(), open('Übersicht 2026.csv').read(), sorted(os.listdir())]",
        r"
const fs = require('fs');
fs.copyFileSync('data.bin', 'output/copy.bin');
fs.writeFileSync('/tmp/output/über.txt', 'ü');
fs.writeFileSync('output/.empty', '');
return [fs.readFileSync('empty', 'utf8'), fs.readFileSync('Übersicht 2026.csv', 'utf8'), fs.readdirSync('.').sort()];",
    ];
    play_both(codes, &given, |language, report| {
        let names = ["data.bin", "empty", "output", "Übersicht 2026.csv"];
        assert_eq!(report.result(), json!(["", "a;b\n", names]), "{language}");
        let expected = files([(".empty", b""), ("copy.bin", &every_byte), ("über.txt", "ü".as_bytes())]);
        assert_eq!(report.outcome.files, Some(expected), "{language}");
    });
}

#[test]
fn a_task_without_files_has_no_folder_for_them() {
    for (language, text) in [
        (Language::Python, "import os; return os.listdir()"),
        (Language::JavaScript, "return require('fs').readdirSync('.')"),
    ] {
        let report = play(code(&language, text));
        assert_eq!((report.result(), &report.outcome.files), (json!([]), &None));
        let report = play(Task {
            files: TaskFiles { given: files([("x", b"")]), wants_output: false },
            ..code(&language, text)
        });
        assert_eq!((report.result(), &report.outcome.files), (json!(["x"]), &None));
    }
}

#[test]
fn files_come_back_from_code_that_fails_by_itself_and_from_none_that_is_stopped() {
    let codes = ["open('output/x', 'w').write('1'); 1 / 0", "require('fs').writeFileSync('output/x', '1'); null.x"];
    play_both(codes, &Files::new(), |_, report| {
        assert_eq!(report.code(), Some(ErrorCode::RuntimeError));
        assert_eq!(report.outcome.files, Some(files([("x", b"1")])));
    });
    let leaving = [
        "import sys; open('output/x', 'w').write('1'); sys.exit(3)",
        "require('fs').writeFileSync('output/x', '1'); process.exit(3)",
    ];
    play_both(leaving, &Files::new(), |_, report| {
        assert_eq!(report.outcome.result.unwrap_err().message, "Process exited with code 3");
        assert_eq!(report.outcome.files, Some(files([("x", b"1")])));
    });
    let endless = [
        "open('output/x', 'w').write('1')\nwhile True: pass",
        "require('fs').writeFileSync('output/x', '1'); for (;;);",
    ];
    for (language, text) in BOTH.iter().zip(endless) {
        let mut task = task(language, text, Files::new());
        task.limits.timeout = Duration::from_millis(500);
        let report = play(task);
        assert_eq!((report.code(), report.outcome.files), (Some(ErrorCode::TimeoutError), Some(Files::new())));
    }
}

#[test]
fn links_pipes_and_folders_do_not_come_back() {
    let codes = [
        r"
import os, socket
os.symlink('/etc/hosts', 'output/link'); os.symlink('nowhere', 'output/broken')
os.mkfifo('output/pipe'); os.mkdir('output/folder'); open('output/folder/x', 'w').close()
open('output/file', 'w').close()",
        r"
const fs = require('fs');
fs.symlinkSync('/etc/hosts', 'output/link'); fs.symlinkSync('nowhere', 'output/broken');
fs.mkdirSync('output/folder'); fs.writeFileSync('output/folder/x', '');
fs.writeFileSync('output/file', '')",
    ];
    play_both(codes, &Files::new(), |_, report| {
        report.result();
        assert_eq!(report.outcome.files, Some(files([("file", b"")])));
    });
}

#[test]
fn a_folder_in_another_place_is_no_output() {
    let gone = ["import os; os.rmdir('output')", "require('fs').rmdirSync('output')"];
    play_both(gone, &Files::new(), |_, report| {
        report.result();
        assert_eq!(report.outcome.files, Some(Files::new()));
    });
    let linked = [
        "import os; os.rmdir('output'); os.symlink('/usr/lib', 'output')",
        "const fs = require('fs'); fs.rmdirSync('output'); fs.symlinkSync('/usr/lib', 'output')",
    ];
    play_both(linked, &Files::new(), |language, report| {
        let error = report.outcome.result.unwrap_err();
        assert_eq!(error.code, ErrorCode::RuntimeError, "{language}");
        assert!(error.message.starts_with("A file in /tmp/output cannot be returned"), "{error}");
        assert_eq!(report.outcome.files, Some(Files::new()));
    });
}

#[test]
fn what_cannot_be_returned_is_said() {
    let names = ["open('output/a\\x1b[2J', 'w').close()", "require('fs').writeFileSync('output/a\\x1b[2J', '')"];
    play_both(names, &Files::new(), |_, report| {
        let error = report.outcome.result.unwrap_err();
        assert_eq!(error.code, ErrorCode::RuntimeError);
        assert!(error.message.contains("control characters"), "{error}");
    });
    let bytes = [
        "open(b'output/\\xff', 'w').close()",
        "require('fs').writeFileSync(Buffer.from('output/\\xff', 'latin1'), '')",
    ];
    play_both(bytes, &Files::new(), |_, report| assert_eq!(report.code(), Some(ErrorCode::RuntimeError)));
}

#[test]
fn output_files_count_as_output() {
    let limited = |language: &Language, text: &str, output_bytes: u64| {
        let mut task = task(language, text, Files::new());
        task.limits.output_bytes = output_bytes;
        play(task)
    };
    let write =
        ["open('output/x', 'wb').write(bytes(9_000))", "require('fs').writeFileSync('output/x', Buffer.alloc(9000))"];
    // No byte of this file takes memory, and none of it may in the supervisor.
    let sparse = ["import os; os.truncate('output/x', 1 << 25)", "require('fs').truncateSync('output/x', 2 ** 25)"];
    for (language, (write, sparse)) in BOTH.iter().zip(write.into_iter().zip(sparse)) {
        let report = limited(language, write, 10_000);
        assert_eq!(report.outcome.files.as_ref().map(Files::len), Some(1), "{report:?}");
        let report = limited(language, write, 8_000);
        assert_eq!((report.code(), &report.outcome.files), (Some(ErrorCode::OutputLimitError), &Some(Files::new())));
        let report = limited(language, &format!("{write}; {sparse}"), 10_000);
        assert_eq!(report.code(), Some(ErrorCode::OutputLimitError), "{report:?}");
        let error = report.outcome.result.unwrap_err();
        assert_eq!(error.message, "The task's result and the files that it left are larger than 10000 bytes");
    }
}

#[test]
fn the_number_of_files_has_a_limit_both_ways() {
    let write = |count: usize| {
        [
            format!("for n in range({count}): open(f'output/{{n}}', 'w').close()"),
            format!("for (let n = 0; n < {count}; n++) require('fs').writeFileSync(`output/${{n}}`, '')"),
        ]
    };
    for (count, expected) in [(MAXIMUM_FILES, None), (MAXIMUM_FILES + 1, Some(ErrorCode::OutputLimitError))] {
        let codes = write(count);
        play_both([&codes[0], &codes[1]], &Files::new(), |_, report| assert_eq!(report.code(), expected));
    }
    let given = |count: usize| (0..count).map(|number| (number.to_string().parse().unwrap(), Bytes::new())).collect();
    let counts = ["import os; return len(os.listdir())", "return require('fs').readdirSync('.').length"];
    play_both(counts, &given(MAXIMUM_FILES), |_, report| assert_eq!(report.result(), json!(MAXIMUM_FILES + 1)));
    play_both(counts, &given(MAXIMUM_FILES + 1), |_, report| {
        assert_eq!(report.code(), Some(ErrorCode::ValidationError))
    });
}

#[test]
fn given_files_fit_into_the_limit_of_tmp() {
    for language in BOTH {
        let sized = |bytes: usize, limit: u64| {
            let mut task = task(&language, "return 1", files([("large", &vec![7; bytes])]));
            task.limits.temporary_storage_bytes = limit;
            play(task)
        };
        assert_eq!(sized(3 << 20, 4 << 20).result(), json!(1));
        let refused = sized(5 << 20, 4 << 20).outcome.result.unwrap_err();
        assert_eq!(refused.code, ErrorCode::ValidationError);
        // Exactly as many bytes as the limit, which the folder itself takes a page of.
        let full = sized(4 << 20, 4 << 20);
        assert!(matches!(full.code(), None | Some(ErrorCode::DiskLimitError)), "{full:?}");
    }
}

#[test]
fn a_file_cannot_be_named_like_the_folder_of_the_others() {
    for language in BOTH {
        let report = play(task(&language, "return 1", files([("output", b"")])));
        assert_eq!(report.code(), Some(ErrorCode::ValidationError));
    }
}

#[test]
fn programs_have_no_files() {
    let program = Program::N8n { code: Bytes::new(), settings: serde_json::Map::new() };
    let report = play(Task { program, ..task(&Language::Python, "", Files::new()) });
    assert_eq!(report.code(), Some(ErrorCode::ValidationError));
}

/// What the harness would never send: frames of hostile code.
#[test]
fn a_worker_that_sends_files_itself_gains_nothing() {
    let send = |frames: &str| {
        format!(
            "import os, struct\ndef file(name, contents):\n    payload = struct.pack('<H', len(name)) + name + contents\n    \
             os.write(3, struct.pack('<BI', 23, len(payload)) + payload)\n{frames}\nreturn 1"
        )
    };
    let play = |frames: &str, wants_output: bool| {
        let task = task(&Language::Python, &send(frames), Files::new());
        play(Task { files: TaskFiles { wants_output, ..TaskFiles::default() }, ..task })
    };
    // Where none are wanted.
    let report = play("file(b'x', b'')", false);
    assert_eq!((report.code(), report.outcome.files), (Some(ErrorCode::RuntimeError), None));
    for name in [r"b'../../etc/passwd'", r"b'/etc/passwd'", r"b''", r"b'..'", r"b'\xff'", r"b'a\n'", r"b'x' * 256"] {
        let report = play(&format!("file({name}, b'')"), true);
        assert_eq!(
            (report.code(), report.outcome.files),
            (Some(ErrorCode::RuntimeError), Some(Files::new())),
            "{name}"
        );
    }
    // The last of a name counts, and each costs.
    let report = play("file(b'x', b'1'); file(b'x', b'2')", true);
    assert_eq!(report.outcome.files, Some(files([("x", b"2")])));
    let report = play("while True: file(b'x', bytes(100_000))", true);
    assert_eq!(report.code(), Some(ErrorCode::OutputLimitError));
    // A header that claims what never comes.
    let report = play("os.write(3, struct.pack('<BI', 23, (1 << 32) - 1))", true);
    assert_eq!(report.code(), Some(ErrorCode::OutputLimitError));
}

#[test]
fn a_child_that_falls_out_of_the_code_sends_nothing() {
    let text =
        "import os\nopen('output/x', 'w').write('1')\nif os.fork() == 0:\n    pass\nelse:\n    os.wait()\nreturn 1";
    let report = play(task(&Language::Python, text, Files::new()));
    assert_eq!(report.result(), json!(1));
    assert_eq!(report.outcome.files, Some(files([("x", b"1")])));
}
