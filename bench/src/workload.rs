//! The tasks, and how long each kind took.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use stockade_broker_player::{Played, Script, Workflow};
use tokio::time::sleep;

use crate::candidate::{CONCURRENCY, Running};

const ONE_BY_ONE: usize = 200;
const AT_ONCE: usize = 600;
/// Tasks that wait or run while throughput is measured: always more than there are slots.
const OUTSTANDING: usize = 2 * CONCURRENCY;
const REPEATS: usize = 3;
const MAP_ITEMS: usize = 10_000;
const EACH_ITEMS: usize = 1_000;
const LARGE_ITEMS: usize = 100_000;
const LARGE_TEXT: usize = 100 << 20;

/// How long each kind of task took, in milliseconds unless it says otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) per_second: f64,
    pub(crate) processor_per_task: f64,
    pub(crate) map: f64,
    pub(crate) each_item: f64,
    /// A trivial task that comes right after four that keep a processor busy.
    pub(crate) behind_four: f64,
    /// Twenty tasks that sleep for 200 ms; with five at a time 800 ms is the least.
    pub(crate) sleeps: f64,
    /// Proportional memory of all processes, waiting for tasks, in MiB.
    pub(crate) idle_mebibytes: f64,
}

/// What became of payloads that are far larger than usual.
pub(crate) struct Large {
    pub(crate) map_milliseconds: f64,
    pub(crate) text_milliseconds: f64,
    /// Length of the large text.
    pub(crate) text_mebibytes: f64,
    /// The most that the supervisor has held at a time.
    pub(crate) peak_mebibytes: f64,
}

pub(crate) async fn javascript(mut running: Running) -> Figures {
    let few = workflow(1);
    let many = workflow(MAP_ITEMS);
    let task = |code: &str, workflow: &Arc<Workflow>| {
        let settings = json!({"code": code, "nodeMode": "runOnceForAllItems", "workflowMode": "manual",
            "continueOnFail": false, "additionalProperties": {}});
        Script::new(&settings, Some(Arc::clone(workflow)))
    };
    let trivial = task("return [{json:{n:1}}]", &few);
    let map = task(
        "return $input.all().map(i => ({json:{...i.json, total: i.json.price*2, upper: i.json.name.toUpperCase()}}))",
        &many,
    );
    let each = Script::new(
        &json!({"code": "return {json:{...$json, total: $json.price*2}}", "nodeMode": "runOnceForEachItem",
            "workflowMode": "manual", "continueOnFail": false, "additionalProperties": {},
            "chunk": {"startIndex": 0, "count": EACH_ITEMS}}),
        Some(Arc::clone(&many)),
    );
    let busy = task(
        "let c=0; const N=2e6; const s=new Uint8Array(N+1); for(let i=2;i<=N;i++){ if(!s[i]){c++; \
         for(let j=i*2;j<=N;j+=i)s[j]=1} }\nlet h=0; for(let i=0;i<3e7;i++){h=(h*31+i)|0}\nreturn [{json:{c,h}}]",
        &few,
    );
    let asleep = task("await new Promise(r=>setTimeout(r,200)); return []", &few);
    measure(&mut running, [trivial, map, each, busy, asleep]).await
}

pub(crate) async fn python(mut running: Running) -> Figures {
    let task = |code: &str, mode: &str, items: &Value| {
        let settings = json!({"code": code, "nodeMode": mode, "workflowMode": "manual", "continueOnFail": false,
            "items": items, "nodeId": "n", "nodeName": "Code", "workflowId": "w", "workflowName": "W"});
        Script::new(&settings, None)
    };
    let all = "runOnceForAllItems";
    let trivial = task("return [{\"json\": {\"n\": 1}}]", all, &items(1));
    let map = task(
        "out = []\nfor item in _items:\n    j = item['json']\n    out.append({'json': {**j, 'total': j['price'] * 2, \
         'upper': j['name'].upper()}})\nreturn out",
        all,
        &items(MAP_ITEMS),
    );
    let each = task(
        "return {'json': {**_item['json'], 'total': _item['json']['price'] * 2}}",
        "runOnceForEachItem",
        &items(EACH_ITEMS),
    );
    let busy = task("n = 0\nfor i in range(5_000_000):\n    n += i\nreturn [{'json': {'n': n}}]", all, &items(1));
    let asleep = task("import time\ntime.sleep(0.2)\nreturn []", all, &items(1));
    measure(&mut running, [trivial, map, each, busy, asleep]).await
}

