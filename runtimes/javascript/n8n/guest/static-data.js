'use strict';

// `$getWorkflowStaticData(kind)`: data that a workflow keeps between its executions. n8n stores it again only when it
// is sent back, so it is sent back only when it differs from what came.

const { UsageError } = require('./errors');
const { jsonOf } = require('./results');

const WHAT = 'The static data of the workflow';

class StaticData {
  #values;
  #nodeName;
  // What each entry was when the code first saw it, as JSON text.
  #originals = new Map();

  constructor(execution) {
    this.#values = execution.workflow.staticData ?? {};
    this.#nodeName = execution.activeNodeName;
  }

  get(kind) {
    if (kind !== 'global' && kind !== 'node') {
      throw new UsageError('Unknown context type. Only `global` and `node` are supported.');
    }
    const key = kind === 'global' ? 'global' : `node:${this.#nodeName}`;
    const entry = (this.#values[key] ??= {});
    if (!this.#originals.has(key)) this.#originals.set(key, jsonOf(entry, WHAT));
    return entry;
  }

  /** All the data as JSON text when any of it was changed, otherwise undefined. */
  changed() {
    for (const [key, original] of this.#originals) {
      if (jsonOf(this.#values[key], WHAT) !== original) return jsonOf(this.#values, WHAT);
    }
    return undefined;
  }
}

module.exports = { StaticData };
