//! Measures `stockade runner` beside n8n's own JavaScript runner: both get the same tasks from the same broker, in
//! turns, several times over. The official runner is installed from its package registry into a folder that is thrown
//! away with `target`, and run as it is.
//!
//! - [`candidate`]: what is measured, and how it is started.
//! - [`workload`]: the tasks, and how long each kind took.
//! - [`footprint`]: memory and processor time of a runner and all its processes.
//! - [`report`]: the table.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot go on has failed")]

mod candidate;
mod footprint;
mod report;
mod workload;

use std::path::{Path, PathBuf};

use candidate::{Candidate, Running};
use clap::Parser;
use stockade_bench_shared::section;
use workload::Figures;

/// Measure `stockade runner` beside n8n's own JavaScript runner
///
/// Quiet the machine first. One round takes some 20 seconds.
#[derive(Debug, Parser)]
struct Arguments {
    /// The release to measure
    #[arg(long, value_name = "PATH", default_value = "target/release/stockade")]
    stockade: PathBuf,

    /// Node.js for both runners; the official one needs 22 or newer
    #[arg(long, value_name = "PATH", default_value = "node")]
    node: PathBuf,

    /// Where the official runner is installed, if it is not yet
    #[arg(long, value_name = "FOLDER", default_value = "target/official-runner")]
    official: PathBuf,

    /// Rounds; the figures are the medians of all
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,

    /// Measure beside this other build of Stockade, and not beside the official runner
    #[arg(long, value_name = "PATH", conflicts_with = "write")]
    beside: Option<PathBuf>,

    /// Write the figures into this file too, under a heading of their own
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = Arguments::parse();
    if let Some(other) = &arguments.beside {
        print!("{}", report::table_of_builds(&measure_builds(&arguments, other).await));
        return;
    }
    candidate::install_official(&arguments.official);
    let python = Candidate::Stockade { binary: arguments.stockade.clone(), languages: &["python"], node: None };
    let node = Some(arguments.node.clone());
    let ours = Candidate::Stockade { binary: arguments.stockade.clone(), languages: &["javascript"], node };
    let official = Candidate::Official { folder: arguments.official.clone(), node: arguments.node.clone() };
    let mut rounds: Vec<[Figures; 3]> = Vec::new();
    for round in 1..=arguments.rounds {
        eprintln!("round {round} of {} …", arguments.rounds);
        let python = workload::python(Running::start(&python).await).await;
        // In turns, so that a machine that slows down slows both.
        let (ours, official) = if round % 2 == 1 {
            let ours = workload::javascript(Running::start(&ours).await).await;
            (ours, workload::javascript(Running::start(&official).await).await)
        } else {
            let official = workload::javascript(Running::start(&official).await).await;
            (workload::javascript(Running::start(&ours).await).await, official)
        };
        rounds.push([python, ours, official]);
    }
    let both = Candidate::Stockade {
        binary: arguments.stockade.clone(),
        languages: &["python", "javascript"],
        node: Some(arguments.node.clone()),
    };
    let idle_with_both = workload::idle(Running::start(&both).await).await;
    let large = workload::large_payload(Running::start(&ours).await).await;
    let text =
        report::table(&rounds, idle_with_both, &large, &candidate::versions(&arguments.node, &arguments.official));
    print!("{text}");
    if let Some(file) = &arguments.write {
        section::write(file, report::HEADING, &text).unwrap();
    }
}

/// Rounds with the figures of the other build's Python, this build's Python, and the same for JavaScript.
async fn measure_builds(arguments: &Arguments, other: &Path) -> Vec<[Figures; 4]> {
    let candidate = |binary: &Path, language: &'static [&'static str]| Candidate::Stockade {
        binary: binary.to_owned(),
        languages: language,
        node: (language == ["javascript"]).then(|| arguments.node.clone()),
    };
    let mut rounds = Vec::new();
    for round in 1..=arguments.rounds {
        let mut builds = [other, &arguments.stockade];
        if round % 2 == 0 {
            builds.reverse();
        }
        let mut figures = Vec::new();
        for build in builds {
            figures.push(workload::python(Running::start(&candidate(build, &["python"])).await).await);
        }
        for build in builds {
            figures.push(workload::javascript(Running::start(&candidate(build, &["javascript"])).await).await);
        }
        if round % 2 == 0 {
            figures.swap(0, 1);
            figures.swap(2, 3);
        }
        rounds.push([figures[0], figures[1], figures[2], figures[3]]);
    }
    rounds
}
