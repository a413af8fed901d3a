//! `GET /v1/tasks/{id}/events`.

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::stage::{PATIENCE, Stage};

/// Writes to both streams, each flushed, with time in between.
const CODE: &str = "\
import sys, time
for number in range(3):
    print('out', number, flush=True)
    print('err é', number, file=sys.stderr, flush=True)
    time.sleep(0.05)
return 'done'";

/// What all events of a kind say together.
fn text(events: &[(String, Value)], kind: &str) -> String {
    events.iter().filter(|(name, _)| name == kind).map(|(_, data)| data["text"].as_str().unwrap()).collect()
}

fn check(events: &[(String, Value)]) {
    assert_eq!(text(events, "stdout"), "out 0\nout 1\nout 2\n");
    assert_eq!(text(events, "stderr"), "err é 0\nerr é 1\nerr é 2\n");
    let (last, rest) = events.split_last().unwrap();
    assert_eq!((last.0.as_str(), &last.1["result"], &last.1["status"]), ("outcome", &json!("done"), &json!("ok")));
    assert!(rest.iter().all(|(name, _)| name != "outcome"));
    assert!(rest.len() >= 6, "the output comes at once: {events:?}");
}

/// Server-sent events: name, id, data.
fn parse(stream: &str) -> Vec<(String, String, Value)> {
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{event:?}")).to_owned()
    };
    stream
        .split("\n\n")
        .filter(|event| !event.is_empty() && !event.starts_with(':'))
        .map(|event| {
            let data = serde_json::from_str(&field(event, "data: ")).unwrap();
            (field(event, "event: "), field(event, "id: "), data)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn server_sent_events_come_while_the_task_runs() {
    let stage = Stage::start().await;
    let path = stage.begin(CODE).await;
    let answer = stage.get(&format!("{path}/events")).await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let events = parse(&answer.text);
    check(&events.iter().map(|(name, _, data)| (name.clone(), data.clone())).collect::<Vec<_>>());

    // A reader that was away goes on where it was.
    let (_, id, _) = &events[2];
    let request = stage.client.get(stage.url(&format!("{path}/events"))).header("last-event-id", id);
    let rest = parse(&stage.send(request).await.text);
    let all = |events: &[(String, String, Value)]| -> String {
        events.iter().filter_map(|(_, _, data)| data["text"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(all(&rest), all(&events[3..]));
    let wrong = stage.client.get(stage.url(&format!("{path}/events"))).header("last-event-id", "x");
    stage.send(wrong).await.problem(400, "VALIDATION_ERROR");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_carries_the_same() {
    let stage = Stage::start().await;
    let path = stage.begin(CODE).await;
    let url = format!("ws://{}{path}/events", stage.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let mut events = Vec::new();
    let mut close = None;
    while let Ok(Some(Ok(message))) = tokio::time::timeout(PATIENCE, socket.next()).await {
        match message {
            Message::Text(text) => {
                let mut event: Value = serde_json::from_str(&text).unwrap();
                let name = event["event"].as_str().unwrap().to_owned();
                let data = if name == "outcome" { event["outcome"].take() } else { event };
                events.push((name, data));
            }
            Message::Close(frame) => close = frame,
            _ => {}
        }
    }
    check(&events);
    assert_eq!(u16::from(close.unwrap().code), 1000);
    stage.stop().await;
}
