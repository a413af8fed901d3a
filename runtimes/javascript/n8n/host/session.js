'use strict';

// A realm with its kit, and the way of a task through it: check, compile, ask n8n for data, run, answer.

const { CodeSyntaxError, compile } = require('./compile');
const { findDataNeeds, requestParameters, typesToAskFor } = require('./data-needs');
const { acceptInstances } = require('./instances');
const { Modules } = require('./modules');

/** The task cannot be run as n8n described it. */
class SettingsError extends Error {
  constructor(message) {
    super(message);
    this.failure = { code: 'VALIDATION_ERROR', message, details: { message, description: null } };
  }
}

function check({ code, settings }) {
  if (code === '') throw new SettingsError('There is no code to run: the Code node is empty');
  const { nodeMode, chunk } = settings.n8n;
  if (nodeMode === 'runOnceForAllItems' && chunk) {
    throw new SettingsError('Code that runs once for all items cannot be given a chunk of the items');
  }
}

class Session {
  #realm;
  #kit;
  #packages;
  #rules;
  #modules;

  /** `packages` is the folder whose node_modules user code may require from; `natives` are lent to the realm. */
  constructor(realm, natives, packages) {
    this.#realm = realm;
    this.#packages = packages;
    const { Kit } = realm.load('kit');
    this.#kit = new Kit(realm.global, {
      Buffer,
      natives,
      isAllowed: (name) => this.#modules.isAllowed(name),
      load: (name) => this.#loadModule(name),
    });
  }

  // Modules live in the main realm and are given what user code made in its own.
  #loadModule(name) {
    if (this.#realm.global !== globalThis) acceptInstances(globalThis, this.#realm.global);
    return this.#modules.load(name);
  }

  /** Serves a task: exactly one result or error goes to the channel. */
  async serve(task, channel) {
    const { n8n, rules } = task.settings;
    if (rules !== this.#rules) {
      this.#rules = rules;
      this.#modules = new Modules(rules, this.#packages);
    }
    this.#kit.connect(channel);
    let answer;
    try {
      answer = await this.#answer(task);
    } catch (error) {
      const failure = this.failureOf(error);
      if (!n8n.continueOnFail) {
        channel.error(failure);
        return;
      }
      answer = this.#kit.answerOfFailure(failure.details.message, n8n);
    }
    channel.result(answer);
  }

  // Code that is no JavaScript is refused before n8n is asked for anything.
  async #answer(task) {
    const { n8n, rules } = task.settings;
    check(task);
    const code = compile(task.code, this.#realm);
    if (n8n.nodeMode === 'runCode') {
      return settled((settle) => this.#kit.runBare(code, n8n.additionalProperties, settle));
    }
    const { data, nodeTypes } = task.inputs?.length > 0 ? this.#given(task.inputs) : await this.#ask(task);
    return settled((settle) => this.#kit.run(code, { data, nodeTypes, settings: n8n, rules }, settle));
  }

  // Whoever knows from an earlier task with the same code what it reads can send the data along.
  #given(inputs) {
    return { data: this.#kit.parse(inputs.toString()), nodeTypes: [] };
  }

  async #ask({ code, settings }) {
    const needs = findDataNeeds(code);
    const data = await this.#kit.request('data', requestParameters(needs, settings.n8n.chunk));
    const types = typesToAskFor(needs, data);
    return { data, nodeTypes: types.length > 0 ? await this.#kit.request('nodetypes', types) : [] };
  }

  /** Everything that is to be said about what was thrown. */
  failureOf(thrown) {
    if (thrown instanceof SettingsError || thrown instanceof CodeSyntaxError) return thrown.failure;
    return this.#kit.failureOf(thrown);
  }
}

/** A promise of this realm, for what `start` settles. */
function settled(start) {
  return new Promise((resolve, reject) => start({ resolve, reject }));
}

module.exports = { Session };
