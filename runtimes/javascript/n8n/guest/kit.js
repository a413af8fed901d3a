'use strict';

// Everything that a realm for user code is fitted with: the names that are there from the start, and the task that
// they speak of once one has arrived. A realm serves one task; only tests and the warm-up let it begin another.

const { DateTime, Duration, Interval } = require('luxon');
const { createConsole } = require('./console');
const { failureOf } = require('./failure');
const { createHelpers } = require('./helpers');
const { createRequire } = require('./modules');
const { failureItem, jsonOf, letBigIntsBeTexts } = require('./results');
const { Task } = require('./task');
const { VARIABLE_NAMES } = require('./variables');

const { parse, stringify } = JSON;
const { defineProperty } = Object;

class Kit {
  #global;
  #channel;
  #task;
  #standing = [];
  #overwritten = new Set();
  #ownConsole;

  /**
   * `host` is what the world outside the realm lends it: `isAllowed` and `load` for modules, `Buffer`, and `natives`,
   * a list of `{ name, read }` of globals that the language itself does not have.
   */
  constructor(global, host) {
    this.#global = global;
    this.#ownConsole = global.console;
    letBigIntsBeTexts(global.BigInt.prototype);
    const request = (name, parameters, read) => this.#channel.request(name, parameters, read);
    this.#stand({
      DateTime,
      Duration,
      Interval,
      helpers: createHelpers({ request, Buffer: host.Buffer }),
      require: createRequire(host),
      console: createConsole((text) => this.#channel.log(text), global),
      module: { exports: {} },
      global,
      __isExecutionContext: true,
    });
    for (const { name, read } of host.natives) this.#standLazily(name, read);
    for (const name of VARIABLE_NAMES) this.#standVariable(name);
  }

  #stand(values) {
    for (const [name, value] of Object.entries(values)) this.#define(name, value);
  }

  #define(name, value) {
    this.#standing.push(name);
    defineProperty(this.#global, name, { value, writable: true, enumerable: true, configurable: true });
  }

  #standLazily(name, read) {
    const settle = (value) => this.#define(name, value);
    this.#standing.push(name);
    defineProperty(this.#global, name, {
      get: () => {
        settle(read());
        return this.#global[name];
      },
      set: settle,
      enumerable: true,
      configurable: true,
    });
  }

  // The variables are read through the task at hand, so a new item in each-item mode costs no new definitions.
  #standVariable(name) {
    this.#standing.push(name);
    defineProperty(this.#global, name, {
      get: () => this.#task.variables[name],
      set: (value) => {
        this.#overwritten.add(name);
        this.#define(name, value);
      },
      enumerable: true,
      configurable: true,
    });
  }

  // What the code of one item assigned to a variable is not what the next item finds there.
  #restoreVariables() {
    for (const name of this.#overwritten) this.#standVariable(name);
    this.#overwritten.clear();
  }

  /** Where requests and logs go. */
  connect(channel) {
    this.#channel = channel;
  }

  request(name, parameters) {
    return this.#channel.request(name, stringify(parameters), parse);
  }

  /** The value of a JSON text, made of this realm's objects. */
  parse(text) {
    return parse(text);
  }

  failureOf(thrown) {
    return failureOf(thrown);
  }

  /**
   * Runs `code`, an async function, on the data that n8n sent. `settle` gets the JSON text of the answer, or what was
   * thrown: a promise of this realm would be awaited by the other one through a `then` that the code may have changed.
   */
  run(code, { data, nodeTypes, settings, rules }, settle) {
    return this.#settle(settle, () => {
      this.#task = new Task({ data, nodeTypes, settings, rules });
      const call = () => code.call(this.#global);
      return settings.nodeMode === 'runOnceForAllItems' ? this.#runForAllItems(call, settings) : this.#runForEachItem(call, settings);
    });
  }

  /** Runs code that sees the language and `properties`, nothing of n8n. */
  runBare(code, properties, settle) {
    return this.#settle(settle, async () => {
      for (const name of this.#standing) delete this.#global[name];
      this.#define('console', this.#ownConsole);
      this.#addProperties(properties);
      const result = jsonOf(await code.call(this.#global));
      return result === undefined ? '{}' : `{"result":${result}}`;
    });
  }

  async #settle({ resolve, reject }, run) {
    try {
      resolve(await run());
    } catch (error) {
      reject(error);
    }
  }

  // Either mode has its own name for what comes in; a rehearsal may have left the other one.
  #runForAllItems(call, settings) {
    delete this.#global.item;
    this.#define('items', this.#task.execution.inputItems);
    this.#addProperties(settings.additionalProperties);
    return this.#task.runForAllItems(call);
  }

  #runForEachItem(call, settings) {
    delete this.#global.items;
    this.#define('item', undefined);
    this.#addProperties(settings.additionalProperties);
    return this.#task.runForEachItem(call, (item) => {
      if (this.#overwritten.size > 0) this.#restoreVariables();
      this.#global.item = item;
    });
  }

  #addProperties(properties) {
    if (properties) this.#stand(parse(stringify(properties)));
  }

  /** The answer of a task that failed before its code ran, on a node that goes on after failures. */
  answerOfFailure(message, { nodeMode, chunk }) {
    if (nodeMode === 'runOnceForAllItems' || !chunk) return stringify({ result: [failureItem(message)] });
    const result = Array.from({ length: chunk.count }, (_, offset) => failureItem(message, chunk.startIndex + offset));
    return stringify({ result });
  }
}

module.exports = { Kit };
