'use strict';

// The cases that were played against the official runner, played through this mode. Each has the official answer, or
// the one that differences.json says is better, and why.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const vm = require('node:vm');
const cases = require('./conformance.json');
const differences = require('./differences.json');
const { normalised } = require('./support/normalise');
const { play } = require('./support/play');

const decidedOutside = new Set(differences.decidedOutside.cases);

/** Names that the language itself gives to every global object, on this version of Node.js and on that of the cases. */
const languageNames = new Set([
  ...vm.runInNewContext('Object.getOwnPropertyNames(globalThis)'),
  ...['AsyncDisposableStack', 'DisposableStack', 'Float16Array', 'Iterator', 'SuppressedError'],
]);

/** What the version of Node.js or the clock decides is not compared. */
const adjustments = {
  'var.all-globals': (trace) => {
    const [{ json }] = trace[1].data.result;
    json.keys = json.keys.filter((name) => !languageNames.has(name));
  },
  'console.table': (trace) => {
    for (const { params } of trace) if (params) params[0] = params[0].replace(/\d+ms/, '…ms');
  },
};

const missing = {
  'lang.es2025': typeof Object.groupBy !== 'function' && 'this version of Node.js knows an older language',
};

function adjusted(name, trace) {
  const copy = normalised(JSON.parse(JSON.stringify(trace)));
  adjustments[name]?.(copy);
  return copy;
}

for (const { name, code, data, settings, rpc, official } of cases) {
  if (decidedOutside.has(name)) continue;
  test(name, { skip: missing[name] || false }, async () => {
    const { trace } = await play(code, { changes: data, settings, rpc });
    const difference = differences.cases[name];
    assert.deepEqual(adjusted(name, trace), adjusted(name, difference ? difference.trace : official));
  });
}

test('every difference is of a case, has a reason and is one', () => {
  const officialAnswers = new Map(cases.map(({ name, official }) => [name, official]));
  for (const [name, { reason, trace }] of Object.entries(differences.cases)) {
    assert.ok(officialAnswers.has(name), name);
    assert.ok(differences.reasons[reason], reason);
    assert.notDeepEqual(adjusted(name, trace), adjusted(name, officialAnswers.get(name)), name);
  }
  for (const name of decidedOutside) assert.ok(officialAnswers.has(name), name);
});
