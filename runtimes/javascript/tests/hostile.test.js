'use strict';

// Programs that attack the harness. Each has to end in one outcome; numbers in brackets are those of hostile.md.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { runCode } = require('./support/worker');

async function outcomeOf(code, options) {
  const outcome = await runCode(code, options);
  assert.equal(outcome.signal, null, 'the worker hung');
  return outcome;
}

async function errorOf(code) {
  const { error, ended } = await outcomeOf(code);
  assert.equal(ended, 1);
  return error;
}

describe('builtins that user code replaced', () => {
  test('do not reach the harness', async () => {
    const code = `
      const broken = () => { throw new Error('broken') };
      JSON.stringify = JSON.parse = Buffer.from = Object.keys = Reflect.apply = broken;
      Buffer.prototype.write = Buffer.prototype.copy = Buffer.prototype.subarray = broken;
      Array.prototype.push = Array.prototype[Symbol.iterator] = String.prototype.slice = broken;
      Function.prototype.call = Function.prototype.apply = Function.prototype.bind = broken;
      require('fs').writeSync = require('fs').readSync = broken;
      process.reallyExit = process.exit = process.emit = broken;
      return { done: true }`;
    assert.deepEqual((await outcomeOf(code)).result, { done: true });
  });

  test('do not reach error reports', async () => {
    const code = `
      const broken = () => { throw new Error('broken') };
      for (const name of Object.getOwnPropertyNames(String.prototype)) {
        try { String.prototype[name] = broken } catch {}
      }
      Object.prototype.toJSON = () => 'hijacked';
      Array.prototype.map = Array.prototype.filter = Array.prototype.join = RegExp.prototype.exec = broken;
      globalThis.String = globalThis.Error = globalThis.Object = undefined;
      null.x`;
    const { message, line } = await errorOf(code);
    assert.deepEqual([message, line], ["Cannot read properties of null (reading 'x')", 9]);
  });

  test('may be properties of all objects', async () => {
    const code = `
      for (const name of ['length', 'start', 'kind', 'payload', 'value', 'place', 'text', 'code', 'message']) {
        Object.defineProperty(Object.prototype, name, { __proto__: null, get() { throw 1 }, set() { throw 2 } });
      }
      throw new Error('x')`;
    assert.equal((await errorOf(code)).message, 'x');
  });

  test('may be promises, of which the code then has the consequences (M3)', async () => {
    const code = `
      Promise.prototype.constructor = class { static get [Symbol.species]() { throw new Error('species') } };
      return 5`;
    assert.equal((await errorOf(code)).message, 'species');
  });
});

describe('errors (M3, E6)', () => {
  test('are described though the code formats stacks itself', async () => {
    for (const format of ['() => { throw 1 }', '(error, sites) => sites', '() => ({ get length() { throw 1 } })']) {
      const { message, line } = await errorOf(`Error.prepareStackTrace = ${format};\nthrow new Error('x')`);
      assert.deepEqual([message, line], ['x', 2]);
    }
  });

  test('are described though reading them fails', async () => {
    for (const thrown of [
      '{ get message() { throw 1 }, get stack() { throw 2 }, get name() { throw 3 } }',
      "new Proxy(new Error('x'), { get() { throw 1 }, getPrototypeOf() { throw 2 } })",
      "Object.defineProperty(new Error('x'), 'stack', { get() { throw 1 } })",
      "Object.assign(Object.create(null), { a: 1 })",
      'class { static get name() { throw 1 } static [Symbol.toPrimitive]() { throw 2 } }',
      "Object.freeze(Object.assign(new Error('x'), { cause: new Proxy({}, { get() { throw 1 } }) }))",
    ]) {
      const { code, message } = await errorOf(`throw ${thrown}`);
      assert.equal(code, 'RUNTIME_ERROR');
      assert.equal(typeof message, 'string');
    }
  });

  test('have causes without end', async () => {
    const { stack } = await errorOf("const error = new Error('x'); error.cause = error; throw error");
    assert.equal(stack.split('[cause]').length, 6);
  });

  test('have messages of any size', async () => {
    const { message, stack } = await errorOf("throw new Error('x'.repeat(1e7))");
    assert.ok(message.length < 100_000 && stack.length < 100_000);
  });
});

describe('results (E6, M15)', () => {
  test('that differ each time are read once', async () => {
    const code = 'let reads = 0; return { get value() { reads += 1; return reads } }';
    assert.deepEqual((await outcomeOf(code)).result, { value: 1 });
  });

  test('may be revoked proxies', async () => {
    const code = 'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return [proxy]';
    assert.match((await errorOf(code)).message, /^The returned value cannot become JSON: /);
  });
});

describe('the end of a task', () => {
  test('comes once (E5, M11)', async () => {
    const code = `
      process.on('exit', () => { console.log('exit'); throw new Error('in exit') });
      setTimeout(() => { throw new Error('late') }, 0);
      Promise.reject(new Error('rejected'));
      return 1`;
    const { ended, result, stdout } = await outcomeOf(code);
    assert.deepEqual([ended, result, stdout], [1, 1, '']);
  });

  test('comes though "exit" throws (M11)', async () => {
    const code = "process.on('exit', () => { throw new Error('in exit') }); process.exit(0)";
    assert.equal((await errorOf(code)).message, 'in exit');
  });

  test('comes from a callback (C16)', async () => {
    const code = 'setImmediate(() => process.exit(4)); await new Promise(() => {})';
    assert.equal((await errorOf(code)).message, 'Process exited with code 4');
  });

  test('comes though descriptors are closed (E8)', async () => {
    const code = "for (const descriptor of [0, 1, 2]) require('fs').closeSync(descriptor); console.log('x'); return 1";
    assert.equal((await outcomeOf(code)).result, 1);
    assert.equal((await outcomeOf("require('fs').closeSync(3); return 1")).ended, 0);
  });

  test('comes after writing to a pipe that was made non-blocking', async () => {
    const code = `
      new (require('net').Socket)({ fd: 1, writable: true });
      process.stdout.write('x'.repeat(1e6));
      return 1`;
    const { result, stdout } = await outcomeOf(code);
    assert.deepEqual([result, stdout.length], [1, 1e6]);
  });
});

describe('modules with processes and threads (M8)', () => {
  test('work or fail like any other code', async () => {
    const code = `
      const { Worker } = require('worker_threads');
      const worker = new Worker('require("worker_threads").parentPort.postMessage(7)', { eval: true });
      const answer = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
      const { stdout } = require('child_process').spawnSync(process.execPath, ['-p', 'process.argv.length']);
      require('v8').setFlagsFromString('--allow-natives-syntax');
      return [answer, stdout.toString(), require('vm').runInNewContext('1 + 1')]`;
    assert.deepEqual((await outcomeOf(code)).result, [7, '1\n', 2]);
  });

  test('do not start the harness again', async () => {
    const code = `
      const cluster = require('cluster');
      const status = await new Promise((resolve) => cluster.fork().on('exit', resolve));
      return [status, cluster.isPrimary]`;
    assert.deepEqual((await outcomeOf(code)).result, [1, true]);
  });
});
