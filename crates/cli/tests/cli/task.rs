//! Node.js task directories, and the words of spec/nautilus.md.

use serde_json::json;

use crate::support::Workspace;

fn workspace(index: &str) -> Workspace {
    let workspace = Workspace::with("job/package.json", "{\"name\": \"job\", \"version\": \"1.0.0\"}");
    workspace.write("job/index.js", index);
    workspace
}

#[test]
fn the_task_is_the_program() {
    let workspace = workspace("console.log('out'); console.error('err'); process.exit(7);");
    let finished = workspace.stockade(&["task", "job"]);
    assert_eq!(finished.transcript(), "exit status 7\n--- stdout\nout\n--- stderr\nerr\n");
}

#[test]
fn arguments_and_files() {
    let index = "
        const { greeting } = require('./greeting.json');
        console.log(greeting, ...process.argv.slice(2), require.main === module, process.cwd(), __filename);
    ";
    let workspace = workspace(index);
    workspace.write("job/greeting.json", "{\"greeting\": \"Hello\"}");
    let finished = workspace.stockade(&["task", "job", "--", "--name", "Ada"]);
    assert_eq!((finished.status, finished.stderr.as_str()), (0, ""), "{}", finished.transcript());
    assert_eq!(finished.stdout, "Hello --name Ada true /task /task/index.js\n");
}

#[test]
fn packages_of_its_own() {
    let workspace = workspace("console.log(require('left').pad('1'));");
    workspace.write("job/node_modules/left/index.js", "exports.pad = (text) => text.padStart(3, '0');");
    assert_eq!(workspace.stockade(&["task", "job"]).stdout, "001\n");
}

#[test]
fn modules() {
    let workspace = workspace("import { one } from './one.js';\nconsole.log(await Promise.resolve(one));\n");
    workspace.write("job/package.json", "{\"type\": \"module\"}");
    workspace.write("job/one.js", "export const one = 1;\n");
    let finished = workspace.stockade(&["task", "job"]);
    assert_eq!(finished.transcript(), "exit status 0\n--- stdout\n1\n--- stderr\n");
}

#[test]
fn the_object_of_the_seed() {
    let workspace = workspace("console.log('out'); console.error('err'); process.exitCode = 3;");
    let finished = workspace.stockade(&["task", "job", "--json"]);
    assert_eq!((finished.status, finished.stderr.as_str()), (3, ""), "{}", finished.transcript());
    let mut report = finished.json();
    let report = report.as_object_mut().unwrap();
    assert_eq!(report["task_id"].as_str().unwrap().len(), 36);
    assert!(report["execution_time_ms"].is_u64());
    let keys: Vec<&String> = report.keys().collect();
    assert_eq!(keys.len(), 6);
    assert_eq!(
        (&report["status"], &report["stdout"], &report["stderr"], &report["exit_code"]),
        (&json!("failed"), &json!("out\n"), &json!("err\n"), &json!(3))
    );
    let finished = self::workspace("").stockade(&["task", "job", "--json"]);
    assert_eq!((finished.status, &finished.json()["status"]), (0, &json!("success")));
}

#[test]
fn hosts_that_are_allowed_are_in_the_object() {
    let index = "require('http').get('http://127.0.0.1:4/').on('error', (error) => console.log(error.syscall))";
    let workspace = workspace(index);
    let finished = workspace.stockade(&["task", "job", "--allow-host", "127.0.0.1:4", "--json"]);
    let object = finished.json();
    assert_eq!((&object["stdout"], &object["status"]), (&json!("connect\n"), &json!("success")), "{object}");
    assert_eq!(object["network"]["refused"], json!([{ "host": "127.0.0.1:4", "reason": "address" }]));
    assert!(workspace.stockade(&["task", "job", "--json"]).json().get("network").is_none());
}

#[test]
fn uncaught_errors_end_as_node_ends_them() {
    let finished = workspace("throw new TypeError('no');").stockade(&["task", "job"]);
    assert_eq!((finished.status, finished.stdout.as_str()), (1, ""), "{}", finished.transcript());
    assert!(finished.stderr.contains("TypeError: no"), "{}", finished.transcript());
}

#[test]
fn the_directory_is_read_only_and_tmp_is_not() {
    let index = "
        const fs = require('fs');
        fs.writeFileSync('/tmp/note', 'kept');
        console.log(fs.readFileSync('/tmp/note', 'utf8'));
        try { fs.writeFileSync('note', ''); } catch (error) { console.log(error.code); }
        console.log(fs.existsSync('../etc/shadow'), fs.existsSync('/task/../neighbour'));
    ";
    let workspace = workspace(index);
    workspace.write("neighbour", "");
    let finished = workspace.stockade(&["task", "job"]);
    assert_eq!(
        (finished.status, finished.stdout.as_str()),
        (0, "kept\nEROFS\nfalse false\n"),
        "{}",
        finished.transcript()
    );
}

#[test]
fn directories_that_are_none() {
    let workspace = Workspace::new();
    let missing = "error: Failed to execute Node.js task: Task directory does not exist: job\n";
    workspace.stockade(&["task", "job"]).assert_failed(2, missing);
    workspace.write("job/readme", "");
    let no_package = "error: Failed to execute Node.js task: package.json not found in task directory\n";
    workspace.stockade(&["task", "job"]).assert_failed(2, no_package);
    workspace.write("job/package.json", "{}");
    let no_index = "error: Failed to execute Node.js task: index.js not found in task directory\n";
    workspace.stockade(&["task", "job"]).assert_failed(2, no_index);
    let finished = workspace.stockade(&["task", "job", "--json"]);
    assert_eq!((finished.status, finished.stderr.as_str()), (2, ""));
    let error = "Failed to execute Node.js task: index.js not found in task directory";
    assert_eq!(finished.json(), json!({ "error": error }));
}

#[test]
fn a_timeout() {
    let workspace = workspace("console.log('so far'); setInterval(() => {}, 1000);");
    let finished = workspace.stockade(&["task", "job", "--timeout", "1"]);
    assert_eq!((finished.status, finished.stdout.as_str()), (4, "so far\n"), "{}", finished.transcript());
    assert_eq!(
        finished.stderr,
        "error: Failed to execute Node.js task: Task execution timed out after 1 seconds\n\
         hint: raise the limit with `--timeout 2s`\n"
    );
    let finished = workspace.stockade(&["task", "job", "--timeout", "0.3", "--json"]);
    let error = "Failed to execute Node.js task: Task execution timed out after 0.3 seconds";
    assert_eq!((finished.status, finished.json()), (4, json!({ "error": error })));
}

#[test]
fn no_node() {
    let workspace = workspace("");
    workspace.finish(workspace.command(&["task", "job"]).env("PATH", workspace.path())).assert_failed(
        12,
        "error: Failed to execute Node.js task: Failed to check Node.js installation. Is Node.js installed?\n",
    );
}

#[test]
fn a_reader_that_goes_away_ends_the_task() {
    let workspace = workspace("setInterval(() => console.log('tick'), 5);");
    let mut child = workspace.start(&["task", "job"]);
    let mut line = [0; 5];
    std::io::Read::read_exact(&mut child.stdout.take().unwrap(), &mut line).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(11));
}
