//! What pandas costs: a task that describes 1,000 rows, and a worker that waits with it, beside a process of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use bytes::Bytes;
use serde::Serialize;
use stockade_engine::{Engine, EngineConfiguration, RuntimeConfiguration};
use stockade_protocol::Language;

use super::alternatives::resolved;
use super::{footprint, measure};
use crate::failure::Failure;

const ROWS: u32 = 1_000;
const SAMPLES: usize = 30;
const PROCESS_SAMPLES: usize = 5;
/// Waiting workers whose memory is compared with that of one.
const WORKERS: usize = 5;

const TASK: &str = "import pandas\nreturn pandas.DataFrame(items).describe()";
const PROCESS: &str = "import json, sys\nsys.path.append(sys.argv[1])\nimport pandas\n\
                       items = json.load(sys.stdin)['items']\nprint(pandas.DataFrame(items).describe().to_json())";

/// Figures of pandas, in milliseconds and mebibytes.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Pandas {
    pub(crate) rows: u32,
    pub(crate) latency_p50: f64,
    pub(crate) latency_p95: f64,
    /// A process of the interpreter that imports pandas and does the same.
    pub(crate) process_p50: f64,
    /// Proportional memory that one more waiting worker adds.
    pub(crate) worker_mebibytes: f64,
}

/// Whether a packages folder of Python has it.
pub(super) fn is_in(folder: &Path) -> bool {
    folder.join("pandas/__init__.py").is_file()
}

/// Measures with engines of their own, whose zygote has imported pandas.
pub(super) async fn measure(
    configuration: &EngineConfiguration,
    interpreter: &Path,
    folder: PathBuf,
) -> Result<Pandas, Failure> {
    let inputs = inputs();
    let with = |waiting_workers| EngineConfiguration {
        runtimes: configuration
            .runtimes
            .iter()
            .filter(|runtime| runtime.language == Language::Python)
            .map(|runtime| RuntimeConfiguration {
                waiting_workers,
                packages: Some(folder.clone()),
                preload: vec!["pandas".to_owned()],
                ..runtime.clone()
            })
            .collect(),
        ..configuration.clone()
    };
    let mut memory = Vec::new();
    let mut latency = Vec::new();
    for waiting in [1, WORKERS] {
        let engine = Engine::start(with(waiting)).await.map_err(|error| Failure::setup(&error, None))?;
        if let Some(missing) = engine.status().runtimes.iter().flat_map(|runtime| &runtime.missing).next() {
            return Err(Failure::setup(&format!("could not preload {missing}"), None));
        }
        measure::waiting(&engine, waiting).await;
        memory.push(footprint::take().proportional_mebibytes);
        if waiting == WORKERS {
            let task = measure::task(&Language::Python, TASK, inputs.clone());
            latency = measure::paced(&engine, &task, SAMPLES, waiting).await?;
        }
        engine.stop().await;
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of workers")]
    let more = (WORKERS - 1) as f64;
    Ok(Pandas {
        rows: ROWS,
        latency_p50: measure::percentile(&latency, 50),
        latency_p95: measure::percentile(&latency, 95),
        process_p50: process(&resolved(&Language::Python, interpreter), &folder, &inputs)?,
        worker_mebibytes: (memory[1] - memory[0]) / more,
    })
}

fn inputs() -> Bytes {
    let row =
        |number: u32| serde_json::json!({ "id": number, "price": f64::from(number) * 1.5, "quantity": number % 7 });
    let rows: Vec<_> = (0..ROWS).map(row).collect();
    Bytes::from(serde_json::json!({ "items": rows }).to_string())
}

/// Milliseconds of a process that does the same.
fn process(interpreter: &Path, folder: &Path, inputs: &[u8]) -> Result<f64, Failure> {
    let once = || {
        let started = Instant::now();
        let mut child = Command::new(interpreter)
            .args(["-c", PROCESS])
            .arg(folder)
            .env("OPENBLAS_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(inputs)?;
        }
        child.wait().map(|status| (status, started.elapsed().as_secs_f64() * 1e3))
    };
    let mut times = Vec::new();
    for _ in 0..PROCESS_SAMPLES {
        match once() {
            Ok((status, milliseconds)) if status.success() => times.push(milliseconds),
            Ok((status, _)) => {
                return Err(Failure::setup(&format!("`{}` failed: {status}", interpreter.display()), None));
            }
            Err(error) => {
                return Err(Failure::setup(&format!("cannot run `{}`: {error}", interpreter.display()), None));
            }
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(measure::percentile(&times, 50))
}
