//! Whatever the broker sends, in whatever order, the dispatcher does not panic and no slot is lost.

use proptest::prelude::*;

use super::*;

const SLOTS: usize = 2;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Text(String),
    Message { kind: usize, task: usize, offer: usize, shape: usize },
    Report { task: usize, kind: usize },
    Wait(u64),
    Reconnect,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => any::<String>().prop_map(Step::Text),
        1 => ".{0,40}".prop_map(|text| Step::Text(format!(r#"{{"type":"broker:tasksettings","taskId":{text}"#))),
        8 => (0..12_usize, 0..4_usize, 0..4_usize, 0..6_usize)
            .prop_map(|(kind, task, offer, shape)| Step::Message { kind, task, offer, shape }),
        4 => (0..6_usize, 0..6_usize).prop_map(|(task, kind)| Step::Report { task, kind }),
        2 => (0..20_000_u64).prop_map(Step::Wait),
        1 => Just(Step::Reconnect),
    ]
}

fn message(kind: usize, task: usize, offer: &str, shape: usize) -> Value {
    let task_id = match shape {
        4 => json!(7),
        5 => json!(null),
        _ => json!(format!("t{task}")),
    };
    let settings = match shape {
        0 | 1 => python_settings(),
        2 => json!({"code": "x"}),
        _ => json!([[{}], null]),
    };
    let kinds = [
        "broker:taskofferaccept",
        "broker:taskofferaccept",
        "broker:taskofferaccept",
        "broker:tasksettings",
        "broker:tasksettings",
        "broker:taskcancel",
        "broker:rpcresponse",
        "broker:taskdataresponse",
        "broker:nodetypes",
        "broker:inforequest",
        "broker:runnerregistered",
        "broker:unheard-of",
    ];
    json!({"type": kinds[kind], "taskId": task_id, "offerId": offer, "settings": settings, "reason": "r",
        "callId": "c", "requestId": "r", "status": "success", "data": [1], "nodeTypes": []})
}

/// The broker's side: what it was offered, and how often each task has come to an end.
#[derive(Default)]
struct Ledger {
    offers: Vec<String>,
    accepted: usize,
    ended: usize,
}

impl Ledger {
    fn read(&mut self, desk: &mut Desk) {
        for message in desk.sent() {
            match message["type"].as_str().unwrap() {
                "runner:taskoffer" => self.offers.push(message["offerId"].as_str().unwrap().to_owned()),
                "runner:taskaccepted" => self.accepted += 1,
                "runner:taskdone" | "runner:taskerror" => self.ended += 1,
                _ => {}
            }
        }
    }
}

fn apply(desk: &mut Desk, ledger: &Ledger, step: Step) {
    match step {
        Step::Text(text) => desk.say_text(&text),
        Step::Message { kind, task, offer, shape } => {
            let known = ledger.offers.len().checked_sub(offer + 1).map(|place| ledger.offers[place].as_str());
            desk.say(message(kind, task, known.unwrap_or("unknown"), shape));
        }
        Step::Report { task, kind } => {
            if let Some(Some(started)) = desk.engine.started.lock().unwrap().get_mut(task) {
                started.reporter.report(match kind {
                    0 => TaskEvent::Log(raw("[\"1\"]")),
                    1 => TaskEvent::Request { id: 1, name: "data".to_owned(), parameters: raw("{}") },
                    2 => TaskEvent::Stdout(Bytes::from_static(b"\xff\n")),
                    3 => TaskEvent::Finished(Box::new(outcome(Err(error(ErrorCode::TimeoutError, ""))))),
                    _ => TaskEvent::Finished(Box::new(outcome(Ok(json!({"result": 1}))))),
                });
            }
            desk.settle();
        }
        Step::Wait(milliseconds) => desk.advance(Duration::from_millis(milliseconds)),
        Step::Reconnect => {
            desk.disconnect();
            desk.connect();
        }
    }
}

proptest! {
    #[test]
    fn whatever_the_broker_sends(steps in proptest::collection::vec(step(), 0..60)) {
        let mut desk = Desk::python(&SLOTS.to_string());
        let mut ledger = Ledger::default();
        for step in steps {
            ledger.read(&mut desk);
            apply(&mut desk, &ledger, step);
            prop_assert!(desk.dispatcher.tasks.len() <= SLOTS);
            prop_assert!(desk.dispatcher.deadline(desk.now) >= desk.now || !desk.dispatcher.is_registered());
        }
        // Everything that runs comes to its end, and whoever waits for settings has waited long enough.
        let running = std::mem::take(&mut *desk.engine.started.lock().unwrap());
        drop(running);
        desk.advance(Duration::from_secs(60));
        ledger.read(&mut desk);
        desk.disconnect();
        desk.connect();
        ledger.read(&mut desk);
        prop_assert_eq!(desk.dispatcher.free_slots(0), SLOTS);
        let before = ledger.offers.len();
        desk.advance(Duration::from_secs(6));
        ledger.read(&mut desk);
        prop_assert_eq!(ledger.offers.len() - before, SLOTS, "n8n has an offer for every slot");
        prop_assert!(ledger.ended <= ledger.accepted, "no task ends twice");
    }
}
