//! Thousands of tasks in a row, one after the other, and neither the supervisor nor a zygote grows.
//!
//! `make soak` runs it; it takes minutes and prints what is held before, on the way and after.

use std::fs;

use stockade_engine::Engine;
use stockade_protocol::Language;
use stockade_tests::{Footprint, Process, code, configuration, descendants, run, runtime, settle, start};

/// How many tasks of each language, if not [`TASKS`].
const VARIABLE: &str = "STOCKADE_SOAK_TASKS";
const TASKS: usize = 10_000;
/// Tasks between two looks; the first so many fill caches and make the groups.
const ROUND: usize = 1000;
/// Groups of the places for one language, in all hierarchies.
const MOST_GROUPS: usize = 4 * (10 + 6 + 2 * 2 + 1);
/// Memory that the supervisor and a zygote may each add over all rounds: less than half a kilobyte for each task.
const MOST_GROWTH: u64 = 4 << 20;

#[test]
#[ignore = "takes minutes: `make soak`"]
fn python() {
    soak(
        Language::Python,
        &[
            "return 1",
            "raise ValueError('x')",
            "import os\nos._exit(3)",
            "open('/tmp/left', 'w').write('x' * 100_000)\nprint('x' * 10_000)",
            "import threading\nthreading.Thread(target=lambda: None).start()\nreturn {'a': [1] * 1000}",
            "import socket\nsocket.socket()",
        ],
    );
}

#[test]
#[ignore = "takes minutes: `make soak`"]
fn javascript() {
    soak(
        Language::JavaScript,
        &[
            "return 1",
            "throw new Error('x')",
            "process.exit(3)",
            "require('fs').writeFileSync('/tmp/left', 'x'.repeat(100_000)); console.log('x'.repeat(10_000))",
            "await new Promise((resolve) => setTimeout(resolve, 1)); return { a: Array(1000).fill(1) }",
            "require('net').connect(1)",
        ],
    );
}

fn soak(language: Language, sources: &[&'static str]) {
    let tasks = std::env::var(VARIABLE).map_or(TASKS, |text| text.parse().unwrap());
    let languages = [language.clone()];
    runtime().block_on(async {
        let nothing = Footprint::after_an_engine(configuration(&languages)).await;
        let engine = start(configuration(&languages)).await.unwrap();
        let play = async |engine: &Engine| {
            for number in 0..ROUND {
                let report = run(engine, code(&language, sources[number % sources.len()])).await;
                let error = report.outcome.result.err().map(|error| error.to_string()).unwrap_or_default();
                assert!(!error.contains("INTERNAL_ERROR"), "{error}");
            }
        };
        play(&engine).await;
        let (before, zygote_before) = look(&engine).await;
        println!("{language} after {ROUND} tasks\n  supervisor: {before}\n  zygote: {zygote_before}");
        let mut done = ROUND;
        while done < tasks {
            play(&engine).await;
            done += ROUND;
            settle(Some(&engine), &before, MOST_GROUPS).await.unwrap();
            let (now, zygote) = look(&engine).await;
            println!("{language} after {done} tasks\n  supervisor: {now}\n  zygote: {zygote}");
            let growth = now.memory().saturating_sub(before.memory());
            assert!(growth <= MOST_GROWTH, "the supervisor has grown by {} KiB", growth >> 10);
            assert!(zygote.is_like(&zygote_before), "the zygote has grown: {zygote}, before {zygote_before}");
        }
        engine.stop().await;
        drop(engine);
        settle(None, &nothing, 0).await.unwrap();
        println!("{language} after the stop\n  supervisor: {}", Footprint::now());
    });
}

/// What supervisor and zygote hold once every waiting worker waits and nothing else is left.
async fn look(engine: &Engine) -> (Footprint, Zygote) {
    loop {
        let before = Footprint::now();
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        let is_full = engine.status().runtimes.iter().all(|runtime| runtime.waiting == 3);
        let now = Footprint::now();
        if is_full && engine.status().running == 0 && now == before {
            return (now, Zygote::now());
        }
    }
}

/// What the one zygote below this process holds.
struct Zygote {
    descriptors: usize,
    mounts: usize,
    /// Resident memory in bytes.
    memory: u64,
}

impl Zygote {
    fn now() -> Self {
        let all = descendants(std::process::id());
        let is_launchers = |process: &&Process| {
            all.iter().any(|other| other.id == process.parent && other.command.contains("stockade-launcher"))
        };
        let zygote = all.iter().find(is_launchers).unwrap().id;
        let statm = fs::read_to_string(format!("/proc/{zygote}/statm")).unwrap();
        Self {
            descriptors: fs::read_dir(format!("/proc/{zygote}/fd")).unwrap().count(),
            mounts: fs::read_to_string(format!("/proc/{zygote}/mountinfo")).unwrap().lines().count(),
            memory: statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096,
        }
    }

    fn is_like(&self, before: &Self) -> bool {
        self.descriptors == before.descriptors
            && self.mounts == before.mounts
            && self.memory <= before.memory + MOST_GROWTH
    }
}

impl std::fmt::Display for Zygote {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { descriptors, mounts, memory } = self;
        write!(formatter, "{descriptors} descriptors, {mounts} mounts, {} KiB resident", memory >> 10)
    }
}
