'use strict';

// console, helpers, require, and what of Node.js is visible.

const assert = require('node:assert/strict');
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { after, describe, test } = require('node:test');
const { errorOf, play, resultOf } = require('./support/play');

async function logged(code) {
  const { trace } = await play(code);
  return trace.filter(({ name }) => name === 'logNodeOutput').map(({ params }) => params);
}

describe('console', () => {
  const lines = [
    ['console.log("a", 1, true, { b: [2] })', ["'a'", '1', 'true', '{"b":[2]}']],
    ['console.log(null, undefined)', ['"null"', '"undefined"']],
    ['console.log(Symbol("s"), () => 1, function f() {}, class A {})', ['"Symbol(s)"', '"[Function: (anonymous)]"', '"[Function: f]"', '"[Function: A]"']],
    ['console.log(10n, { a: 10n }, NaN)', ['"10"', '{"a":"10"}', '"NaN"']],
    ['const a = { b: {} }; a.b.c = a; a.d = a.b; console.log(a)', ['{"b":{"c":"[Circular Reference]"},"d":{"c":"[Circular Reference]"}}']],
    ['console.log({ global: globalThis })', ['{"global":"[[ExecutionContext]]"}']],
    ['console.log({ get a() { throw new Error("no") } })', ['"[cannot be shown: no]"']],
    ['console.log(new Date(0), $now.startOf("year").month)', ['"1970-01-01T00:00:00.000Z"', '1']],
    ['\nconsole.error(new RangeError("e"))', ['"RangeError: e\\n    at Code.js:2:15"']],
    ['console.trace("t")', ["'Trace:'", "'t'"]],
    ['console.dir({ a: 1 }, { depth: 2 })', ['{"a":1}']],
    ['console.table([[1]])', ['[[1]]']],
    ['console.assert(1, "x"); console.assert(0, "y")', ["'Assertion failed'", "'y'"]],
    ['console.count(); console.count("a")', ["'default: 1'"], ["'a: 1'"]],
    ['console.count(); console.countReset(); console.count()', ["'default: 1'"], ["'default: 1'"]],
    ['console.timeEnd("a")', ["'Timer 'a' does not exist'"]],
    ['console.group("g"); console.groupEnd(); console.groupCollapsed("h"); console.dirxml(1)', ["'g'"], ["'h'"], ['1']],
    ['console.clear(); console.profile(); console.profileEnd(); console.timeStamp()'],
  ];
  for (const [code, ...expected] of lines) {
    test(code, async () => {
      const found = await logged(code);
      // Frames of arrow functions and the like are named differently by different versions.
      assert.deepEqual(found.map((line) => line.map((text) => text.replace(/at \S+ \((.*?)\)/g, 'at $1'))), expected);
    });
  }

  test('measures times', async () => {
    const [[soFar, extra], [end]] = await logged('console.time("a"); console.timeLog("a", 1); console.timeEnd("a")');
    assert.match(soFar, /^'a: \d+ms'$/);
    assert.match(end, /^'a: \d+ms'$/);
    assert.equal(extra, '1');
  });

  test('shows numbers that JSON does not know', async () => {
    assert.deepEqual(await logged('console.log(NaN, Infinity)'), [['"NaN"', '"Infinity"']]);
  });
});

describe('helpers', () => {
  test('send and receive bytes', async () => {
    const code = `
      const answer = await helpers.prepareBinaryData(Buffer.from("hi"), "a.txt");
      return [Buffer.isBuffer(answer.file), answer.file.toString(), answer.file instanceof Uint8Array, Buffer.isBuffer(answer.list[0])]`;
    const bytes = { type: 'Buffer', data: [104, 105] };
    const { trace } = await play(code, { rpc: { file: bytes, list: [bytes] } });
    assert.deepEqual(trace[1], { type: 'runner:rpc', name: 'helpers.prepareBinaryData', params: [bytes, 'a.txt'] });
    assert.deepEqual(trace[2].data.result, [true, 'hi', true, true]);
  });

  test('send bytes within other things, and what JSON leaves out', async () => {
    const { trace } = await play('await helpers.request({ body: Buffer.from("a") }, undefined, Buffer.alloc(0)); return 1');
    const empty = { type: 'Buffer', data: [] };
    assert.deepEqual(trace[1].params, [{ body: { type: 'Buffer', data: [97] } }, null, empty]);
  });

  test('refuse parameters that refer to themselves', async () => {
    assert.match((await errorOf('const a = {}; a.a = a; await helpers.request(a)')).message, /^Converting circular structure to JSON \[line 1\]$/);
  });

  test('can be called from all items at once', async () => {
    const code = 'return Promise.all([1, 2, 3].map((n) => helpers.request({ n })))';
    assert.deepEqual(await resultOf(code, { rpc: ({ params }) => params[0].n * 2 }), [2, 4, 6]);
  });

  test('reject with what n8n answered', async () => {
    const failing = () => {
      throw { rejectWith: { message: 'rpc went wrong', name: 'NodeApiError', httpCode: '404' } };
    };
    assert.deepEqual(await errorOf('await helpers.httpRequest({})', { rpc: failing }), { message: 'rpc went wrong', description: null });
    const code = 'try { await helpers.httpRequest({}) } catch (error) { return [error.httpCode, error instanceof Object] }';
    assert.deepEqual(await resultOf(code, { rpc: failing }), ['404', true]);
  });

  test('reject with a text where n8n answered one', async () => {
    const failing = () => {
      throw { rejectWith: 'Method not allowed' };
    };
    assert.equal((await errorOf('await helpers.httpRequest({})', { rpc: failing })).message, '"Method not allowed"');
  });
});

