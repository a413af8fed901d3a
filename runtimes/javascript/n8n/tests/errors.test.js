'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const mode = require('../mode');
const { errorOf, play, resultOf } = require('./support/play');

describe('syntax errors', () => {
  const cases = [
    ['const a = ;', "Unexpected token ';' [line 1]", 1, 11],
    ['const a = 1;\n\nreturn a +* 2', "Unexpected token '*' [line 3]", 3, 11],
    ['return [', 'Unexpected end of input [line 1]', 1, undefined],
    ['if (a) {\n  f()\n', 'Unexpected end of input [line 3]', 3, undefined],
    ['f(\n1', 'missing ) after argument list [line 2]', 2, undefined],
    ['return 1 }', "Unexpected token '}' [line 1]", 1, 10],
    ['return 1\n}); (async function () { return 2', "Unexpected token '}' [line 2]", 2, 1],
    ['}); ({', "Unexpected token '}' [line 1]", 1, 1],
    ['return `a', 'Unexpected end of input [line 1]', 1, undefined],
    ['import a from "b"', 'Cannot use import statement outside a module [line 1]', 1, 1],
  ];
  for (const [code, message, line, column] of cases) {
    test(JSON.stringify(code), async () => {
      const { trace, failure } = await play(code);
      assert.deepEqual(trace, [{ type: 'runner:taskerror', error: { message, description: 'SyntaxError', lineNumber: line } }]);
      assert.equal(failure.code, 'SYNTAX_ERROR');
      if (column !== undefined) assert.equal(failure.column, column);
    });
  }

  test('become items when the node goes on', async () => {
    assert.deepEqual(await resultOf('return [', { settings: { continueOnFail: true } }), [{ json: { error: 'Unexpected end of input [line 1]' } }]);
    const settings = { continueOnFail: true, nodeMode: 'runOnceForEachItem', chunk: { startIndex: 1, count: 2 } };
    assert.deepEqual(await resultOf('return [', { settings }), [
      { json: { error: 'Unexpected end of input [line 1]' }, pairedItem: { item: 1 } },
      { json: { error: 'Unexpected end of input [line 1]' }, pairedItem: { item: 2 } },
    ]);
  });
});

describe('what is thrown', () => {
  const cases = [
    ['throw new Error("boom")', { message: 'boom [line 1]', description: null, lineNumber: 1 }],
    ['\n\nnull.x', { message: "Cannot read properties of null (reading 'x') [line 3]", description: 'TypeError', lineNumber: 3 }],
    ['throw "text"', { message: '"text"', description: null }],
    ['throw { message: "m" }', { message: 'm', description: null }],
    ['throw { message: "m", description: "d" }', { message: 'm', description: 'd' }],
    ['throw { code: 5 }', { message: '{"code":5}', description: null }],
    ['throw undefined', { message: 'undefined', description: null }],
    ['throw Symbol("s")', { message: 'Symbol(s)', description: null }],
    ['throw 10n', { message: '"10"', description: null }],
    ['JSON.parse("{")\n', { description: 'SyntaxError', lineNumber: 1 }],
    ['Buffer.from(null)', { description: 'TypeError', lineNumber: 1 }],
    ['eval("x y")', { message: 'Unexpected identifier [line 1]', description: 'SyntaxError', lineNumber: 1 }],
    ['class A extends Error {}\nthrow new A("x")', { message: 'x [line 2]', description: null, lineNumber: 2 }],
  ];
  for (const [code, expected] of cases) {
    test(JSON.stringify(code), async () => {
      const error = await errorOf(code);
      for (const [key, value] of Object.entries(expected)) {
        if (key === 'message' && code.startsWith('eval')) assert.match(error.message, /^Unexpected identifier.* \[line 1\]$/);
        else assert.deepEqual(error[key], value, key);
      }
      assert.equal('lineNumber' in error, 'lineNumber' in expected);
    });
  }

  const hostile = [
    'throw new Proxy({}, { get() { throw 1 } })',
    'const e = new Error("a"); Object.defineProperty(e, "stack", { get() { throw 1 } }); throw e',
    'const e = new Error("a"); Object.defineProperty(e, "message", { get() { throw 1 } }); throw e',
    'Error.prepareStackTrace = () => { throw 1 }; throw new Error("a")',
    'Error.prepareStackTrace = () => ({}); throw new Error("a")',
    'String.prototype.split = null; throw new Error("a")',
    'Array.prototype.filter = null; RegExp.prototype.test = null; throw new Error("a")',
    'Object.defineProperty(Object.prototype, "details", { set() { throw 1 } }); throw 1',
    'throw { get message() { throw 1 }, toJSON() { throw 2 }, toString() { throw 3 } }',
  ];
  for (const code of hostile) {
    test(JSON.stringify(code), async () => assert.equal(typeof (await errorOf(code)).message, 'string'));
  }

  test('gives the frames of the user and no others', async () => {
    const { failure } = await play('function inner() {\n  require("nope") }\ninner()');
    assert.equal(failure.stack.replace(/\(?Code\.js/g, '').split('\n').length, 2);
    assert.match(failure.stack, /at inner \(Code\.js:2:3\)\n\s+at (.*\()?Code\.js:3:1/);
    assert.deepEqual([failure.code, failure.line, failure.column, failure.name], ['PERMISSION_ERROR', 2, 3, 'Error']);
  });

  test('columns are those of the code, also on its first line', async () => {
    const { failure } = await play('return 1 + nope');
    assert.deepEqual([failure.line, failure.column], [1, 12]);
  });

  test('system errors become the outcome that they stand for', async () => {
    const code = (name) => `throw Object.assign(new Error("x"), { code: "${name}", syscall: "spawn ls" })`;
    const codes = { EPERM: 'PERMISSION_ERROR', EACCES: 'PERMISSION_ERROR', ENOSPC: 'DISK_LIMIT_ERROR', EDQUOT: 'DISK_LIMIT_ERROR', EAGAIN: 'PROCESS_LIMIT_ERROR', ENOENT: 'RUNTIME_ERROR' };
    for (const [name, expected] of Object.entries(codes)) assert.equal((await play(code(name))).failure.code, expected);
  });

  test('can be described outside of the task too', async () => {
    await play('return 1');
    assert.deepEqual({ ...mode.describeError(new RangeError('late')) }, { message: 'late', description: 'RangeError' });
    assert.equal(mode.failureOf(undefined).code, 'RUNTIME_ERROR');
  });
});

describe('tasks that cannot be run', () => {
  test('because there is no code', async () => {
    const { trace, failure } = await play('');
    assert.equal(trace.length, 1);
    assert.equal(failure.code, 'VALIDATION_ERROR');
    assert.equal(failure.details.message, 'There is no code to run: the Code node is empty');
  });
});
