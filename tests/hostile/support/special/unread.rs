//! Output that nobody reads while it comes: it is kept, and must not take more room than it has bytes.

use stockade_engine::{Engine, TaskEvent};
use stockade_protocol::Language;
use stockade_tests::{Footprint, code};

/// Writes one byte at a time, and lets the supervisor read it before the next.
const DRIP: &str = "
import os, time
for number in range(10_000):
    os.write(1 + number % 2, b'x')
    time.sleep(0.00002)
return 'said all'
";
/// What the output may take: far less than a page for each byte.
const MOST_GROWTH: u64 = 16 << 20;

pub(super) async fn single_bytes(engine: &Engine) -> Result<(), String> {
    let before = Footprint::now().memory();
    let mut running = engine.submit(code(&Language::Python, DRIP)).map_err(|error| error.to_string())?;
    while engine.status().running > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let growth = Footprint::now().memory().saturating_sub(before);
    let mut bytes = 0;
    let outcome = loop {
        match running.next_event().await {
            Some(TaskEvent::Stdout(part) | TaskEvent::Stderr(part)) => bytes += part.len(),
            Some(TaskEvent::Finished(outcome)) => break *outcome,
            Some(_) => {}
            None => return Err("no outcome".to_owned()),
        }
    };
    if growth > MOST_GROWTH || bytes != 10_000 || outcome.result.is_err() {
        return Err(format!("{bytes} bytes took {} KiB: {:?}", growth >> 10, outcome.result));
    }
    Ok(())
}
