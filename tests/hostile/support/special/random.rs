//! Workers are copies of one process; nothing that they draw at random may be a copy too.

use std::collections::BTreeSet;

use stockade_engine::Engine;
use stockade_protocol::Language;
use stockade_tests::{code, run};
use tokio::task::JoinSet;

const TASKS: usize = 50;

const PYTHON: &str = r#"
import hashlib, os, random, secrets, ssl, tempfile, time, uuid
drawn = {
    "random": random.random(),
    "getrandbits": random.getrandbits(64),
    "new generator": random.Random().random(),
    "system": random.SystemRandom().random(),
    "secrets": secrets.token_hex(8),
    "urandom": os.urandom(8).hex(),
    "uuid4": str(uuid.uuid4()),
    "uuid1": str(uuid.uuid1()),
    "tls": ssl.RAND_bytes(8).hex(),
    "file": tempfile.mktemp(),
    "shuffled": random.sample(range(10**6), 5),
}
try:
    import numpy
    drawn["numpy"] = [float(numpy.random.rand()), float(numpy.random.default_rng().random())]
except ImportError:
    pass
return drawn
"#;

const JAVASCRIPT: &str = r#"
const crypto = require('crypto');
const vm = require('vm');
return {
  random: Math.random(),
  context: vm.runInNewContext('Math.random()'),
  'many contexts': Array.from({ length: 3 }, () => vm.runInContext('Math.random()', vm.createContext())),
  uuid: crypto.randomUUID(),
  'uuid of the web': globalThis.crypto.randomUUID(),
  bytes: crypto.randomBytes(8).toString('hex'),
  integer: crypto.randomInt(2 ** 40),
  values: [...globalThis.crypto.getRandomValues(new Uint32Array(2))],
  key: crypto.generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x,
  directory: require('fs').mkdtempSync('/tmp/'),
};
"#;

/// Runs many tasks at once and compares each thing that they drew.
pub(super) async fn each(engine: &Engine) -> Result<(), String> {
    for (language, source) in [(Language::Python, PYTHON), (Language::JavaScript, JAVASCRIPT)] {
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let (engine, task) = (engine.clone(), code(&language, source));
            tasks.spawn(async move { run(&engine, task).await.result() });
        }
        let drawn: Vec<serde_json::Value> = tasks.join_all().await;
        let names: Vec<&String> = drawn[0].as_object().map(|fields| fields.keys().collect()).unwrap_or_default();
        for name in names {
            let different: BTreeSet<String> = drawn.iter().map(|fields| fields[name].to_string()).collect();
            if different.len() < TASKS {
                return Err(format!("{language}: {TASKS} tasks drew only {} different `{name}`", different.len()));
            }
        }
    }
    Ok(())
}
