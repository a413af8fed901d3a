//! What is known of code that has run before, by a hash of the code and of the rules that it ran by.

use std::collections::{HashMap, VecDeque};

use sha2::{Digest, Sha256};
use stockade_protocol::Outcome;

/// As many as the official Python runner remembers.
const CAPACITY: usize = 500;
/// An error that continueOnFail turns into a result stands this near the beginning of it.
const ERROR_PREFIX: usize = 80;

/// What stands for code.
pub(super) type CodeKey = [u8; 32];

/// Something for each of the codes that were used last; the least recently used is forgotten first.
#[derive(Debug)]
pub(super) struct Recent<V> {
    known: HashMap<CodeKey, (V, u64)>,
    /// Uses in order; those that are not the last of their key are skipped when room is made.
    uses: VecDeque<(CodeKey, u64)>,
    clock: u64,
}

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Self { known: HashMap::new(), uses: VecDeque::new(), clock: 0 }
    }
}

impl<V> Recent<V> {
    /// What is known of the code.
    pub(super) fn get(&mut self, key: &CodeKey) -> Option<&V> {
        if !self.known.contains_key(key) {
            return None;
        }
        let clock = self.note_use(*key);
        let (value, last_use) = self.known.get_mut(key)?;
        *last_use = clock;
        Some(value)
    }

    pub(super) fn insert(&mut self, key: CodeKey, value: V) {
        let clock = self.note_use(key);
        self.known.insert(key, (value, clock));
        while self.known.len() > CAPACITY || self.uses.len() > 4 * CAPACITY {
            self.forget_oldest_use();
        }
    }

    fn note_use(&mut self, key: CodeKey) -> u64 {
        self.clock += 1;
        self.uses.push_back((key, self.clock));
        if self.uses.len() > 4 * CAPACITY {
            self.forget_oldest_use();
        }
        self.clock
    }

    fn forget_oldest_use(&mut self) {
        let Some((oldest, used_at)) = self.uses.pop_front() else { return };
        if self.known.get(&oldest).is_some_and(|(_, last_use)| *last_use == used_at) {
            self.known.remove(&oldest);
        }
    }
}

/// Makes keys for code that runs by certain rules.
#[derive(Debug, Clone)]
pub(super) struct CodeHasher(Sha256);

impl CodeHasher {
    /// What is known of code holds for the rules that it ran by.
    pub(super) fn new(rules: &str) -> Self {
        Self(Sha256::new().chain_update(rules.len().to_le_bytes()).chain_update(rules))
    }

    /// The key of code that is run in this way.
    pub(super) fn key(&self, node_mode: &str, code: &[u8]) -> CodeKey {
        let hasher = self.0.clone().chain_update(node_mode.len().to_le_bytes()).chain_update(node_mode);
        hasher.chain_update(code).finalize().into()
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
        let mut recent = Recent::default();
        let hasher = CodeHasher::new("rules");
        let key = |number: usize| hasher.key("mode", number.to_string().as_bytes());
        for number in 0..CAPACITY {
            recent.insert(key(number), number);
        }
        assert_eq!(recent.get(&key(0)), Some(&0));
        recent.insert(key(CAPACITY), CAPACITY);
        assert_eq!(recent.get(&key(0)), Some(&0));
        assert_eq!(recent.get(&key(1)), None);
        assert_eq!(recent.known.len(), CAPACITY);
    }

    #[test]
    fn much_use_does_not_take_memory() {
        let mut recent = Recent::default();
        let key = CodeHasher::new("rules").key("mode", b"return 1");
        recent.insert(key, ());
        for _ in 0..100_000 {
            assert!(recent.get(&key).is_some());
        }
        assert!(recent.uses.len() <= 4 * CAPACITY);
    }

    #[test]
    fn the_same_code_by_other_rules_or_in_another_way_is_other_code() {
        let key = |rules: &str, mode: &str, code: &[u8]| CodeHasher::new(rules).key(mode, code);
        assert_ne!(key("a", "m", b"x"), key("b", "m", b"x"));
        assert_ne!(key("a", "m", b"bx"), key("ab", "m", b"x"));
        assert_ne!(key("a", "m", b"x"), key("a", "", b"mx"));
    }

    fn outcome(result: Result<Option<&'static str>, ErrorCode>) -> Outcome {
        let result = result
            .map(|text| text.map(|text| RawJson::new(Bytes::from_static(text.as_bytes())).unwrap()))
            .map_err(|code| TaskError::new(code, "m"));
        Outcome { result, exit_code: None, usage: Usage::default(), denied: Vec::new(), network: None, files: None }
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
