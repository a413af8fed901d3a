'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { runCode } = require('./support/worker');

const ROOT = path.join(__dirname, '..');
const ZYGOTE = path.join(ROOT, 'zygote.js');

test('the zygote says what it is and what it could not load', async () => {
  const { hello } = await runCode('', { zygote: { preload: ['fs', 'nothere'] } });
  assert.deepEqual(hello, {
    language: 'javascript',
    version: process.versions.node,
    missing: ["nothere: Cannot find module 'nothere'"],
  });
});

test('a Node.js that is too old is refused in one line', () => {
  const script = `
    Object.defineProperty(process, 'versions', { value: { node: '16.20.2' } });
    require(${JSON.stringify(ZYGOTE)})`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  assert.equal(status, 3);
  assert.equal(stderr, 'stockade: Node.js 16.20.2 is too old; the harness needs Node.js 18 or newer\n');
});

test('what Node.js reads from /proc is answered without it', async () => {
  const withoutProc = path.join(__dirname, 'support', 'without-proc.js');
  const code = `
    const { rss, heapUsed } = process.memoryUsage();
    const cpus = require('os').cpus();
    return [rss > heapUsed, process.memoryUsage.rss() > 0, process.memoryUsage.name, cpus.length > 0, cpus[0].times.idle]`;
  const { result } = await runCode(code, { flags: ['--require', withoutProc] });
  assert.deepEqual(result, [true, true, 'memoryUsage', true, 0]);
});

test('every file of the harness has a name in stacks that is not its path', () => {
  const files = readdirSync(path.join(ROOT, 'harness')).map((name) => path.join('harness', name));
  for (const file of [...files, 'zygote.js']) {
    const lastLine = readFileSync(path.join(ROOT, file), 'utf8').trimEnd().split('\n').at(-1);
    assert.equal(lastLine, `//# sourceURL=node:stockade/${path.basename(file, '.js')}`, file);
  }
});
