//! A harmless task that looks around: it must see the same after every hostile one.

use serde_json::{Value, json};
use stockade_engine::Engine;
use stockade_protocol::Language;
use stockade_tests::{code, run, with_inputs};

const PYTHON: &str = r#"
import builtins, json, os, signal, sys
print("tweet")
return {
    "files": os.listdir("/tmp"),
    "directory": os.getcwd(),
    "variables": sorted(os.environ),
    "umask": os.umask(0o022),
    "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "process": os.getpid(),
    "json": json.dumps([1]),
    "odd": [name for name in ("poison", "polluted") if hasattr(builtins, name) or name in sys.modules],
    "limit": sys.getrecursionlimit(),
    "sum": sum(numbers),
}
"#;

const JAVASCRIPT: &str = r#"
console.log('tweet');
return {
  files: require('fs').readdirSync('/tmp'),
  directory: process.cwd(),
  variables: Object.keys(process.env).sort(),
  umask: process.umask(),
  process: process.pid,
  json: JSON.stringify([1]),
  odd: ['poison', 'polluted'].filter((name) => name in globalThis || name in {} || name in Array),
  handlers: process.eventNames().map(String).sort(),
  sum: numbers.reduce((sum, one) => sum + one, 0),
};
"#;

/// Runs the canary of a language; gives what it saw.
pub(crate) async fn sing(engine: &Engine, language: &Language) -> Result<Value, String> {
    let source = if *language == Language::JavaScript { JAVASCRIPT } else { PYTHON };
    let task = with_inputs(code(language, source), &json!({ "numbers": [1, 2, 3] }));
    let report = run(engine, task).await;
    if report.outcome.result.is_err() || report.stdout != b"tweet\n" || !report.stderr.is_empty() {
        return Err(format!("the {language} canary fails:\n{}", crate::judge::transcript(&report)));
    }
    Ok(report.result())
}
