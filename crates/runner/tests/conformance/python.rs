//! The cases for Python.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use stockade_broker_player::Script;
use stockade_protocol::Language;

use crate::cases::{Differences, PythonCase, PythonGroup, read};
use crate::compare::{normalised, trace};
use crate::stage::Stage;

const CASES: &str = "runtimes/python/tests/conformance/cases.json";
pub(crate) const DIFFERENCES: &str = "runtimes/python/tests/conformance/differences.json";
/// The cases were recorded with this version; a few of the interpreter's own texts differ in others.
const RECORDED_WITH: &str = "3.13.";
const TEXTS_OF_THE_INTERPRETER: [&str; 2] = ["all.recursion", "w.stack_depth_traceback"];

fn script(case: &PythonCase) -> Script {
    let mut settings = json!({
        "nodeMode": case.node_mode.as_deref().unwrap_or("runOnceForAllItems"), "items": case.items,
        "workflowMode": "manual", "continueOnFail": case.continue_on_fail, "nodeId": "n1", "nodeName": "Code",
        "workflowId": "w1", "workflowName": "WF",
    });
    // One case is what happens without it.
    if let Some(code) = &case.code {
        settings["code"] = Value::from(code.as_str());
    }
    if let Some(query) = &case.query {
        settings["query"] = query.clone();
    }
    Script::new(&settings, None)
}

/// A stand-in for the one package of the cases.
fn install_package(folder: &Path) {
    let package = folder.join("websockets/asyncio");
    fs::create_dir_all(&package).unwrap();
    fs::write(folder.join("websockets/__init__.py"), "").unwrap();
    fs::write(package.join("__init__.py"), "").unwrap();
    fs::write(package.join("client.py"), "import os, socket\n").unwrap();
}

#[tokio::test]
async fn every_case_has_the_official_answer_or_a_better_one() {
    let differences = Differences::read(DIFFERENCES);
    let packages = tempfile::tempdir().unwrap();
    install_package(packages.path());
    let mut wrong = Vec::new();
    for PythonGroup { environment, cases } in read::<Vec<PythonGroup>>(CASES) {
        let mut environment: Vec<(&str, &str)> = environment.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        environment.push(("N8N_RUNNERS_MAX_CONCURRENCY", "5"));
        let mut stage = Stage::set(Language::Python, Some(packages.path().to_owned()), &environment).await;
        let all_played = stage.player.play(cases.iter().map(script).collect(), 6).await;
        let is_other_version = !stage.version.starts_with(RECORDED_WITH);
        for (case, played) in cases.into_iter().zip(all_played) {
            if is_other_version && TEXTS_OF_THE_INTERPRETER.contains(&case.name.as_str()) {
                continue;
            }
            let expected = normalised(differences.answer(&case.name, case.official));
            let answered = trace(&played);
            if answered != expected {
                wrong.push(format!("{}\n  expected {}\n  got      {}", case.name, json!(expected), json!(answered)));
            }
        }
        stage.strike().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
