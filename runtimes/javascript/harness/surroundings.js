'use strict';

// What a task sees of its process: arguments, environment, loaded modules. Nothing in it tells of the zygote.

const { existsSync } = require('fs');
const Module = require('module');
const os = require('os');
const path = require('path');
const { getHeapStatistics } = require('v8');

const HARNESS = path.dirname(__dirname);

/** Where tasks work, and the only place that they can write to. */
const WORKING_DIRECTORY = '/tmp';

/** All that a worker's environment has before its task adds to it. */
const ENVIRONMENT = ['PATH', 'HOME', 'LANG', 'TZ'];

/** In the zygote: removes every other variable, those of Stockade among them. */
function cleanEnvironment() {
  for (const name of Object.keys(process.env)) {
    if (!ENVIRONMENT.includes(name)) {
      delete process.env[name];
    }
  }
}

/** In the zygote, when all of the harness is loaded: takes it out of what Node.js keeps about modules and arguments. */
function hideHarness() {
  for (const name of Object.keys(Module._cache)) {
    if (name.startsWith(HARNESS)) {
      delete Module._cache[name];
    }
  }
  for (const key of Object.keys(Module._pathCache)) {
    delete Module._pathCache[key];
  }
  delete process.mainModule;
  process.execArgv = [];
  process.argv = [process.execPath];
}

/** In the zygote, last of all: what Node.js remembers of a process becomes that of a worker. */
function settleForWorkers() {
  // The native library changes a worker's directory without Node.js, which then has none in memory and asks.
  process.chdir(process.cwd());
  // A worker is the first process of a pid namespace of its own.
  Object.defineProperty(process, 'pid', { value: 1, writable: false, enumerable: true, configurable: true });
}

/** In a worker: what its task wants in its arguments and its environment. */
function furnish(script, argumentsOfScript, environment) {
  process.argv = [process.execPath, script, ...argumentsOfScript];
  for (const name of Object.keys(environment)) {
    process.env[name] = environment[name];
  }
}

/** Replaces a function of a builtin module by one of the same name. */
function replace(object, name, value) {
  Object.defineProperty(value, 'name', { value: name, configurable: true });
  object[name] = value;
}

/** In the zygote: functions of Node.js that read /proc, which does not exist inside the walls, say what they can. */
function doWithoutProc() {
  if (existsSync('/proc/self/stat')) {
    return;
  }
  // The kernel still keeps the largest resident size.
  const resident = () => process.resourceUsage().maxRSS * 1024;
  replace(process, 'memoryUsage', () => {
    const { total_heap_size, used_heap_size, external_memory } = getHeapStatistics();
    return {
      rss: resident(),
      heapTotal: total_heap_size,
      heapUsed: used_heap_size,
      external: external_memory,
      arrayBuffers: 0,
    };
  });
  replace(process.memoryUsage, 'rss', resident);
  const times = { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 };
  replace(os, 'cpus', () =>
    Array.from({ length: os.availableParallelism() }, () => ({ model: 'unknown', speed: 0, times: { ...times } })),
  );
}

module.exports = { WORKING_DIRECTORY, cleanEnvironment, doWithoutProc, furnish, hideHarness, settleForWorkers };

//# sourceURL=node:stockade/surroundings
