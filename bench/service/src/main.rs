//! Measures `stockade serve` from another process on loopback: latency at one connection, tasks per second beside
//! `stockade bench`, ten times the load that it can take, what many tasks leave behind, and signed Nautilus tasks
//! beside spawning `node`.
//!
//! - [`service`]: the service that is measured; [`client`]: one connection to it.
//! - [`load`]: closed and open loops of requests; [`nautilus`]: signed tasks.
//! - [`footprint`]: what the service holds; [`disturbance`]: what others use of the machine meanwhile;
//!   [`report`]: the section of BENCHMARKS.md.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot go on has failed")]

mod client;
mod disturbance;
mod footprint;
mod load;
mod nautilus;
mod report;
mod service;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Parser;
use disturbance::Disturbance;
use report::{Figures, Language};
use service::Service;
use stockade_bench_shared::section;

/// Tasks at the same time, and connections while throughput is measured; those of `stockade bench`.
const CONCURRENCY: usize = 6;
/// Places in the queue of the service while it is overloaded.
const QUEUE: usize = 100;
/// The share of the machine that others may use while something is measured.
const CALM: f64 = 0.1;
/// How often the sustained load the overload is.
const OVERLOAD: f64 = 10.0;

/// Measure `stockade serve` under load
///
/// Quiet the machine first. Without `--soak` it takes about a minute.
#[derive(Debug, Parser)]
struct Arguments {
    /// The release to measure
    #[arg(long, value_name = "PATH", default_value = "target/release/stockade")]
    stockade: PathBuf,

    /// Rounds; latency and throughput are the medians of those that were disturbed least
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,

    /// Times that a measurement is tried again while other programs use a tenth of the machine or more
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    patience: usize,

    /// Tasks whose leftovers are looked for
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    soak: usize,

    /// Write the figures into this file too, under a heading of their own
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = Arguments::parse();
    let mut figures = Figures::default();
    for language in ["python", "javascript"] {
        let mut rounds = Vec::new();
        let is_calm = |round: &&Language| round.disturbance < CALM;
        while rounds.iter().filter(is_calm).count() < usize::from(arguments.rounds)
            && rounds.len() < usize::from(arguments.rounds) + arguments.patience
        {
            eprintln!("{language}, round {} …", rounds.len() + 1);
            rounds.push(measure(&arguments.stockade, language).await);
        }
        rounds.sort_by(|one, other| one.disturbance.total_cmp(&other.disturbance));
        rounds.truncate(arguments.rounds.into());
        figures.languages.insert(language, rounds);
    }
    let sustained = report::median(figures.languages["python"].iter().map(|round| round.per_second));
    eprintln!("overload …");
    let time = Duration::from_secs(10);
    let overload = async |service: &Service| load::open(service, "python", sustained * OVERLOAD, time).await;
    figures.overload = Some(calm(&arguments, overload).await);
    eprintln!("signed tasks …");
    figures.nautilus = Some(calm(&arguments, async |service: &Service| nautilus::measure(service).await).await);
    if arguments.soak > 0 {
        eprintln!("{} tasks …", arguments.soak);
        let service = Service::start(&arguments.stockade, CONCURRENCY, QUEUE).await;
        figures.soak = Some(load::soak(&service, arguments.soak, CONCURRENCY).await);
        service.stop();
    }
    let text = report::section(&figures, CONCURRENCY, QUEUE);
    print!("{text}");
    if let Some(file) = &arguments.write {
        section::write(file, report::HEADING, &text).unwrap();
    }
}

/// What a measurement of a fresh service gives when it was disturbed least.
async fn calm<T>(arguments: &Arguments, measurement: impl AsyncFn(&Service) -> T) -> (f64, T) {
    let mut best: Option<(f64, T)> = None;
    for _ in 0..=arguments.patience {
        let disturbance = Disturbance::begin();
        let service = Service::start(&arguments.stockade, CONCURRENCY, QUEUE).await;
        let measured = measurement(&service).await;
        let share = disturbance.share();
        service.stop();
        if best.as_ref().is_none_or(|(least, _)| share < *least) {
            best = Some((share, measured));
        }
        if share < CALM {
            break;
        }
    }
    best.unwrap_or_else(|| panic!("nothing was measured"))
}

/// One round: `stockade bench`, and right after it the service.
async fn measure(stockade: &Path, language: &'static str) -> Language {
    let disturbance = Disturbance::begin();
    let engine = engine(stockade, language);
    let service = Service::start(stockade, CONCURRENCY, QUEUE).await;
    let paced = load::paced(&service, language, 200, Duration::from_millis(10)).await;
    let closed = load::closed(&service, language, 1, Duration::from_secs(2)).await;
    let full = load::closed(&service, language, CONCURRENCY, Duration::from_secs(3)).await;
    let disturbance = disturbance.share();
    service.stop();
    Language {
        disturbance,
        paced_p50: report::percentile(&paced, 50),
        closed_p50: report::percentile(&closed.milliseconds, 50),
        closed_p99: report::percentile(&closed.milliseconds, 99),
        per_second: full.per_second,
        engine_per_second: engine["throughput"].as_f64().unwrap(),
        engine_p50: engine["latency_p50"].as_f64().unwrap(),
    }
}

/// Figures of the engine alone, without HTTP.
fn engine(stockade: &Path, language: &str) -> serde_json::Value {
    let concurrency = CONCURRENCY.to_string();
    let output = Command::new(stockade)
        .args(["bench", "--json", "--rounds", "1", "--soak", "1", "--language", language])
        .args(["--concurrency", &concurrency])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let mut report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    report["languages"][0]["figures"].take()
}