describe('require', () => {
  const packages = mkdtempSync(join(tmpdir(), 'stockade-n8n-'));
  after(() => rmSync(packages, { recursive: true }));
  const install = (name, source, part) => {
    const folder = join(packages, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, part ?? 'index.js'), source);
  };
  install('kind', 'module.exports = { isDate: (v) => v instanceof Date, isList: (v) => v instanceof Array, make: () => new Date(0), fail() { throw new TypeError("theirs") } }');
  install('kind', 'module.exports = "part"', 'part.js');
  install('@scope/pack', 'module.exports = "scoped"');
  install('broken', 'require("absent")');
  install('node-user', 'module.exports = [typeof process.version, typeof URL, new Function("return 1")()]');

  const withRules = (rules) => ({ packages, rules });
  const typeOf = (name, rules) => resultOf(`return typeof require(${JSON.stringify(name)})`, withRules(rules));
  const refusal = async (name, rules) => (await errorOf(`require(${JSON.stringify(name)})`, withRules(rules))).message;
  const disallowed = (name) => `Module '${name}' is disallowed [line 1]`;

  test('gives builtin modules that are allowed, in all their forms', async () => {
    for (const list of [['fs'], ['node:fs'], ['*']]) {
      for (const name of ['fs', 'node:fs', 'fs/promises', 'node:fs/promises']) assert.equal(await typeOf(name, { builtin_allow: list }), 'object');
    }
  });

  test('gives packages that are allowed, and their parts', async () => {
    assert.equal(await typeOf('kind', { external_allow: ['kind'] }), 'object');
    assert.equal(await typeOf('kind/part', { external_allow: ['kind'] }), 'string');
    assert.equal(await typeOf('kind/part.js', { external_allow: ['kind/part.js'] }), 'string');
    assert.equal(await typeOf('@scope/pack', { external_allow: ['@scope/pack'] }), 'string');
    assert.equal(await typeOf('kind', { external_allow: ['*'] }), 'object');
  });

  test('refuses everything else', async () => {
    for (const name of ['fs', 'node:fs', 'process', 'kind', '@scope/pack', './kind', '/etc/passwd', '../kind', 'file:///etc/passwd', '']) {
      assert.equal(await refusal(name, { builtin_allow: ['os'], external_allow: ['other', 'kind/part'] }), disallowed(name));
    }
    for (const name of ['./kind', '/etc/passwd', 'kind/../broken', 'node:nothing']) {
      assert.equal(await refusal(name, { builtin_allow: ['*'], external_allow: ['*'] }), disallowed(name));
    }
    assert.equal((await errorOf('require({ toString: () => "fs" })', withRules({ builtin_allow: ['fs'] }))).message, "Module '[object Object]' is disallowed [line 1]".replace('[object Object]', 'fs'));
  });

  test('does not mistake one list for the other', async () => {
    assert.equal(await refusal('fs', { builtin_allow: [], external_allow: ['*', 'fs'] }), disallowed('fs'));
    assert.equal(await refusal('kind', { builtin_allow: ['*', 'kind'], external_allow: [] }), disallowed('kind'));
  });

  test('tells which module is missing', async () => {
    assert.deepEqual(await errorOf('require("absent")', withRules({ external_allow: ['*'] })), { message: "Cannot find module 'absent'", code: 'MODULE_NOT_FOUND' });
    const { message } = await errorOf('require("broken")', withRules({ external_allow: ['*'] }));
    assert.match(message, /^Cannot find module 'absent' \[line 1\]$/);
  });

  test('modules and code know each other’s builtins', async () => {
    const code = `
      const { isDate, isList, make, fail } = require("kind");
      const seen = [isDate(new Date()), isList(items), isDate({}), make() instanceof Date];
      class Own extends Date {}
      seen.push(isDate(new Own()), make() instanceof Own);
      try { fail() } catch (error) { seen.push(error instanceof TypeError, error instanceof Error, error instanceof RangeError) }
      return seen`;
    assert.deepEqual(await resultOf(code, withRules({ external_allow: ['kind'] })), [true, true, false, true, true, false, true, true, false]);
  });

  test('packages have all of Node.js', async () => {
    assert.deepEqual(await resultOf('return require("node-user")', withRules({ external_allow: ['*'] })), ['string', 'function', 1]);
  });
});

