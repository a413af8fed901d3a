'use strict';

// The execution that a Code node is part of, as n8n sent it: nodes, connections, what ran and what came in.
// Reads only; where in the execution the code stands (run and item) is told by a `cursor`.

const { ExpressionError } = require('./errors');
const { describedParameters } = require('./parameters');

const CODE_NODE_TYPES = new Set(['n8n-nodes-base.code', 'n8n-nodes-base.function', 'n8n-nodes-base.functionItem']);

class Execution {
  #nodes;
  #branches = new Map();
  #parameters = new Map();
  #nodeTypes;

  constructor(data, nodeTypes, chunk) {
    this.data = data;
    this.workflow = data.workflow;
    this.activeNodeName = data.activeNodeName;
    this.runIndex = data.runIndex ?? 0;
    this.inputItems = inputOf(data, chunk);
    this.inputSources = data.connectionInputSource?.main ?? [];
    this.returnsBareJson = data.workflow?.settings?.binaryMode === 'combined';
    this.#nodeTypes = nodeTypes;
  }

  get previousNodeName() {
    return this.inputSources[0]?.previousNode;
  }

  get resultData() {
    return this.data.runExecutionData?.resultData;
  }

  node(name) {
    this.#nodes ??= new Map((this.workflow.nodes ?? []).map((node) => [node.name, node]));
    return this.#nodes.get(name);
  }

  existingNode(name, cursor) {
    const node = this.node(name);
    if (node) return node;
    throw new ExpressionError("Referenced node doesn't exist", { ...cursor, nodeCause: name, descriptionKey: 'nodeNotFound' });
  }

  isCodeNode(name) {
    return CODE_NODE_TYPES.has(this.node(name)?.type);
  }

  /** The node's parameters, with the defaults of its type where n8n was asked for it. Expressions stay text. */
  parametersOf(name) {
    const node = this.node(name);
    if (!node) return {};
    if (!this.#parameters.has(name)) this.#parameters.set(name, describedParameters(node, this.#nodeTypes));
    return this.#parameters.get(name);
  }

  /** What a node of a loop keeps between its runs. */
  contextOf(name) {
    const contextData = this.data.runExecutionData?.executionData?.contextData;
    if (!contextData) return {};
    return (contextData[`node:${name}`] ??= {});
  }

  // Pinned data stands for a run only while someone tries the workflow out by hand.
  #pinnedItems(name) {
    return this.data.mode === 'manual' ? (this.resultData?.pinData?.[name] ?? this.workflow.pinData?.[name]) : undefined;
  }

  runsOf(name) {
    const runs = this.resultData?.runData?.[name];
    if (runs) return runs;
    const pinned = this.#pinnedItems(name);
    return pinned ? [{ data: { main: [pinned] }, source: [] }] : undefined;
  }

  isExecuted(name) {
    return this.runsOf(name) !== undefined;
  }

  executedRunsOf(name, cursor) {
    const runs = this.runsOf(name);
    if (runs) return runs;
    throw new ExpressionError(`Node '${name}' hasn't been executed`, {
      ...cursor,
      messageTemplate:
        'An expression references this node, but the node is unexecuted. Consider re-wiring your nodes or checking for execution first, i.e. {{ $if( $("{{nodeName}}").isExecuted, <action_if_executed>, "") }}',
      descriptionKey: 'pairedItemNoConnection',
      type: 'no_execution_data',
      nodeCause: name,
    });
  }

  /** The items that a node put out. By default those of its last run, from the output that leads to the active node. */
  itemsOf(name, branch, run, cursor) {
    const runs = this.executedRunsOf(name, cursor);
    const runIndex = run === undefined || run === -1 ? runs.length - 1 : run;
    const taskData = runs[runIndex];
    if (!taskData) throw new ExpressionError(`Run ${runIndex} of node "${name}" not found`, { ...cursor });
    const outputs = taskData.data?.main ?? [];
    const branchIndex = branch ?? this.#branchTowards(name);
    if (branchIndex < outputs.length) return outputs[branchIndex] ?? [];
    if (branch === undefined || branch === null) return [];
    throw new ExpressionError(`Node "${name}" has no branch with index ${branchIndex}.`, { ...cursor });
  }

  #branchTowards(name) {
    if (!this.#branches.has(name)) this.#branches.set(name, this.#searchTowards(name)?.branch ?? 0);
    return this.#branches.get(name);
  }

  isBeforeActiveNode(name) {
    return this.#searchTowards(name) !== null;
  }

  // Breadth first, so that of several outputs which lead to the active node the nearest is taken.
  #searchTowards(name) {
    const connections = this.workflow.connections ?? {};
    const seen = new Set([name]);
    let front = [{ node: name, branch: undefined }];
    while (front.length > 0) {
      const next = [];
      for (const { node, branch } of front) {
        for (const [output, targets] of (connections[node]?.main ?? []).entries()) {
          for (const target of targets ?? []) {
            const reached = { node: target.node, branch: branch ?? output };
            if (target.node === this.activeNodeName) return reached;
            if (seen.has(target.node)) continue;
            seen.add(target.node);
            next.push(reached);
          }
        }
      }
      front = next;
    }
    return null;
  }
}

// Of a chunk only its own items are sent, but their indices are those in the whole input.
function inputOf(data, chunk) {
  const items = data.inputData?.main?.[0] ?? [];
  return chunk?.startIndex > 0 && items.length > 0 ? new Array(chunk.startIndex).concat(items) : items;
}

module.exports = { Execution };
