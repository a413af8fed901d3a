//! A small workflow, as n8n describes it to whoever runs the code of one of its nodes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

/// What a JavaScript task may ask for: the workflow `Trigger` → `Src` → `Code`, and the node `Unrun` beside it. The
/// code is that of `Code`, which has the output of `Src` for its input.
#[derive(Debug)]
pub struct Workflow {
    data: Value,
    /// Answers that were asked for before: writing a large one takes longer than running many a task.
    answers: Mutex<HashMap<String, Arc<str>>>,
}

impl Workflow {
    /// A workflow in which `Src` has given `items`, with changes: `otherItems` are what `Src` has given where that is
    /// not the node's input; `settings`, `staticData`, `mode` and `envProviderState` are parts of it.
    pub fn new(items: &Value, changes: &Map<String, Value>) -> Self {
        let part = |name: &str, usual: Value| changes.get(name).cloned().unwrap_or(usual);
        let run = |index: u32, source: Value, items: Value| {
            json!([{"startTime": index + 1, "executionTime": 1, "executionIndex": index, "executionStatus": "success",
                    "source": source, "data": {"main": [items]}}])
        };
        let trigger_items = json!([{"json": {"t": 1}, "pairedItem": {"item": 0}}]);
        let code = node("id-code", "Code", "code", 2.into(), json!({"jsCode": "..."}));
        let data = json!({
            "workflow": {
                "id": "wf1", "name": "My WF", "active": false,
                "connections": {"Trigger": link("Src"), "Src": link("Code")},
                "nodes": [
                    node("id-trig", "Trigger", "manualTrigger", 1.into(), json!({})),
                    node("id-src", "Src", "set", json!(3.4), json!({"mode": "manual", "opt": "x"})),
                    code,
                    node("id-un", "Unrun", "set", json!(3.4), json!({})),
                ],
                "pinData": {},
                "settings": part("settings", json!({"executionOrder": "v1"})),
                "staticData": part("staticData", json!({})),
            },
            "inputData": {"main": [items]},
            "connectionInputSource": {"main": [{"previousNode": "Src"}]},
            "itemIndex": 0, "activeNodeName": "Code", "contextNodeName": "Code", "defaultReturnRunIndex": -1,
            "mode": part("mode", json!("manual")),
            "envProviderState": part("envProviderState",
                json!({"isProcessAvailable": true, "isEnvAccessBlocked": true, "env": {}})),
            "node": code,
            "runExecutionData": {
                "version": 1, "startData": {},
                "resultData": {
                    "runData": {
                        "Trigger": run(0, json!([]), trigger_items),
                        "Src": run(1, json!([{"previousNode": "Trigger"}]), part("otherItems", items.clone())),
                    },
                    "pinData": {},
                },
                "executionData": {"contextData": {}, "nodeExecutionStack": [], "metadata": {}, "waitingExecution": {},
                    "waitingExecutionSource": {}},
                "resumeToken": "tok123",
            },
            "runIndex": 0, "selfData": {}, "siblingParameters": {},
            "additionalData": {
                "formWaitingBaseUrl": "http://localhost:5678/form-waiting",
                "instanceBaseUrl": "http://localhost:5678/", "restApiUrl": "http://localhost:5678/rest",
                "variables": {"v1": "one"}, "webhookBaseUrl": "http://localhost:5678/webhook",
                "webhookTestBaseUrl": "http://localhost:5678/webhook-test",
                "webhookWaitingBaseUrl": "http://localhost:5678/webhook-waiting", "currentNodeParameters": {},
                "executionId": "77", "userId": "u1",
            },
        });
        Self { data, answers: Mutex::default() }
    }

    /// The part of the data that a task asks for with `runner:taskdatarequest`, as JSON.
    pub(crate) fn answer(&self, parameters: &Value) -> Arc<str> {
        let question = parameters.to_string();
        let mut answers = self.answers.lock().unwrap();
        let answer = answers.entry(question).or_insert_with(|| self.narrowed(parameters).to_string().into());
        Arc::clone(answer)
    }

    fn narrowed(&self, parameters: &Value) -> Value {
        let mut data = self.data.clone();
        let input = &parameters["input"];
        if input["include"] != true {
            data["inputData"] = json!({});
        } else if let (Some(first), Some(count)) =
            (input["chunk"]["startIndex"].as_u64(), input["chunk"]["count"].as_u64())
        {
            let items = data["inputData"]["main"][0].as_array().unwrap();
            let chunk: Vec<Value> = items.iter().skip(first as usize).take(count as usize).cloned().collect();
            data["inputData"]["main"][0] = chunk.into();
        }
        if parameters["env"] != true {
            data["envProviderState"]["env"] = json!({});
        }
        if let Value::Array(named) = &parameters["dataOfNodes"] {
            let mut wanted: Vec<&str> = named.iter().filter_map(Value::as_str).collect();
            if parameters["prevNode"] == true {
                wanted.push("Src");
            }
            let runs = data["runExecutionData"]["resultData"]["runData"].as_object_mut().unwrap();
            runs.retain(|name, _| wanted.contains(&name.as_str()));
        }
        data
    }
}

fn node(id: &str, name: &str, kind: &str, version: Value, parameters: Value) -> Value {
    json!({"id": id, "name": name, "type": format!("n8n-nodes-base.{kind}"), "typeVersion": version,
        "position": [0, 0], "parameters": parameters})
}

fn link(node: &str) -> Value {
    json!({"main": [[{"node": node, "type": "main", "index": 0}]]})
}

/// The descriptions of node types that a task asks for with `runner:nodetypesrequest`: nodes without parameters.
pub(crate) fn describe_node_types(wanted: &Value) -> Value {
    let describe = |node_type: &Value| {
        json!({"displayName": node_type["name"], "name": node_type["name"], "version": node_type["version"],
            "group": ["transform"], "description": "", "defaults": {"name": node_type["name"]}, "inputs": ["main"],
            "outputs": ["main"], "properties": []})
    };
    wanted.as_array().unwrap().iter().map(describe).collect()
}
