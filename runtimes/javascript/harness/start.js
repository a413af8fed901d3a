'use strict';

// From the start of the zygote to the task of a worker.

const path = require('path');
const { setFlagsFromString } = require('v8');
const { runInNewContext } = require('vm');
const { Channel } = require('./channel');
const { dispatch } = require('./dispatch');
const { takeOverEnd } = require('./ending');
const { Imports } = require('./imports');
const output = require('./output');
const random = require('./random');
const { PAYLOADS, rehearse } = require('./rehearsal');
const surroundings = require('./surroundings');
const { ValidationFailure, parseTask } = require('./task');

const DEFAULTS = { preload: [], packages: null, modes: [], native: '/stockade/native.so', task: '/task' };

/** The descriptor that the native library leaves the frame socket at. */
const SOCKET = 3;

/** Rounds after which V8 has compiled what a task calls and knows the types it meets. */
const ROUNDS_IN_ZYGOTE = 12;

function readConfiguration() {
  return { ...DEFAULTS, ...JSON.parse(process.env.STOCKADE_ZYGOTE ?? '{}') };
}

function loadNative(file) {
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports;
}

/** Loads the packages that all tasks start with; gives what could not be loaded, and why. */
function preload(names, imports) {
  const missing = [];
  for (const name of names) {
    try {
      imports.preload(name);
    } catch (error) {
      missing.push(`${name}: ${String(error?.message ?? error).split('\n')[0]}`);
    }
  }
  return missing;
}

async function loadNodeMode(configuration) {
  const mode = require(path.join(__dirname, '..', 'n8n', 'mode.js'));
  await mode.prepare(configuration);
  return mode;
}

/** Collects garbage, so that workers do not inherit it and begin with an empty young generation. */
function collectGarbage() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  setFlagsFromString('--no-expose-gc');
}

const reallyExit = process.reallyExit.bind(process);

/** The end of a worker: it waits to be killed, so that nothing that user code still has planned happens. */
function waitForTheEnd(reader) {
  try {
    while (reader.next() !== null);
  } finally {
    reallyExit(0);
  }
}

/** In a worker: gets ready, waits for the task and starts it. */
async function work(world, channel, native) {
  random.reseed();
  await rehearse(world, { rounds: 1, payloads: PAYLOADS.good });
  await world.n8n?.warm();
  takeOverEnd(native);
  const payload = channel.receiveTask();
  if (payload === null) {
    process.exit();
  }
  try {
    dispatch(parseTask(payload), channel, world);
  } catch (failure) {
    if (!(failure instanceof ValidationFailure)) {
      throw failure;
    }
    channel.error(failure.report);
  }
}

/** Prepares what workers share, serves the supervisor, and goes on in each worker. */
async function main() {
  const configuration = readConfiguration();
  const native = loadNative(configuration.native);
  surroundings.cleanEnvironment();
  surroundings.doWithoutProc();
  random.install();
  output.install();
  const world = { imports: new Imports(configuration.packages), n8n: null, taskDirectory: configuration.task };
  await rehearse(world, { rounds: ROUNDS_IN_ZYGOTE, payloads: PAYLOADS.all });
  random.reseed();
  if (configuration.modes.includes('n8n')) {
    world.n8n = await loadNodeMode(configuration);
  }
  const missing = preload(configuration.preload, world.imports);
  const hello = JSON.stringify({ language: 'javascript', version: process.versions.node, missing });
  const channel = new Channel(SOCKET, waitForTheEnd);
  surroundings.hideHarness();
  collectGarbage();
  native.serve(hello);
  await work(world, channel, native);
}

module.exports = { main };

//# sourceURL=node:stockade/start
