//! Hundreds of tasks, of all ends, and nothing grows.

use stockade_engine::Engine;
use stockade_protocol::Language;
use stockade_tests::{Footprint, code, configuration, run, runtime, settle, start};
use tokio::task::JoinSet;

const LANGUAGES: [Language; 2] = [Language::Python, Language::JavaScript];
/// Tasks in one round.
const ROUND: usize = 150;
const ROUNDS: usize = 3;
/// Groups that the engine may make in all hierarchies: see `Engine::start` for the places.
const MOST_GROUPS: usize = 4 * (2 * (10 + 6) + 2 * 2 + 1);
/// Memory of the supervisor that a round may add: far below a kilobyte per task would be 150 KiB; an allocator rounds.
const MOST_GROWTH: u64 = 2 << 20;

#[test]
fn leave_nothing() {
    // Counts everything below this process, so the engine is that of a process of its own.
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", "many_tasks::runs_alone", "--ignored", "--nocapture"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
#[ignore = "must be alone in its process: `leave_nothing` starts it"]
fn runs_alone() {
    runtime().block_on(async {
        let nothing = Footprint::after_an_engine(configuration(&LANGUAGES)).await;
        let engine = start(configuration(&LANGUAGES)).await.unwrap();
        // The first round fills caches and makes the groups.
        round(&engine).await;
        settle(Some(&engine), &idle(&engine).await, MOST_GROUPS).await.unwrap();
        let before = idle(&engine).await;
        for _ in 0..ROUNDS {
            round(&engine).await;
        }
        settle(Some(&engine), &before, MOST_GROUPS).await.unwrap();
        let growth = idle(&engine).await.memory().saturating_sub(before.memory());
        assert!(growth <= MOST_GROWTH * ROUNDS as u64, "the supervisor has grown by {} KiB", growth >> 10);
        engine.stop().await;
        drop(engine);
        settle(None, &nothing, 0).await.unwrap();
    });
}

/// Once all waiting workers wait and no other process is left.
async fn idle(engine: &Engine) -> Footprint {
    loop {
        let one = Footprint::now();
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        let is_full = engine.status().runtimes.iter().all(|runtime| runtime.waiting == 3);
        if is_full && engine.status().running == 0 && one.has_as_many_processes(&Footprint::now()) {
            return Footprint::now();
        }
    }
}

async fn round(engine: &Engine) {
    let sources = [
        ["return 1", "return 1"],
        ["raise ValueError('x')", "throw new Error('x')"],
        ["import os\nos._exit(3)", "process.exit(3)"],
        ["open('/tmp/left', 'w').write('x' * 100_000)\nprint('x' * 100_000)", "console.log('x'.repeat(100_000))"],
        ["import subprocess\nsubprocess.Popen(['sleep', '60'])", "require('child_process').spawn('sleep', ['60'])"],
        ["import socket\nsocket.socket()", "require('net').connect(1)"],
    ];
    let mut tasks = JoinSet::new();
    for number in 0..ROUND {
        let (engine, place) = (engine.clone(), number % LANGUAGES.len());
        let mut task = code(&LANGUAGES[place], sources[number % sources.len()][place]);
        // Every tenth has limits of its own, and so a worker of its own.
        task.limits.processes += u32::from(number % 10 == 0);
        tasks.spawn(async move { run(&engine, task).await });
        while tasks.len() > 20 {
            tasks.join_next().await;
        }
    }
    for report in tasks.join_all().await {
        let error = report.outcome.result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(!error.contains("INTERNAL_ERROR"), "{error}");
    }
}