describe('secure mode', () => {
  test('hides what Node.js adds to the language', async () => {
    const names = ['process', 'fetch', 'URL', 'crypto', 'performance', 'structuredClone', 'queueMicrotask', 'AbortController', 'exports', '__filename'];
    assert.deepEqual(await resultOf(`return [${names.map((name) => `typeof ${name}`)}]`), names.map(() => 'undefined'));
  });

  test('lends what Code nodes may use', async () => {
    const code = `
      const text = new TextDecoder().decode(new TextEncoder().encode("ä")) + atob(btoa("b"));
      const timer = setInterval(() => {}, 1e6); clearInterval(timer);
      await new Promise((resolve) => setImmediate(resolve));
      return [text, new FormData() instanceof FormData, typeof TextDecoderStream]`;
    assert.deepEqual(await resultOf(code), ['äb', true, 'function']);
  });

  const ways = ['Buffer', 'setTimeout', 'Buffer.from("a").toString', 'TextDecoder', 'atob', 'Object.getPrototypeOf(Buffer)', 'FormData.prototype.append', 'Buffer.prototype[Symbol.iterator]'];
  for (const way of ways) {
    test(`closes the way over ${way}.constructor`, async () => {
      const { message } = await errorOf(`return typeof ${way}.constructor("return process")()`);
      assert.equal(message, 'Code generation from strings disallowed for this context [line 1]');
    });
  }

  test('memory that was used before does not shine through', async () => {
    assert.equal(await resultOf('return [Buffer.allocUnsafe(4096), Buffer.allocUnsafeSlow(4096)].every((b) => b.every((x) => x === 0))'), true);
  });

  test('dynamic import fails in the code, not in the process', async () => {
    assert.equal(await resultOf('try { await import("fs") } catch { return "refused" }'), 'refused');
  });

  test('every realm draws its own random numbers', async () => {
    const code = 'return Array.from({ length: 4 }, Math.random)';
    const [a, b] = [await resultOf(code), await resultOf(code)];
    assert.notDeepEqual(a, b);
    assert.ok([...a, ...b].every((number) => number >= 0 && number < 1));
  });

  test('Math.random is even', async () => {
    const counts = await resultOf('const c = Array(10).fill(0); for (let i = 0; i < 1e5; i++) c[Math.floor(Math.random() * 10)]++; return c');
    for (const count of counts) assert.ok(count > 9400 && count < 10600, String(counts));
  });
});

describe('code that takes builtins apart', () => {
  const changes = [
    'Promise.prototype.then = null',
    'Promise.resolve = null; globalThis.Promise = null',
    'JSON.parse = null; JSON.stringify = null',
    'Array.prototype.map = Array.prototype.push = Array.isArray = null',
    'Object.keys = Object.entries = Object.defineProperty = null',
    'Object.prototype.json = Object.prototype.then = 5',
    'Object.freeze(Object.prototype); Object.freeze(Array.prototype)',
    'delete globalThis.JSON; delete globalThis.Array; delete globalThis.Promise',
  ];
  for (const change of changes) {
    test(change, async () => {
      const { trace } = await play(`const [{ json }] = items; ${change}; await null; return [{ json }]`);
      assert.deepEqual(trace.at(-1), { type: 'runner:taskdone', data: { result: [{ json: { n: 1, s: 'a' } }] } });
    });
  }
});

describe('code of the Sort node', () => {
  const settings = { nodeMode: 'runCode', additionalProperties: { items: [{ a: 2 }, { a: 1 }] } };

  test('sees its properties and the language only', async () => {
    assert.deepEqual(await resultOf('return items.sort((a, b) => { return a.a - b.a })', { settings }), [{ a: 1 }, { a: 2 }]);
    assert.deepEqual(await resultOf('return Object.getOwnPropertyNames(globalThis).filter((n) => n[0] === "$" || n === "Buffer" || n === "require")', { settings }), []);
  });

  test('asks n8n for nothing, and nothing comes of its log', async () => {
    const { trace } = await play('console.log(1); return null', { settings });
    assert.deepEqual(trace, [{ type: 'runner:taskdone', data: { result: null } }]);
  });
});
