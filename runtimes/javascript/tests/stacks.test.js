'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { userStack } = require('../harness/stacks');

function partsOf(...lines) {
  const { text, place } = userStack(lines.join('\n'), 'b.js');
  return { lines: text.split('\n'), place: place && [place.line, place.column] };
}

test('frames of Node.js and of the harness are left out', () => {
  const { lines } = partsOf(
    'Error: x',
    '    at f (b.js:1:2)',
    '    at Array.map (<anonymous>)',
    '    at require (node:stockade/imports:90:14)',
    '    at node:internal/main/run_main_module:28:49',
    '    at async node:internal/modules/esm/loader:1:1',
    '    at file:///stockade/javascript/harness/start.js:1:1',
    '    at async b.js:3:4',
  );
  assert.deepEqual(lines, ['Error: x', '    at f (b.js:1:2)', '    at Array.map (<anonymous>)', '    at async b.js:3:4']);
});

test('the place is that of the innermost frame in the file', () => {
  assert.deepEqual(partsOf('x', '    at g (/packages/p/b.js:9:9)', '    at lab.js:8:8', '    at f (b.js:12:34)').place, [12, 34]);
  assert.deepEqual(partsOf('x', '    at async b.js:3:4').place, [3, 4]);
  assert.deepEqual(partsOf('x', '    at eval (eval at f (b.js:5:6), <anonymous>:1:1)').place, [5, 6]);
});

test('a stack without a frame in the file has no place', () => {
  assert.equal(partsOf('Error: in b.js:1:2', '    at f (a.js:1:2)', '    at g (b.js:x)').place, null);
});

test('the message stays as it is, over several lines', () => {
  assert.deepEqual(partsOf('Error: one', 'two', '', '    at f (b.js:1:2)').lines, ['Error: one', 'two', '', '    at f (b.js:1:2)']);
});
