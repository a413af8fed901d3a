'use strict';

// Insecure mode changes the globals of the process, as a worker may: so these tests have a process of their own, and
// one for each task.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { join } = require('node:path');
const { test } = require('node:test');

const PLAY = join(__dirname, 'support', 'play.js');

function resultOf(code, options = {}) {
  const program = `
    const write = process.stdout.write.bind(process.stdout);
    require(${JSON.stringify(PLAY)})
      .resultOf(${JSON.stringify(code)}, ${JSON.stringify({ ...options, rules: { insecure: true } })})
      .then((result) => write(JSON.stringify(result)));`;
  return JSON.parse(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }));
}

test('insecure mode shows all of Node.js next to the variables', () => {
  const code = 'return [typeof process.pid, typeof URL, $json.n, this.helpers === helpers, $now instanceof DateTime, items instanceof Array]';
  assert.deepEqual(resultOf(code), ['number', 'function', 1, true, true, true]);
});

test('insecure mode evaluates expressions', () => {
  const code = 'return [$evaluateExpression("{{ 1 + 1 }}"), $evaluateExpression("={{ $json }}"), $evaluateExpression("a {{ $json.n }} b {{ null }}"), $evaluateExpression("plain")]';
  assert.deepEqual(resultOf(code), [2, { n: 1, s: 'a' }, 'a 1 b ', 'plain']);
});

test('insecure mode runs code for each item', () => {
  const settings = { nodeMode: 'runOnceForEachItem', chunk: { startIndex: 0, count: 2 } };
  const items = [{ json: { a: 1 } }, { json: { a: 2 } }];
  assert.deepEqual(resultOf('return { a: $json.a }', { settings, changes: { items } }), [
    { json: { a: 1 }, pairedItem: { item: 0 } },
    { json: { a: 2 }, pairedItem: { item: 1 } },
  ]);
});
