//! Figures through the engine, with all its walls.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use stockade_engine::{DEFAULT_WAITING_WORKERS, Engine};
use stockade_protocol::{Language, Limits, Program, Task};

use super::footprint::{self, Footprint};
use crate::failure::Failure;

/// Samples of a task that finds a worker waiting.
const LATENCY_SAMPLES: usize = 200;
/// How long throughput is measured.
const THROUGHPUT_TIME: Duration = Duration::from_secs(3);
/// Bare forks of the floor.
const FLOOR_FORKS: u32 = 1000;
/// Items of the map.
const MAP_ITEMS: usize = 10_000;
/// Samples of the map.
const MAP_SAMPLES: usize = 10;

/// Figures of one language, in milliseconds and tasks per second.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    pub(crate) latency_p50: f64,
    pub(crate) latency_p95: f64,
    pub(crate) latency_p99: f64,
    pub(crate) throughput: f64,
    pub(crate) map_p50: f64,
    /// A bare fork of the warmed interpreter, its exit and the wait for it, one after the other.
    pub(crate) floor_fork: f64,
    /// Bare forks per second with as many in flight as tasks are for `throughput`.
    pub(crate) floor_throughput: f64,
}

/// What many tasks in a row leave.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Soak {
    pub(crate) tasks: usize,
    pub(crate) before: Footprint,
    pub(crate) after: Footprint,
}

/// One round of figures.
pub(crate) async fn round(engine: &Engine, language: &Language, concurrency: usize) -> Result<Figures, Failure> {
    let in_flight = u32::try_from(concurrency).unwrap_or(1);
    all_waiting(engine).await;
    let floor_fork = floor(engine, language, 1).await;
    let floor_all = floor(engine, language, in_flight).await;
    let trivial = trivial(language);
    let latency = paced(engine, &trivial, LATENCY_SAMPLES, DEFAULT_WAITING_WORKERS).await?;
    let map = paced(engine, &map(language), MAP_SAMPLES, DEFAULT_WAITING_WORKERS).await?;
    Ok(Figures {
        latency_p50: percentile(&latency, 50),
        latency_p95: percentile(&latency, 95),
        latency_p99: percentile(&latency, 99),
        throughput: throughput(engine, &trivial, concurrency).await?,
        map_p50: percentile(&map, 50),
        floor_fork: 1e3 / floor_fork,
        floor_throughput: floor_all,
    })
}

/// The median of each figure over all rounds.
pub(crate) fn median(rounds: Vec<Figures>) -> Figures {
    let of = |figure: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        percentile(&values, 50)
    };
    Figures {
        latency_p50: of(|figures| figures.latency_p50),
        latency_p95: of(|figures| figures.latency_p95),
        latency_p99: of(|figures| figures.latency_p99),
        throughput: of(|figures| figures.throughput),
        map_p50: of(|figures| figures.map_p50),
        floor_fork: of(|figures| figures.floor_fork),
        floor_throughput: of(|figures| figures.floor_throughput),
    }
}

/// Runs many trivial tasks, all languages in turn, and looks at what is there before and after.
pub(crate) async fn soak(engine: &Engine, languages: &[Language], tasks: usize) -> Result<Soak, Failure> {
    // The first thousand fill caches and arenas.
    many(engine, languages, 1000).await?;
    all_waiting(engine).await;
    let before = footprint::take();
    many(engine, languages, tasks).await?;
    all_waiting(engine).await;
    Ok(Soak { tasks, before, after: footprint::take() })
}

async fn many(engine: &Engine, languages: &[Language], tasks: usize) -> Result<(), Failure> {
    for number in 0..tasks {
        finish(engine, trivial(&languages[number % languages.len()])).await?;
    }
    Ok(())
}

/// Waits until every language has all its waiting workers.
pub(crate) async fn all_waiting(engine: &Engine) {
    waiting(engine, DEFAULT_WAITING_WORKERS).await;
}

/// Waits until every language has this many waiting workers.
pub(crate) async fn waiting(engine: &Engine, workers: usize) {
    while engine.status().runtimes.iter().any(|runtime| runtime.waiting < workers) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn floor(engine: &Engine, language: &Language, in_flight: u32) -> f64 {
    let took = engine.measure_floor(language, FLOOR_FORKS, in_flight).await.unwrap_or_default();
    f64::from(FLOOR_FORKS) / took.as_secs_f64()
}

/// Milliseconds of tasks that each find all workers waiting, ascending.
pub(super) async fn paced(engine: &Engine, task: &Task, samples: usize, workers: usize) -> Result<Vec<f64>, Failure> {
    let mut times = Vec::with_capacity(samples);
    for _ in 0..samples {
        waiting(engine, workers).await;
        let started = Instant::now();
        finish(engine, task.clone()).await?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

async fn throughput(engine: &Engine, task: &Task, concurrency: usize) -> Result<f64, Failure> {
    let started = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..concurrency {
        let (engine, task) = (engine.clone(), task.clone());
        callers.spawn(async move {
            let mut count = 0_u32;
            while started.elapsed() < THROUGHPUT_TIME {
                finish(&engine, task.clone()).await?;
                count += 1;
            }
            Ok::<u32, Failure>(count)
        });
    }
    let mut total = 0;
    while let Some(count) = callers.join_next().await {
        total += count.map_err(|error| Failure::internal(error.to_string()))??;
    }
    Ok(f64::from(total) / started.elapsed().as_secs_f64())
}

async fn finish(engine: &Engine, task: Task) -> Result<(), Failure> {
    engine
        .run(task)
        .await
        .result
        .map(drop)
        .map_err(|error| Failure::internal(format!("a task of the benchmark failed: {error}")))
}

pub(super) fn percentile(ascending: &[f64], percent: usize) -> f64 {
    let last = ascending.len().saturating_sub(1);
    ascending.get((ascending.len() * percent / 100).min(last)).copied().unwrap_or(f64::NAN)
}

pub(super) fn task(language: &Language, code: &'static str, inputs: Bytes) -> Task {
    Task {
        language: language.clone(),
        package_set: None,
        program: Program::Code { file_name: "bench".to_owned(), code: Bytes::from_static(code.as_bytes()) },
        inputs,
        limits: Limits::of(language),
        allow: None,
        environment: std::collections::BTreeMap::new(),
        network: stockade_protocol::Network::default(),
        files: stockade_protocol::TaskFiles::default(),
    }
}

/// A task that does next to nothing.
fn trivial(language: &Language) -> Task {
    task(language, "return 1", Bytes::new())
}

/// A map over [`MAP_ITEMS`] items.
fn map(language: &Language) -> Task {
    let code = match language {
        Language::JavaScript => "return items.map(item => ({...item, doubled: item.value * 2}))",
        _ => "return [{**item, 'doubled': item['value'] * 2} for item in items]",
    };
    let items: Vec<_> =
        (0..MAP_ITEMS).map(|number| serde_json::json!({"id": number, "value": number, "name": "item"})).collect();
    task(language, code, Bytes::from(serde_json::json!({ "items": items }).to_string()))
}
