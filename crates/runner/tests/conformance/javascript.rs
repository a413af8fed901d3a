//! The cases for JavaScript.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stockade_broker_player::{Script, Withheld, Workflow};
use stockade_protocol::Language;

use crate::cases::{Differences, JavaScriptCase, read};
use crate::compare::{normalised, trace};
use crate::stage::Stage;

const CASES: &str = "runtimes/javascript/n8n/tests/conformance.json";
pub(crate) const DIFFERENCES: &str = "runtimes/javascript/n8n/tests/differences.json";
/// What the version of Node.js decides. The harness's own tests compare the rest of these.
const OF_THE_VERSION: [&str; 2] = ["lang.es2025", "var.all-globals"];
/// Seconds that a task may take; the cases were recorded with it.
const TASK_TIMEOUT: &str = "5";

fn settings(code: &str, changes: &Map<String, Value>) -> Value {
    let mut settings = json!({"code": code, "nodeMode": "runOnceForAllItems", "workflowMode": "manual",
        "continueOnFail": false, "additionalProperties": {}});
    settings.as_object_mut().unwrap().extend(changes.clone());
    settings
}

fn script(case: &JavaScriptCase) -> Script {
    let usual = json!([{"json": {"n": 1, "s": "a"}, "pairedItem": {"item": 0}}]);
    let workflow = Workflow::new(case.data.get("items").unwrap_or(&usual), &case.data);
    let withheld = match (case.hold, case.no_data) {
        (true, _) => Withheld::Settings,
        (_, true) => Withheld::Data,
        _ => Withheld::Nothing,
    };
    Script {
        rpc: case.rpc.clone(),
        withheld,
        ..Script::new(&settings(&case.code, &case.settings), Some(Arc::new(workflow)))
    }
}

async fn stage(environment: &[(&str, &str)]) -> Stage {
    let usual = [
        ("GENERIC_TIMEZONE", "UTC"),
        ("NODE_FUNCTION_ALLOW_EXTERNAL", "luxon,notinstalledpkg"),
        ("N8N_RUNNERS_TASK_TIMEOUT", TASK_TIMEOUT),
    ];
    Stage::set(Language::JavaScript, None, &[&usual, environment].concat()).await
}

/// How long a timer took is not compared.
fn without_durations(mut messages: Vec<Value>) -> Vec<Value> {
    for parameter in messages.iter_mut().filter_map(|message| message.pointer_mut("/params/0")) {
        let text = parameter.as_str().unwrap_or_default().to_owned();
        if let Some(start) = text.strip_suffix("ms'").map(|text| text.trim_end_matches(|c: char| c.is_ascii_digit())) {
            *parameter = format!("{}…ms'", start.trim_end_matches('…')).into();
        }
    }
    messages
}

#[tokio::test]
async fn every_case_has_the_official_answer_or_a_better_one() {
    let differences = Differences::read(DIFFERENCES);
    let mut cases: Vec<JavaScriptCase> = read(CASES);
    cases.retain(|case| case.cancel_after_ms.is_none() && !OF_THE_VERSION.contains(&case.name.as_str()));
    let mut stage = stage(&[("NODE_FUNCTION_ALLOW_BUILTIN", "crypto")]).await;
    let all_played = stage.player.play(cases.iter().map(script).collect(), 8).await;
    let mut wrong = Vec::new();
    for (case, played) in cases.into_iter().zip(all_played) {
        let expected = without_durations(normalised(differences.answer(&case.name, case.official)));
        let answered = without_durations(trace(&played));
        if answered != expected {
            wrong.push(format!("{}\n  expected {}\n  got      {}", case.name, json!(expected), json!(answered)));
        }
    }
    stage.strike().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Code that ends without a result, its message and its description. Each loses a whole official runner, or hangs.
const ENDS: [(&str, &str, &str); 5] = [
    (
        "require('process').exit(0)",
        "The code left with process.exit(0) before it returned anything",
        "Use `return` to end the code of a node.",
    ),
    (
        "setTimeout(() => require('process').exit(3), 1); await new Promise((done) => setTimeout(done, 1000))",
        "The code left with process.exit(3) before it returned anything",
        "Use `return` to end the code of a node.",
    ),
    ("setTimeout(() => { throw new Error('in a timer') }, 1); await new Promise(() => {})", "in a timer [line 1]", ""),
    ("Promise.reject(new Error('forgotten')); await new Promise(() => {})", "forgotten [line 1]", ""),
    ("await new Promise(() => {})", "The code waits for a promise that never settles", ""),
];

#[tokio::test]
async fn code_that_ends_in_its_own_way_fails_alone_and_says_why() {
    let mut stage = stage(&[("NODE_FUNCTION_ALLOW_BUILTIN", "*")]).await;
    let workflow = Arc::new(Workflow::new(&json!([]), &Map::new()));
    let script = |code: &str| Script::new(&settings(code, &Map::new()), Some(Arc::clone(&workflow)));
    let mut scripts: Vec<Script> = ENDS.iter().map(|(code, _, _)| script(code)).collect();
    scripts.push(script("await new Promise((done) => setTimeout(done, 300)); return 'unharmed'"));
    let mut all_played = stage.player.play(scripts, ENDS.len() + 1).await;
    let neighbour = trace(&all_played.pop().unwrap());
    assert_eq!(neighbour.last().unwrap()["data"]["result"], "unharmed");
    for ((code, message, description), played) in ENDS.iter().zip(&all_played) {
        let trace = trace(played);
        let end = trace.last().unwrap();
        assert_eq!(end["type"], "runner:taskerror", "{code}: {end}");
        assert_eq!(end["error"]["message"], *message, "{code}");
        assert_eq!(end["error"]["description"].as_str().unwrap_or_default(), *description, "{code}");
    }
    stage.strike().await;
}
