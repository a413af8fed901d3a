'use strict';

// A task directory has to behave as with `node index.js`: each is run both ways and compared.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { mkdtempSync, realpathSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { describe, test } = require('node:test');
const { runTask } = require('./support/worker');

const ENVIRONMENT = { PATH: '/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8', TZ: 'UTC' };

/** Frames and excerpts of Node.js itself, which depend on how it was started. */
function withoutInternals(text) {
  return text
    .replace(/^node:internal\/.*\n.*\n *\^\n/gm, '')
    .replace(/\n {4}at .*node:.*/g, '')
    .replace(/^\(node:\d+\)/gm, '(node:1)');
}

/** Runs the directory with Node.js and as a task; gives both. */
async function runBoth(files, given = ['a', 'b c']) {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'stockade-task-')));
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(path.join(directory, name), text);
    }
    const node = spawnSync(process.execPath, ['index.js', ...given], {
      cwd: directory,
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    const task = await runTask({
      settings: { mode: 'directory', file: 'index.js', arguments: given },
      zygote: { task: directory },
    });
    return [node, task].map(({ status, stdout, stderr }) => ({ status, stdout, stderr: withoutInternals(stderr) }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function assertSame(code, manifest = {}) {
  const files = { 'index.js': code, 'package.json': JSON.stringify({ name: 'task', ...manifest }) };
  const [node, task] = await runBoth(files);
  assert.deepEqual(task, node);
  return task;
}

const COMMON_JS = {
  'arguments and paths': 'console.log(process.argv, process.execArgv, __filename, process.cwd())',
  'the main module':
    'console.log(require.main === module, process.mainModule === module, module.id, module.parent, module.children, Object.keys(require.cache))',
  'the order of callbacks':
    "process.nextTick(() => console.log('tick')); Promise.resolve().then(() => console.log('promise')); setImmediate(() => console.log('immediate')); console.log('main')",
  listeners: "console.log(['exit', 'beforeExit', 'uncaughtException'].map((name) => process.listenerCount(name)))",
  'an exit status': 'process.exitCode = 5; setTimeout(() => {}, 1)',
  'process.exit in a callback': "process.on('exit', (code) => console.log('exit', code)); setTimeout(() => process.exit(9), 1)",
  'a status that "exit" changes': "process.on('exit', (code) => { console.log(code); process.exitCode = 6 })",
  '"beforeExit" that finds more to do':
    "let rounds = 0; process.on('beforeExit', () => { if (rounds++ < 2) setTimeout(() => console.log('more'), 1) })",
  'an uncaught error': "function f() { throw new TypeError('boom') }\nf()",
  'an uncaught error with properties': "throw Object.assign(new Error('x'), { code: 'X', extra: { a: 1 } })",
  'an uncaught error in a callback': "setTimeout(() => { throw new Error('late') }, 1)",
  'a thrown text': "throw 'text'",
  'an unhandled rejection': "Promise.reject(new Error('rejected'))",
  'a handled error': "process.on('uncaughtException', (error) => console.log(error.message)); setTimeout(() => { throw new Error('x') }, 1)",
  'a syntax error': 'const a = 1;\nconst = 2',
  'a missing module': "require('./nothere')",
  'JSON and files of the directory': "console.log(require('./package.json').name, require('fs').readdirSync('.'))",
  'removed listeners': "process.removeAllListeners(); console.log('still here')",
  'standard input': "process.stdin.on('data', console.log).on('end', () => console.log('end'))",
  'an empty file': '',
};

const ES_MODULES = {
  imports: "import fs from 'node:fs'; console.log(typeof fs.readFileSync, import.meta.url, process.mainModule)",
  'top-level await': "await new Promise((resolve) => setTimeout(resolve, 1)); console.log('later'); process.exitCode = 3",
  'an uncaught error': "function f() { throw new Error('boom') }\nf()",
  'a syntax error': "import fs from 'node:fs';\nconst = 2",
  'a missing package': "import 'nothere'",
};

describe('CommonJS', () => {
  for (const [name, code] of Object.entries(COMMON_JS)) {
    test(name, () => assertSame(code));
  }
});

describe('ES modules', () => {
  for (const [name, code] of Object.entries(ES_MODULES)) {
    test(name, () => assertSame(code, { type: 'module' }));
  }

  test('that wait for ever fail with the status of Node.js', async () => {
    const files = { 'index.js': 'await new Promise(() => {})', 'package.json': '{"type": "module"}' };
    const [node, task] = await runBoth(files);
    assert.equal(task.status, node.status);
  });
});

describe('output', () => {
  test('is complete even where Node.js loses some', async () => {
    const files = { 'index.js': "process.stdout.write('x'.repeat(3e6)); process.exit(2)", 'package.json': '{}' };
    const [, task] = await runBoth(files);
    assert.deepEqual([task.status, task.stdout.length], [2, 3e6]);
  });
});
