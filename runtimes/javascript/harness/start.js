'use strict';

// From the start of the zygote to the task of a worker.

const path = require('path');
const { setFlagsFromString } = require('v8');
const { runInNewContext } = require('vm');
const { Channel } = require('./channel');
const { dispatch } = require('./dispatch');
const { takeOverEnd } = require('./ending');
const { FrameReader, FrameWriter } = require('./frames');
const { Imports } = require('./imports');
const output = require('./output');
const random = require('./random');
const { allTasks, oneTask, rehearse } = require('./rehearsal');
const surroundings = require('./surroundings');
const { ValidationFailure, parseTask } = require('./task');

const DEFAULTS = { preload: [], packages: null, modes: [], native: '/stockade/native.so', task: '/task' };

/** The descriptor that the native library leaves the frame socket at. */
const SOCKET = 3;

/** V8 compiles what a task calls when it is first called, and keeps what it learned about types after some calls. */
const ROUNDS_BEFORE_COLLECTION = 4;
/** A collection of garbage makes V8 forget some of it. With many rounds more it would optimise functions in a worker. */
const ROUNDS_AFTER_COLLECTION = 2;

const reallyExit = process.reallyExit.bind(process);

function readConfiguration() {
  return { ...DEFAULTS, ...JSON.parse(process.env.STOCKADE_ZYGOTE ?? '{}') };
}

function loadNative(file) {
  const addon = { exports: {} };
  process.dlopen(addon, file);
  return addon.exports;
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

/** Collects all garbage there is: a worker's first collection does not find it, and its fork does not inherit it. */
function collectGarbage() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  setFlagsFromString('--no-expose-gc');
}

/** Prepares what workers share: they find everything compiled, and nothing of the preparation. */
async function prepare(configuration, native) {
  surroundings.cleanEnvironment();
  surroundings.doWithoutProc();
  random.install();
  random.reseed();
  output.install();
  const { packages, modes, task } = configuration;
  const world = { imports: new Imports(packages), n8n: null, taskDirectory: task };
  if (modes.includes('n8n')) {
    world.n8n = await loadNodeMode(configuration);
  }
  const missing = preload(configuration.preload, world.imports);
  await rehearse(world, allTasks(world), ROUNDS_BEFORE_COLLECTION);
  collectGarbage();
  native.leaveUnchangedPages();
  await rehearse(world, allTasks(world), ROUNDS_AFTER_COLLECTION);
  world.n8n?.settle();
  return { world, missing };
}

/** The end of a worker: it waits to be killed, so that nothing that user code still has planned happens. */
function waitForTheEnd(reader) {
  try {
    while (reader.next() !== null);
  } finally {
    reallyExit(0);
  }
}

/** In a worker: waits for the task, rehearses meanwhile if it is asked to, and starts the task. */
async function work(world, channel) {
  random.seedContexts();
  const payload = await channel.receiveTask(() => rehearse(world, oneTask(world), 1));
  if (payload === null) {
    reallyExit(0);
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
  const { world, missing } = await prepare(configuration, native);
  const reader = new FrameReader(SOCKET);
  const channel = new Channel(reader, new FrameWriter(SOCKET), () => waitForTheEnd(reader));
  surroundings.hideHarness();
  const hello = JSON.stringify({ language: 'javascript', version: process.versions.node, missing });
  takeOverEnd(native);
  surroundings.settleForWorkers();
  native.serve(hello, random.seed);
  await work(world, channel);
}

module.exports = { main };

//# sourceURL=node:stockade/start
