//! What a user would do otherwise: an interpreter of its own for each task, alone or within bubblewrap.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::Serialize;
use stockade_protocol::Language;

const SAMPLES: usize = 20;

/// One other way and what a trivial task takes there, in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Alternative {
    pub(crate) name: String,
    pub(crate) p50: f64,
}

/// Measures the ways that are installed.
pub(crate) fn measure(language: &Language, interpreter: &Path) -> Vec<Alternative> {
    let (flag, code) = match language {
        Language::JavaScript => ("-e", "console.log(JSON.stringify((() => 1)()))"),
        _ => ("-c", "import json\ndef f(): return 1\nprint(json.dumps(f()))"),
    };
    let interpreter = resolved(language, interpreter);
    let name = interpreter.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bubblewrap = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent"];
    [(format!("spawn {name}"), vec![]), (format!("bwrap + {name}"), bubblewrap.map(str::to_owned).to_vec())]
        .into_iter()
        .filter_map(|(name, mut words)| {
            words.extend([interpreter.display().to_string(), flag.to_owned(), code.to_owned()]);
            let mut times: Vec<f64> = (0..SAMPLES).map(|_| time(&words)).collect::<Option<_>>()?;
            times.sort_by(f64::total_cmp);
            Some(Alternative { name, p50: times[SAMPLES / 2] })
        })
        .collect()
}

/// The interpreter itself: a version manager's script in front of it would be measured too.
pub(super) fn resolved(language: &Language, interpreter: &Path) -> std::path::PathBuf {
    let question = match language {
        Language::JavaScript => ["-p", "process.execPath"],
        _ => ["-c", "import sys; print(sys.executable)"],
    };
    let answer = Command::new(interpreter).args(question).output().map(|output| output.stdout).unwrap_or_default();
    let answer = String::from_utf8_lossy(&answer).trim().to_owned();
    if answer.is_empty() { interpreter.to_owned() } else { answer.into() }
}

/// Milliseconds of one whole process; `None` when it cannot be run.
fn time(words: &[String]) -> Option<f64> {
    let started = Instant::now();
    let output = Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| started.elapsed().as_secs_f64() * 1e3)
}
