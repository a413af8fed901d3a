//! Code whose static check is known to pass, so that the next task with it need not check again.

use std::collections::{HashMap, VecDeque};

use sha2::{Digest, Sha256};
use stockade_protocol::Outcome;

/// As many as the official runner remembers.
const CAPACITY: usize = 500;
/// An error that continueOnFail turns into a result stands this near the beginning of it.
const ERROR_PREFIX: usize = 80;

/// What stands for code together with the rules that it was checked by.
pub(super) type CodeKey = [u8; 32];

/// Keys of checked code, the least recently used forgotten first.
#[derive(Debug, Default)]
pub(super) struct Validated {
    last_use: HashMap<CodeKey, u64>,
    /// Uses in order; those that are not the last of their key are skipped when room is made.
    uses: VecDeque<(CodeKey, u64)>,
    clock: u64,
}

impl Validated {
    /// Whether the code is known to pass.
    pub(super) fn contains(&mut self, key: &CodeKey) -> bool {
        let is_known = self.last_use.contains_key(key);
        if is_known {
            self.insert(*key);
        }
        is_known
    }

    /// The code passes.
    pub(super) fn insert(&mut self, key: CodeKey) {
        self.clock += 1;
        self.last_use.insert(key, self.clock);
        self.uses.push_back((key, self.clock));
        while self.last_use.len() > CAPACITY || self.uses.len() > 4 * CAPACITY {
            let Some((oldest, used_at)) = self.uses.pop_front() else { return };
            if self.last_use.get(&oldest) == Some(&used_at) {
                self.last_use.remove(&oldest);
            }
        }
    }
}

/// Makes keys for code that is checked by certain rules.
#[derive(Debug, Clone)]
pub(super) struct CodeHasher(Sha256);

impl CodeHasher {
    /// Code that passed by other rules has to be checked again.
    pub(super) fn new(rules: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(rules.len().to_le_bytes());
        hasher.update(rules);
        Self(hasher)
    }

    pub(super) fn key(&self, code: &[u8]) -> CodeKey {
        self.0.clone().chain_update(code).finalize().into()
    }
}

/// Whether a task's outcome proves that its code passed the static check.
///
/// Only a result does: an error may be one of the check itself. With continueOnFail an error is a result too, and
/// then one that looks like it proves nothing.
pub(super) fn proves_check(outcome: &Outcome, continue_on_fail: bool) -> bool {
    let Ok(result) = &outcome.result else { return false };
    let Some(result) = result else { return true };
    let bytes = result.bytes();
    let beginning = &bytes[..bytes.len().min(ERROR_PREFIX)];
    !(continue_on_fail && beginning.windows(7).any(|window| window == b"\"error\""))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use stockade_protocol::{ErrorCode, RawJson, TaskError, Usage};

    use super::*;

    #[test]
    fn the_least_recently_used_code_is_forgotten() {
        let mut validated = Validated::default();
        let hasher = CodeHasher::new("rules");
        let key = |number: usize| hasher.key(number.to_string().as_bytes());
        for number in 0..CAPACITY {
            validated.insert(key(number));
        }
        assert!(validated.contains(&key(0)));
        validated.insert(key(CAPACITY));
        assert!(validated.contains(&key(0)));
        assert!(!validated.contains(&key(1)));
        assert_eq!(validated.last_use.len(), CAPACITY);
    }

    #[test]
    fn much_use_does_not_take_memory() {
        let mut validated = Validated::default();
        let key = CodeHasher::new("rules").key(b"return 1");
        for _ in 0..100_000 {
            validated.insert(key);
        }
        assert!(validated.uses.len() <= 4 * CAPACITY);
        assert!(validated.contains(&key));
    }

    #[test]
    fn the_same_code_by_other_rules_is_other_code() {
        assert_ne!(CodeHasher::new("a").key(b"x"), CodeHasher::new("b").key(b"x"));
        assert_ne!(CodeHasher::new("a").key(b"bx"), CodeHasher::new("ab").key(b"x"));
    }

    fn outcome(result: Result<Option<&'static str>, ErrorCode>) -> Outcome {
        let result = result
            .map(|text| text.map(|text| RawJson::new(Bytes::from_static(text.as_bytes())).unwrap()))
            .map_err(|code| TaskError::new(code, "m"));
        Outcome { result, exit_code: None, usage: Usage::default(), denied: Vec::new() }
    }

    #[test]
    fn only_a_real_result_proves_the_check() {
        assert!(proves_check(&outcome(Ok(Some(r#"{"result":[{"json":{"error":"x"}}]}"#))), false));
        assert!(proves_check(&outcome(Ok(None)), true));
        assert!(proves_check(&outcome(Ok(Some(r#"{"result":[{"json":{"a":1}}]}"#))), true));
        assert!(!proves_check(&outcome(Ok(Some(r#"{"result": [{"json": {"error": "x"}}]}"#))), true));
        assert!(!proves_check(&outcome(Err(ErrorCode::RuntimeError)), false));
        assert!(!proves_check(&outcome(Err(ErrorCode::TimeoutError)), false));
    }
}
