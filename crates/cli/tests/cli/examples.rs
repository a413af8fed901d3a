//! Every example runs as its first line says.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Finished, Workspace};

/// Runs a command line of an example from the root of the repository.
fn example(command: &str) -> Finished {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let workspace = Workspace::new();
    let arguments: Vec<&str> = command.split_whitespace().collect();
    workspace.finish(workspace.command(&arguments).current_dir(root))
}

/// The result of an example that may print while it runs.
#[track_caller]
fn result(command: &str) -> Value {
    let finished = example(command);
    assert_eq!(finished.status, 0, "{}", finished.transcript());
    finished.json()
}

#[test]
fn orders_give_the_same_answer_in_both_languages() {
    let python = result("run examples/orders/summary.py --inputs examples/orders/orders.json");
    let javascript = result("run examples/orders/summary.js --inputs examples/orders/orders.json");
    assert_eq!(python["top_customers"][0]["spent"], 18180.4);
    assert_eq!(python["revenue"].as_object().unwrap().len(), 8);
    assert_eq!(in_cents(python), in_cents(javascript));
}

/// Python writes `7763.0` where JavaScript writes `7763`.
fn in_cents(value: Value) -> Value {
    match value {
        Value::Number(number) => json!((number.as_f64().unwrap() * 100.0).round()),
        Value::Array(values) => values.into_iter().map(in_cents).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, in_cents(value))).collect(),
        other => other,
    }
}

#[test]
fn the_access_log() {
    let report = result("run examples/logs/access_log.js --inputs examples/logs/access_log.json --timeout 5");
    assert_eq!(report["requests"], 908);
    assert_eq!(report["knocking"][0]["client"], "203.0.113.66");
    assert_eq!(report["failing_minutes"].as_array().unwrap().len(), 6);
}

#[test]
fn hostile_programs_find_nothing() {
    for file in ["hostile.py", "hostile.js"] {
        let answers = result(&format!("run examples/hostile/{file}"));
        for (attempt, answer) in answers.as_object().unwrap() {
            let answer = answer.as_str().unwrap();
            let expected = ["Error", "ENOENT", "EPERM", "EACCES", "EROFS", "ESRCH", "nothing", "No such file"];
            assert!(expected.iter().any(|word| answer.contains(word)), "{file}: {attempt}: {answer}");
        }
    }
}

#[test]
fn task_directories() {
    let finished = example("task examples/task-hello -- Ada Grace");
    assert_eq!(
        finished.transcript(),
        "exit status 0\n--- stdout\n🚀 Task starting...\n✅ Result: Hello, Ada! Bonjour, Grace!\n--- stderr\n"
    );
    let finished = example("task examples/task-hello");
    assert_eq!(
        finished.transcript(),
        "exit status 1\n--- stdout\n🚀 Task starting...\n--- stderr\n❌ Error: whom to greet? Give names after `--`\n"
    );
    let report = result("task examples/task-esm --json -- 5");
    assert_eq!(report["stdout"], "2 3 5 7 11\nsha256 a2d3e35ce0d11293\n");
}

#[test]
fn the_custom_runtime() {
    let finished = example("run examples/custom/words.sh --configuration examples/custom/stockade.toml");
    assert_eq!(
        finished.transcript(),
        "exit status 0\n--- stdout\n13 configuration\n8 stockade\n8 examples\n--- stderr\n"
    );
}