async fn measure(running: &mut Running, [trivial, map, each, busy, asleep]: [Script; 5]) -> Figures {
    sleep(Duration::from_millis(1500)).await;
    let idle_mebibytes = running.footprint().mebibytes;
    play(running, vec![trivial.clone(); 20], 1).await;
    let latencies = latencies_of(&play(running, vec![trivial.clone(); ONE_BY_ONE], 1).await);
    let (before, start) = (running.footprint().processor_milliseconds, Instant::now());
    play(running, vec![trivial.clone(); AT_ONCE], OUTSTANDING).await;
    let seconds = start.elapsed().as_secs_f64();
    // The last workers have to be waited for before their time counts.
    sleep(Duration::from_millis(200)).await;
    let processor = running.footprint().processor_milliseconds - before;
    let map = median(&latencies_of(&play(running, vec![map; REPEATS], 1).await));
    let each_item = median(&latencies_of(&play(running, vec![each; REPEATS], 1).await));
    let behind = play(running, [vec![busy; 4], vec![trivial]].concat(), CONCURRENCY).await;
    let start = Instant::now();
    play(running, vec![asleep; 20], 20).await;
    Figures {
        p50: quantile(&latencies, 0.5),
        p95: quantile(&latencies, 0.95),
        per_second: AT_ONCE as f64 / seconds,
        processor_per_task: processor / AT_ONCE as f64,
        map,
        each_item,
        behind_four: milliseconds(behind[4].from_start),
        sleeps: milliseconds(start.elapsed()),
        idle_mebibytes,
    }
}

/// Proportional memory of a runner that waits, in MiB.
pub(crate) async fn idle(running: Running) -> f64 {
    sleep(Duration::from_millis(1500)).await;
    running.footprint().mebibytes
}

/// A map over many items, and one text that is larger than most.
pub(crate) async fn large_payload(mut running: Running) -> Large {
    let task = |code: &str, items: &Value| {
        let settings = json!({"code": code, "nodeMode": "runOnceForAllItems", "workflowMode": "manual",
            "continueOnFail": false, "additionalProperties": {}});
        Script::new(&settings, Some(Arc::new(Workflow::new(items, &without_others()))))
    };
    let map = task("return $input.all().map(i => ({json:{...i.json, total: i.json.price*2}}))", &items(LARGE_ITEMS));
    let text = "x".repeat(LARGE_TEXT);
    let there_and_back = task("return $input.all()", &json!([{"json": {"text": text}}]));
    let map = play(&mut running, vec![map], 1).await;
    let text = play(&mut running, vec![there_and_back], 1).await;
    Large {
        map_milliseconds: milliseconds(map[0].from_start),
        text_milliseconds: milliseconds(text[0].from_start),
        text_mebibytes: text[0].trace.last().unwrap().len() as f64 / f64::from(1 << 20),
        peak_mebibytes: running.peak_mebibytes(),
    }
}

async fn play(running: &mut Running, scripts: Vec<Script>, outstanding: usize) -> Vec<Played> {
    let all = running.player.play(scripts, outstanding).await;
    for played in &all {
        let end = played.trace.last().unwrap();
        assert!(played.is_done(), "a task failed: {end:.300}");
    }
    all
}

fn workflow(count: usize) -> Arc<Workflow> {
    Arc::new(Workflow::new(&items(count), &without_others()))
}

/// The node before has given nothing else than the input.
fn without_others() -> Map<String, Value> {
    Map::from_iter([("otherItems".to_owned(), json!([]))])
}

fn items(count: usize) -> Value {
    let item = |i: usize| {
        json!({"json": {"id": i, "name": format!("user {i}"), "price": i as f64 * 1.5, "tags": ["a", "b", "c"],
            "nested": {"x": i, "y": {"z": "zz"}}}, "pairedItem": {"item": i}})
    };
    (0..count).map(item).collect()
}

/// In order.
fn latencies_of(all: &[Played]) -> Vec<f64> {
    let mut sorted: Vec<f64> = all.iter().map(|played| milliseconds(played.from_start)).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Of figures in order.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share) as usize;
    sorted[place.min(sorted.len() - 1)]
}

pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}
