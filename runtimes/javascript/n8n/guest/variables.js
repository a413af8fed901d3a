'use strict';

// The variables of n8n as seen from one item of one run. Each getter is named like the variable it gives; the realm
// makes all of them readable by name, and `$item(index)` hands out the same view from another item.

const { DateTime } = require('luxon');
const { ExpressionError } = require('./errors');
const { inputOf, noData } = require('./input');
const { jsonQuery } = require('./json-query');
const { binaryWithoutData, legacyNodes, nodeReference } = require('./node-reference');
const { pairedItemOf } = require('./paired-items');

class Variables {
  #task;
  #execution;
  #cursor;
  #item;
  #json;
  #once = new Map();

  /** `task` holds what all views of one task share. */
  constructor(task, itemIndex) {
    this.#task = task;
    this.#execution = task.execution;
    this.#cursor = { runIndex: task.execution.runIndex, itemIndex };
    this.#takeItem();
  }

  static moveTo(variables, itemIndex) {
    variables.#cursor.itemIndex = itemIndex;
    variables.#takeItem();
  }

  #takeItem() {
    this.#item = this.#execution.inputItems[this.#cursor.itemIndex];
    this.#json = this.#item?.json;
  }

  // Most code uses a few of the variables: what is costly to make is made when it is first read.
  #made(name, make) {
    if (!this.#once.has(name)) this.#once.set(name, make());
    return this.#once.get(name);
  }

  get $() {
    return this.#made('$', () => {
      const references = new Map();
      return (name = this.#execution.previousNodeName) => {
        if (!references.has(name)) references.set(name, nodeReference(this.#execution, name, this.#cursor));
        return references.get(name);
      };
    });
  }

  get $input() {
    return this.#made('$input', () => inputOf(this.#execution, this.#cursor));
  }

  get $json() {
    return this.#json;
  }

  get $data() {
    return this.#json;
  }

  get $binary() {
    return this.#item && binaryWithoutData(this.#item);
  }

  get $thisItem() {
    return this.#item;
  }

  get $itemIndex() {
    return this.#cursor.itemIndex;
  }

  get $thisItemIndex() {
    return this.#cursor.itemIndex;
  }

  get $position() {
    return this.#cursor.itemIndex;
  }

  get $runIndex() {
    return this.#cursor.runIndex;
  }

  get $thisRunIndex() {
    return this.#cursor.runIndex;
  }

  get $items() {
    return this.#made('$items', () => (name, branch = 0, run = -1) => {
      if (name === undefined) return this.#execution.inputItems;
      this.#execution.existingNode(name, this.#cursor);
      return this.#execution.itemsOf(name, branch, run, this.#cursor);
    });
  }

  get $item() {
    return this.#made('$item', () => (index) => new Variables(this.#task, Number(index)));
  }

  get $node() {
    return this.#made('$node', () => legacyNodes(this.#execution, this.#cursor));
  }

  get $getPairedItem() {
    return this.#made('$getPairedItem', () => (name, source, pairedItem) => {
      const start = { item: { pairedItem }, sources: [source], nodeName: this.#execution.activeNodeName };
      return pairedItemOf(this.#execution, name, start, '$getPairedItem', this.#cursor);
    });
  }

  get $prevNode() {
    const source = this.#execution.inputSources[0];
    return {
      name: source?.previousNode,
      outputIndex: source && (source.previousNodeOutput ?? 0),
      runIndex: source && (source.previousNodeRun ?? 0),
    };
  }

  get $workflow() {
    const { active, id, name } = this.#execution.workflow;
    return { active, id, name };
  }

  get $execution() {
    return this.#task.executionVariable;
  }

  get $executionId() {
    return this.#execution.data.additionalData?.executionId;
  }

  get $resumeWebhookUrl() {
    return this.#task.executionVariable.resumeUrl;
  }

  get $evaluation() {
    return { runId: this.#execution.data.additionalData?.evaluationRunId };
  }

  get $mode() {
    return this.#execution.data.mode;
  }

  get $vars() {
    return this.#execution.data.additionalData?.variables;
  }

  // Secrets are never sent to Code nodes.
  get $secrets() {
    return undefined;
  }

  get $env() {
    return this.#made('$env', () => environment(this.#execution.data.envProviderState, this.#cursor));
  }

  get $parameter() {
    return this.#execution.data.node?.parameters;
  }

  get $rawParameter() {
    return this.#execution.data.node?.parameters;
  }

  get $nodeVersion() {
    return this.#execution.data.node?.typeVersion;
  }

  get $nodeId() {
    return this.#execution.data.node?.id;
  }

  get $webhookId() {
    return this.#execution.data.node?.webhookId;
  }

  get $self() {
    return this.#execution.data.selfData;
  }

  // Only agents and their tools have these; a Code node is neither.
  get $tool() {
    return undefined;
  }

  get $agentInfo() {
    return undefined;
  }

  get $fromAI() {
    return this.#made('$fromAI', () => () => {
      throw noData(this.#cursor);
    });
  }

  get $fromAi() {
    return this.$fromAI;
  }

  get $fromai() {
    return this.$fromAI;
  }

  get $now() {
    return this.#made('$now', () => DateTime.fromMillis(this.#task.startedAt));
  }

  get $today() {
    return this.#made('$today', () => this.$now.startOf('day'));
  }

  get $jmespath() {
    return this.#made('$jmespath', () => jsonQuery(this.#cursor));
  }

  get $jmesPath() {
    return this.$jmespath;
  }

  get $evaluateExpression() {
    return this.#task.evaluateExpression;
  }

  get $getWorkflowStaticData() {
    return this.#made('$getWorkflowStaticData', () => (kind) => this.#task.staticData.get(kind));
  }
}

/** `$env`: the variables of n8n's own environment, where its operator shares them. Their names are never listed. */
function environment(state, cursor) {
  return new Proxy(
    {},
    {
      get(_, name) {
        if (typeof name === 'symbol') return undefined;
        if (!state?.isEnvAccessBlocked) return state?.env?.[name];
        throw new ExpressionError('access to env vars denied', {
          causeDetailed:
            'If you need access please contact the administrator to remove the environment variable \u2018N8N_BLOCK_ENV_ACCESS_IN_NODE\u2018',
          ...cursor,
        });
      },
    },
  );
}

/** The names of all variables. */
const VARIABLE_NAMES = Object.getOwnPropertyNames(Variables.prototype).filter((name) => name !== 'constructor');

module.exports = { Variables, VARIABLE_NAMES };
