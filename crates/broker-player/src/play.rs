//! Plays n8n for many tasks at a time: takes up offers, gives settings, answers requests, waits for the end.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::broker::PATIENCE;
use crate::socket::RunnerSocket;
use crate::workflow::{Workflow, describe_node_types};

/// One task as n8n gives it.
#[derive(Debug, Clone)]
pub struct Script {
    /// The settings, as JSON.
    pub settings: Arc<str>,
    /// What a JavaScript task may ask for.
    pub workflow: Option<Arc<Workflow>>,
    /// The answer to each remote procedure call.
    pub rpc: Value,
    /// What n8n does not give this time.
    pub withheld: Withheld,
}

/// What n8n does not give a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// It gives all.
    Nothing,
    /// It accepts an offer and says no more.
    Settings,
    /// It does not answer requests for data.
    Data,
}

impl Script {
    /// A task for which n8n does its part.
    pub fn new(settings: &Value, workflow: Option<Arc<Workflow>>) -> Self {
        Self { settings: settings.to_string().into(), workflow, rpc: Value::Null, withheld: Withheld::Nothing }
    }
}

/// What became of a task.
#[derive(Debug, Clone)]
pub struct Played {
    /// What the runner sent for it, in order, as JSON; without `runner:taskaccepted`. The end is the last.
    pub trace: Vec<String>,
    /// From the moment on that n8n took up an offer for it to its end.
    pub from_offer: Duration,
    /// The same from the moment on that n8n wanted it to run.
    pub from_start: Duration,
}

impl Played {
    /// Whether it ended with a result.
    pub fn is_done(&self) -> bool {
        self.trace.last().is_some_and(|end| said(end).kind == "runner:taskdone")
    }
}

/// A runner, and the offers of it that n8n has not yet taken up.
pub struct Player {
    socket: RunnerSocket,
    offers: VecDeque<(String, Instant)>,
    /// Tasks that were started; their ids are made of it.
    started: usize,
}

struct Running {
    script: Script,
    index: usize,
    started_at: Instant,
    offered_at: Instant,
    trace: Vec<String>,
}

/// The part of a message that says where it belongs; results are not read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said<'text> {
    #[serde(rename = "type")]
    kind: &'text str,
    #[serde(default, borrow)]
    task_id: Option<&'text str>,
    #[serde(default)]
    offer_id: Option<String>,
    #[serde(default)]
    valid_for: f64,
    #[serde(default)]
    request_id: Value,
    #[serde(default)]
    request_params: Value,
    #[serde(default)]
    call_id: Value,
}

fn said(text: &str) -> Said<'_> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text:.200}"))
}

impl Player {
    /// For a runner that is registered.
    pub fn new(socket: RunnerSocket) -> Self {
        Self { socket, offers: VecDeque::new(), started: 0 }
    }

    /// Plays all scripts, `outstanding` of them at a time; gives what became of each, in their order.
    pub async fn play(&mut self, scripts: Vec<Script>, outstanding: usize) -> Vec<Played> {
        let mut played: Vec<Option<Played>> = scripts.iter().map(|_| None).collect();
        let mut scripts: VecDeque<(usize, Script)> = scripts.into_iter().enumerate().collect();
        let mut wanted: VecDeque<(usize, Script, Instant)> = VecDeque::new();
        let mut running: HashMap<String, Running> = HashMap::new();
        loop {
            while wanted.len() + running.len() < outstanding {
                let Some((index, script)) = scripts.pop_front() else { break };
                wanted.push_back((index, script, Instant::now()));
            }
            if wanted.is_empty() && running.is_empty() {
                return played.into_iter().map(Option::unwrap).collect();
            }
            while !wanted.is_empty()
                && let Some(offer) = self.next_offer()
            {
                let (index, script, started_at) = wanted.pop_front().unwrap();
                self.started += 1;
                let task_id = format!("task-{}", self.started);
                let offered_at = Instant::now();
                self.socket.send(json!({"type": "broker:taskofferaccept", "taskId": task_id, "offerId": offer})).await;
                running.insert(task_id, Running { script, index, started_at, offered_at, trace: Vec::new() });
            }
            let text = timeout(PATIENCE, self.socket.hear_text()).await.expect("the runner says nothing");
            let Some((task_id, text)) = self.take_up(text) else { continue };
            if said(&text).kind == "runner:taskrejected" {
                // n8n matches it again. A runner that renews its offers before they end has to reject one now and then.
                let Running { script, index, started_at, .. } = running.remove(&task_id).unwrap();
                wanted.push_front((index, script, started_at));
                continue;
            }
            let Some(task) = running.get_mut(&task_id) else { panic!("no task is {task_id}: {text:.200}") };
            if self.go_on(&task_id, task, text).await {
                let task = running.remove(&task_id).unwrap();
                let end = Instant::now();
                played[task.index] = Some(Played {
                    trace: task.trace,
                    from_offer: end - task.offered_at,
                    from_start: end - task.started_at,
                });
            }
        }
    }

    /// The broker's end of the connection.
    pub fn into_socket(self) -> RunnerSocket {
        self.socket
    }

    fn next_offer(&mut self) -> Option<String> {
        let now = Instant::now();
        self.offers.retain(|(_, end)| *end > now);
        self.offers.pop_front().map(|(offer, _)| offer)
    }

    /// Keeps an offer; gives back what belongs to a task.
    fn take_up(&mut self, text: String) -> Option<(String, String)> {
        let said = said(&text);
        if let Some(offer) = said.offer_id {
            // n8n's word for an offer that holds until it is withdrawn is -1.
            let validity = if said.valid_for < 0.0 { 1e9 } else { said.valid_for };
            self.offers.push_back((offer, Instant::now() + Duration::from_secs_f64(validity / 1000.0)));
            return None;
        }
        Some((said.task_id?.to_owned(), text))
    }

    /// Does n8n's next step for a task; true when the task has ended.
    async fn go_on(&mut self, task_id: &str, task: &mut Running, text: String) -> bool {
        let Said { kind, request_id, request_params, call_id, .. } = said(&text);
        let withheld = task.script.withheld;
        let mut has_ended = false;
        match kind {
            "runner:taskaccepted" => {
                if withheld != Withheld::Settings {
                    let settings = &task.script.settings;
                    let message =
                        format!(r#"{{"type":"broker:tasksettings","taskId":"{task_id}","settings":{settings}}}"#);
                    self.socket.send_text(message).await;
                }
                return false;
            }
            "runner:taskdatarequest" if withheld != Withheld::Data => {
                let data = task.script.workflow.as_ref().expect("a task with data").answer(&request_params);
                let message = format!(
                    r#"{{"type":"broker:taskdataresponse","taskId":"{task_id}","requestId":{request_id},"data":{data}}}"#
                );
                self.socket.send_text(message).await;
            }
            "runner:nodetypesrequest" => {
                let types = describe_node_types(&request_params);
                let answer = json!({"type": "broker:nodetypes", "taskId": task_id, "requestId": request_id,
                    "nodeTypes": types});
                self.socket.send(answer).await;
            }
            "runner:rpc" => {
                let answer = json!({"type": "broker:rpcresponse", "taskId": task_id, "callId": call_id,
                    "status": "success", "data": task.script.rpc});
                self.socket.send(answer).await;
            }
            "runner:taskdone" | "runner:taskerror" => has_ended = true,
            _ => {}
        }
        task.trace.push(text);
        has_ended
    }
}
