'use strict';

const assert = require('node:assert/strict');
const { mkdtempSync, mkdirSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { runCode } = require('./support/worker');

let packages;

function writePackage(name, files) {
  const directory = path.join(packages, 'node_modules', name);
  mkdirSync(directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(path.join(directory, file), text);
  }
}

before(() => {
  packages = mkdtempSync(path.join(tmpdir(), 'stockade-packages-'));
  writePackage('plain', { 'index.js': 'module.exports = { random: Math.random, fail() { null.x } }' });
  writePackage('@scope/part', { 'sub.js': "module.exports = 'sub'" });
  writePackage('greedy', { 'index.js': "module.exports = typeof require('fs').readFileSync" });
  writePackage('modern', { 'package.json': '{"type": "module", "exports": "./index.js"}', 'index.js': 'export default 7' });
  writePackage('broken', { 'index.js': "throw new Error('cannot load')" });
});

after(() => rmSync(packages, { recursive: true }));

const zygote = () => ({ packages });

async function resultOf(code, options) {
  const { result, error } = await runCode(code, { zygote: zygote(), ...options });
  assert.equal(error, undefined);
  return result;
}

async function errorOf(code, options) {
  return (await runCode(code, { zygote: zygote(), ...options })).error;
}

describe('without a list of allowed modules', () => {
  test('builtin modules and packages can be required', async () => {
    const code = `
      const names = ['fs', 'node:path', 'plain', '@scope/part/sub.js'];
      return [names.map((name) => typeof require(name)), require.resolve('fs'), Object.keys(require.cache).length]`;
    assert.deepEqual(await resultOf(code), [['object', 'object', 'object', 'string'], 'fs', 2]);
  });

  test('builtin modules and packages can be imported', async () => {
    const code = `
      const { sep } = await import('node:path');
      return [sep, (await import('modern')).default, typeof (await import('plain')).default]`;
    assert.deepEqual(await resultOf(code), ['/', 7, 'object']);
  });

  test('files that the task wrote can be loaded', async () => {
    const code = `
      const fs = require('fs');
      const name = fs.mkdtempSync('/tmp/stockade-own-').slice('/tmp/'.length);
      fs.writeFileSync('/tmp/' + name + '/own.js', 'module.exports = 9');
      fs.writeFileSync('/tmp/' + name + '/own.json', '{"a": 1}');
      const values = [
        require('./' + name + '/own'),
        (await import('./' + name + '/own.js')).default,
        (await import('/tmp/' + name + '/own.json', { with: { type: 'json' } })).default.a,
      ];
      fs.rmSync('/tmp/' + name, { recursive: true });
      return values`;
    assert.deepEqual(await resultOf(code), [9, 9, 1]);
  });

  test('what is missing is named with the line that wants it', async () => {
    const required = await errorOf("\nrequire('nothere')");
    assert.deepEqual([required.message.split('\n')[0], required.line], ["Cannot find module 'nothere'", 2]);
    const imported = await errorOf("\nawait import('nothere')");
    assert.match(imported.message, /^Cannot find package 'nothere'/);
    assert.deepEqual([imported.code, imported.line], ['RUNTIME_ERROR', 2]);
  });

  test('errors in a package have the line of the code and the frame of the package', async () => {
    const { line, stack } = await errorOf("\nrequire('plain').fail()");
    assert.equal(line, 2);
    assert.match(stack, /\n {4}at Object\.fail \(.*\/node_modules\/plain\/index\.js:1:\d+\)\n {4}at orders\.js:2:18$/);
  });

  test('stacks of packages show no file of the harness', async () => {
    assert.deepEqual(await resultOf("try { require('broken') } catch (error) { return error.stack.match(/stockade\\/harness|zygote/) }"), null);
  });
});

describe('with a list of allowed modules', () => {
  test('those and their parts can be loaded, and load what they want themselves', async () => {
    const code = `
      return [require('greedy'), require('@scope/part/sub.js'), typeof require('node:os'), typeof require('fs/promises'),
        (await import('modern')).default]`;
    const allow = ['greedy', '@scope/part', 'os', 'node:fs', 'modern'];
    assert.deepEqual(await resultOf(code, { allow }), ['function', 'sub', 'object', 'object', 7]);
  });

  test('all others are refused, with the line', async () => {
    for (const [code, name] of [
      ["\nrequire('fs')", 'fs'],
      ["\nrequire('node:fs')", 'node:fs'],
      ["\nrequire.resolve('fs')", 'fs'],
      ["\nawait import('fs')", 'fs'],
      ["\nrequire('./plain')", './plain'],
      ["\nrequire('/etc/hostname')", '/etc/hostname'],
      ["\nawait import('file:///tmp/x.js')", 'file:///tmp/x.js'],
      ["\nrequire('plain-other')", 'plain-other'],
    ]) {
      const error = await errorOf(code, { allow: ['plain', 'os'] });
      assert.deepEqual(
        [error.code, error.message, error.line],
        ['PERMISSION_ERROR', `Module '${name}' is not allowed. Allowed modules: plain, os`, 2],
      );
    }
  });

  test('no other way to builtin modules is left open', async () => {
    // Not there before Node.js 20.16.
    const code = "(process.getBuiltinModule ?? require)('fs')";
    assert.equal((await errorOf(code, { allow: ['os'] })).code, 'PERMISSION_ERROR');
  });

  test('that is empty none can be loaded', async () => {
    assert.equal((await errorOf("require('fs')", { allow: [] })).message, "Module 'fs' is not allowed. Allowed modules: none");
  });
});

describe('preloaded packages', () => {
  test('are there before the task, with the random numbers of the task', async () => {
    const options = { zygote: { packages, preload: ['plain', 'broken', 'nothere'] } };
    const code = "return [Object.keys(require.cache).length, require('plain').random === Math.random]";
    assert.deepEqual(await resultOf(code, options), [1, true]);
  });
});
