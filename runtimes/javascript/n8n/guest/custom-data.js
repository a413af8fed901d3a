'use strict';

// `$execution.customData`: short texts that n8n keeps with an execution, to search for it later.

const { UsageError } = require('./errors');

const MOST_KEYS = 10;
const LONGEST_KEY = 50;
const LONGEST_VALUE = 512;
const KEY = /^[A-Za-z0-9_]+$/;

function check(key, value) {
  if (typeof key !== 'string' || !KEY.test(key)) {
    return new UsageError(`Custom data key can only contain letters, numbers, and underscores (key "${String(key)}")`, { type: 'key' });
  }
  if (typeof value !== 'string' && typeof value !== 'number') {
    return new UsageError(`Custom data values must be a string (key "${key}")`, { type: 'value' });
  }
  return null;
}

/** A bad key or value is refused only where someone is there to read the refusal: in a manual execution. */
function customDataOf(execution) {
  const { resultData } = execution;
  const stored = () => (resultData.metadata ??= {});
  const set = (key, value) => {
    const values = stored();
    const refusal = check(key, value);
    if (refusal) return refusal;
    const name = key.slice(0, LONGEST_KEY);
    if (name in values || Object.keys(values).length < MOST_KEYS) values[name] = String(value).slice(0, LONGEST_VALUE);
    return null;
  };
  const report = (refusal) => {
    if (refusal && execution.data.mode === 'manual') throw refusal;
  };
  return {
    set: (key, value) => report(set(key, value)),
    setAll: (values) => report(Object.entries(values).map(([key, value]) => set(key, value)).find(Boolean)),
    get: (key) => resultData.metadata?.[String(key).slice(0, LONGEST_KEY)],
    getAll: () => ({ ...resultData.metadata }),
  };
}

module.exports = { customDataOf };
