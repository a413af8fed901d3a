//! `--file` and `--output-folder`.

use std::fs;

use serde_json::json;

use crate::support::Workspace;

#[test]
fn files_go_in_by_name_and_come_out_into_the_folder() {
    let workspace = Workspace::with("data/sales.csv", "1\n2\n");
    workspace.write(
        "sum.py",
        "total = sum(map(int, open('sales.csv')))\nopen('output/total.txt', 'w').write(str(total))\nreturn total",
    );
    let finished =
        workspace.stockade(&["run", "sum.py", "--file", "data/sales.csv", "--output-folder", "results", "--json"]);
    let report = finished.json();
    assert_eq!((&report["result"], &report["files"]), (&json!(3), &json!(["total.txt"])));
    assert_eq!(fs::read_to_string(workspace.path().join("results/total.txt")).unwrap(), "3");

    workspace.write("copy.js", "require('fs').renameSync('a', 'output/ä'); throw new Error('later')");
    workspace.write("a", [0, 255]);
    workspace.write("empty/.keep", "");
    fs::remove_file(workspace.path().join("empty/.keep")).unwrap();
    let finished = workspace.stockade(&["run", "copy.js", "--file", "a", "--output-folder", "empty"]);
    assert_eq!(finished.status, 1);
    assert_eq!(fs::read(workspace.path().join("empty/ä")).unwrap(), [0, 255]);
}

#[test]
fn nothing_is_overwritten_and_mistakes_are_named() {
    let workspace = Workspace::with("x.py", "return 1");
    workspace.write("full/theirs", "theirs");
    workspace.write("other/x.py", "");
    workspace.write("output", "");
    let mistakes: [&[&str]; 8] = [
        &["--output-folder", "full"],
        &["--output-folder", "x.py"],
        &["--output-folder", "missing/folder"],
        &["--file", "missing.csv"],
        &["--file", "full"],
        &["--file", "full/.."],
        &["--file", "x.py", "--file", "other/x.py"],
        &["--file", "output"],
    ];
    let transcripts = mistakes.map(|options| {
        let finished = workspace.stockade(&[&["run", "x.py"], options].concat());
        format!("$ stockade run x.py {}\n{}", options.join(" "), finished.transcript())
    });
    insta::assert_snapshot!(transcripts.join("\n"));
    assert_eq!(fs::read_to_string(workspace.path().join("full/theirs")).unwrap(), "theirs");
    assert!(!workspace.path().join("missing").exists());
}
