'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { runCode, runTask } = require('./support/worker');

async function resultOf(code, options) {
  const { result, error } = await runCode(code, options);
  assert.equal(error, undefined);
  return result;
}

async function errorOf(code, options) {
  const { error } = await runCode(code, options);
  assert.notEqual(error, undefined, 'the task succeeded');
  return error;
}

describe('results', () => {
  test('are what the code returns, as JSON.stringify writes it', async () => {
    const code = `
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { date: new Date(0), nothing: undefined, list: [undefined, NaN, -0, () => 1], map: new Map([[1, 2]]) }`;
    const expected = { date: '1970-01-01T00:00:00.000Z', list: [null, null, 0, null], map: {} };
    assert.deepEqual(await resultOf(code), expected);
  });

  test('keep integers of any size as text', async () => {
    assert.deepEqual(await resultOf('return [10n ** 20n, { a: -1n }]'), ['100000000000000000000', { a: '-1' }]);
  });

  test('are absent without `return` and for values that have no JSON', async () => {
    assert.equal(await resultOf('let x = 1'), undefined);
    assert.equal(await resultOf('return () => 1'), undefined);
    assert.equal(await resultOf(''), undefined);
  });

  test('can be large', async () => {
    assert.equal((await resultOf("return 'é'.repeat(1e6)")).length, 1e6);
  });

  test('come from the first settlement of a thenable', async () => {
    assert.equal(await resultOf('return { then(resolve) { resolve(1); resolve(2); } }'), 1);
  });
});

describe('inputs', () => {
  test('are variables and the object `inputs`', async () => {
    const inputs = { a: 1, ä: 2, 'x-y': 3, class: 4, arguments: 5 };
    const code = "return [a, ä, inputs['x-y'], inputs.class, inputs.arguments]";
    assert.deepEqual(await resultOf(code, { inputs }), [1, 2, 3, 4, 5]);
  });

  test('may be declared again by the code', async () => {
    const code = 'const a = 5; var b = b || 6; let inputs = 7; function require() { return 8 } return [a, b, inputs, require()]';
    assert.deepEqual(await resultOf(code, { inputs: { a: 1, b: 2 } }), [5, 6, 7, 8]);
  });

  test('named as a builtin of the harness are the input', async () => {
    assert.deepEqual(await resultOf('return [require, inputs]', { inputs: { require: 1, inputs: 2 } }), [
      1,
      { require: 1, inputs: 2 },
    ]);
  });

  test('keep a key `__proto__` as data', async () => {
    const code = 'return [__proto__, Object.getPrototypeOf(inputs) === Object.prototype]';
    assert.deepEqual(await resultOf(code, { inputs: '{"__proto__": {"x": 1}}' }), [{ x: 1 }, true]);
  });

  test('that are no JSON object are refused', async () => {
    for (const [inputs, message] of [
      ['[1]', /^The inputs have to be a JSON object$/],
      ['{"a"', /^The inputs are not JSON: /],
    ]) {
      const error = await errorOf('return 1', { inputs });
      assert.equal(error.code, 'VALIDATION_ERROR');
      assert.match(error.message, message);
    }
  });
});

describe('the code', () => {
  test('runs as the body of a sloppy async function with the global object as `this`', async () => {
    const code = 'return [this === globalThis, await 1, (function () { return this })() === globalThis]';
    assert.deepEqual(await resultOf(code), [true, 1, true]);
  });

  test('may be strict', async () => {
    assert.equal(await resultOf("'use strict'; return (function () { return this })() === undefined"), true);
  });

  test('may start with a hashbang and end with a comment', async () => {
    assert.equal(await resultOf('#!/usr/bin/env node\nreturn 3 // three'), 3);
  });

  test('sees the globals of Node.js', async () => {
    const names = ['Buffer', 'URL', 'clearTimeout', 'fetch', 'process', 'queueMicrotask', 'structuredClone'];
    assert.deepEqual(await resultOf(`return [${names}].map((value) => typeof value)`), [
      'function',
      'function',
      'function',
      'function',
      'object',
      'function',
      'function',
    ]);
  });

  test('sees nothing of the harness', async () => {
    const code = `return {
      arguments: process.argv.slice(1), flags: process.execArgv, main: typeof process.mainModule,
      cache: Object.keys(require.cache), environment: process.env, directory: process.cwd(),
      names: ['module', 'exports', '__filename', 'gc'].map((name) => typeof globalThis[name]),
      listeners: process.eventNames().filter((name) => /exit|Exception|Rejection/i.test(name)),
      stack: new Error('x').stack, errors: Object.keys(Error), big: typeof BigInt.prototype.toJSON }`;
    assert.deepEqual(await resultOf(code), {
      arguments: ['orders.js'],
      flags: [],
      main: 'undefined',
      cache: [],
      environment: { PATH: '/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8', TZ: 'UTC' },
      directory: '/tmp',
      names: ['undefined', 'undefined', 'undefined', 'undefined'],
      listeners: [],
      stack: 'Error: x\n    at orders.js:6:14',
      errors: ['stackTraceLimit'],
      big: 'undefined',
    });
  });

  test('gets the environment of its settings', async () => {
    const code = 'return [process.env.NAME, new Date(0).getHours()]';
    assert.deepEqual(await resultOf(code, { environment: { NAME: 'value', TZ: 'Asia/Tokyo' } }), ['value', 9]);
  });
});

describe('output', () => {
  test('is complete before the result', async () => {
    const code = "for (let n = 0; n < 3; n += 1) console.log('x'.repeat(100_000)); process.stderr.write('y'); return 1";
    const { result, stdout, stderr } = await runCode(code);
    assert.deepEqual([result, stdout.length, stderr], [1, 300_003, 'y']);
  });

  test('is complete when the process exits', async () => {
    const { stdout, result, error } = await runCode("process.stdout.write('x'.repeat(1e6)); process.exit(0)");
    assert.deepEqual([stdout.length, result, error], [1e6, undefined, undefined]);
  });

  test('that was written when an error ends the task is kept', async () => {
    const { stdout, error } = await runCode("process.stdout.write('half a line'); throw new Error('x')");
    assert.deepEqual([stdout, error.message], ['half a line', 'x']);
  });

  test('keeps its bytes', async () => {
    const { stdout } = await runCode("process.stdout.write(Buffer.from([0, 27, 0xc3])); process.stdout.write(Buffer.from([0xa9]))");
    assert.equal(stdout, '\0\x1bé');
  });
});

describe('tasks that are not what the contract says', () => {
  test('are refused with the reason', async () => {
    for (const [settings, message] of [
      [{ mode: 'other' }, 'This runtime has no mode `other`'],
      [{ mode: 'n8n' }, 'This runtime has no mode `n8n`'],
      [{ mode: 'code', allow: 'fs' }, '`allow` has to be a list of module names'],
      [{ mode: 'code', environment: { A: 1 } }, '`environment` has to be an object of strings'],
      [null, 'The settings have to be a JSON object'],
    ]) {
      const { error } = await runTask({ settings });
      assert.deepEqual(error, { code: 'VALIDATION_ERROR', message });
    }
  });

  test('may be cut off', async () => {
    const { error } = await runTask({ payload: Buffer.from([9, 0, 0, 0, 1]) });
    assert.deepEqual(error, { code: 'VALIDATION_ERROR', message: 'The task is cut off' });
  });
});
