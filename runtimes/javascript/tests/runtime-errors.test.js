'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { runCode } = require('./support/worker');

async function errorOf(code, options) {
  const { error, ended } = await runCode(code, options);
  assert.equal(ended, 1);
  assert.notEqual(error, undefined, 'the task succeeded');
  return error;
}

describe('what is thrown', () => {
  test('is reported with the frames of the user', async () => {
    const code = `
function inner() {
  throw new TypeError('bad')
}
inner()`;
    assert.deepEqual(await errorOf(code), {
      code: 'RUNTIME_ERROR',
      message: 'bad',
      name: 'TypeError',
      line: 3,
      column: 9,
      stack: 'TypeError: bad\n    at inner (orders.js:3:9)\n    at orders.js:5:1',
    });
  });

  test('is reported with the frames of async functions', async () => {
    const code = 'async function a() { await 1; null.x }\nasync function b() { await a() }\nawait b()';
    const { stack } = await errorOf(code);
    assert.deepEqual(stack.split('\n').slice(1), [
      '    at a (orders.js:1:36)',
      '    at async b (orders.js:2:22)',
      '    at async orders.js:3:1',
    ]);
  });

  test('is known by the name of its class', async () => {
    const code = "class OrderError extends Error {}\nthrow new OrderError('x')";
    assert.equal((await errorOf(code)).name, 'OrderError');
  });

  test('is reported with its causes', async () => {
    const code = "throw new Error('outer', { cause: new RangeError('inner') })";
    const { stack } = await errorOf(code);
    assert.equal(stack, 'Error: outer\n    at orders.js:1:7\n  [cause]: RangeError: inner\n    at orders.js:1:35');
  });

  test('may be any value', async () => {
    for (const [thrown, message] of [
      ["'text'", 'text'],
      ['null', 'null'],
      ['undefined', 'undefined'],
      ["{ message: 'm', name: 'N' }", 'm'],
      ['{ code: 5, deep: { list: [1] } }', '{ code: 5, deep: { list: [ 1 ] } }'],
      ['Symbol("s")', 'Symbol(s)'],
      ['new Error("")', 'Error'],
    ]) {
      const error = await errorOf(`throw ${thrown}`);
      assert.deepEqual([error.code, error.message], ['RUNTIME_ERROR', message]);
    }
  });

  test('outside of the awaited code ends the task as well', async () => {
    const wait = 'await new Promise(() => setTimeout(() => {}, 1000))';
    for (const [code, message, line] of [
      [`setTimeout(() => { throw new Error('timer') }, 1);\n${wait}`, 'timer', 1],
      [`\nqueueMicrotask(() => { throw new Error('microtask') }); ${wait}`, 'microtask', 2],
      [`Promise.reject(new Error('rejected')); ${wait}`, 'rejected', 1],
      [`Promise.reject(5); ${wait}`, '5', undefined],
    ]) {
      const error = await errorOf(code);
      assert.deepEqual([error.code, error.message, error.line], ['RUNTIME_ERROR', message, line]);
    }
  });

  test('is the code’s own affair when it listens for it', async () => {
    const code = `
      process.on('uncaughtException', (error) => console.log(error.message));
      process.on('unhandledRejection', (error) => console.log(error.message));
      setTimeout(() => { throw new Error('one') }, 1);
      Promise.reject(new Error('two'));
      await new Promise((resolve) => setTimeout(resolve, 20));
      return 1`;
    const { result, stdout } = await runCode(code);
    assert.deepEqual([result, stdout], [1, 'two\none\n']);
  });

  test('by a stack overflow has the line', async () => {
    const error = await errorOf('function f() {\n  f()\n}\nf()');
    assert.deepEqual([error.name, error.message, error.line], ['RangeError', 'Maximum call stack size exceeded', 2]);
  });
});

describe('the outcome', () => {
  test('follows from the error’s code, or that of its cause', async () => {
    for (const [properties, expected] of [
      ["code: 'EPERM'", 'PERMISSION_ERROR'],
      ["code: 'EACCES'", 'PERMISSION_ERROR'],
      ["code: 'ENOSPC'", 'DISK_LIMIT_ERROR'],
      ["code: 'EAGAIN', syscall: 'spawn sh'", 'PROCESS_LIMIT_ERROR'],
      ["code: 'EAGAIN', syscall: 'read'", 'RUNTIME_ERROR'],
      ["code: 'ENOSPC', syscall: 'watch'", 'RUNTIME_ERROR'],
      ["cause: Object.assign(new Error('x'), { code: 'EACCES' })", 'PERMISSION_ERROR'],
    ]) {
      assert.equal((await errorOf(`throw Object.assign(new Error('x'), { ${properties} })`)).code, expected);
    }
  });

  test('of memory that cannot be had is a memory error', async () => {
    const error = await errorOf('throw new RangeError("Array buffer allocation failed")');
    assert.equal(error.code, 'MEMORY_ERROR');
  });
});

describe('results that are no JSON', () => {
  test('say what is wrong', async () => {
    for (const [code, message] of [
      ['const a = { b: {} }; a.b.self = a; return a', "The returned value refers to itself (property 'self' closes the circle)"],
      ["return { toJSON() { throw new Error('no') } }", 'The returned value cannot become JSON: no'],
      ["return { get x() { throw 'text' } }", 'The returned value cannot become JSON: text'],
    ]) {
      const error = await errorOf(code);
      assert.deepEqual([error.code, error.message], ['RUNTIME_ERROR', message]);
    }
  });
});

describe('results that are nested very deeply', () => {
  test('are given or refused, depending on the version of V8', async () => {
    const { result, error } = await runCode('let a = []; for (let n = 0; n < 1e5; n += 1) a = [a]; return a');
    if (error === undefined) {
      assert.ok(Array.isArray(result));
    } else {
      assert.equal(error.message, 'The returned value is nested too deeply to become JSON');
    }
  });
});

describe('the process', () => {
  test('may exit by itself', async () => {
    assert.equal((await runCode('process.exit(0); return 1')).result, undefined);
    assert.equal((await runCode('setTimeout(() => process.exit(), 1); await new Promise(() => {})')).error, undefined);
    const { message } = await errorOf('process.on("exit", () => console.log("bye")); process.exit(3)');
    assert.equal(message, 'Process exited with code 3');
  });

  test('ends with an error when nothing is left to wait for', async () => {
    for (const code of ['await new Promise(() => {})', 'return { then() {} }', 'process.removeAllListeners(); await new Promise(() => {})']) {
      assert.equal((await errorOf(code)).message, 'The code waits for a promise that never settles');
    }
  });

  test('may find more to do when nothing is left', async () => {
    const code = `
      const value = new Promise((resolve) => process.once('beforeExit', () => setTimeout(resolve, 1, 5)));
      return await value`;
    assert.equal((await runCode(code)).result, 5);
  });
});
