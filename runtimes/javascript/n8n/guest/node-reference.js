'use strict';

// What `$("X")`, `$node["X"]` and `$items("X")` give: the data of another node of the workflow.

const { ExpressionError } = require('./errors');
const { pairedItemOfInput } = require('./paired-items');

/** `$("X")`. Methods are own functions, so that they work when they are taken out of the object. */
function nodeReference(execution, name, cursor) {
  execution.existingNode(name, cursor);
  const shape = (item) => (execution.returnsBareJson ? item?.json : item);
  const items = (branch, run) => execution.itemsOf(name, branch, run, cursor);
  const paired = (index, method) => shape(pairedItemOfInput(execution, name, index, method, cursor));
  return {
    first: (branch, run) => shape(items(branch, run)[0]),
    last: (branch, run) => shape(items(branch, run).at(-1)),
    all: (branch, run) => (execution.returnsBareJson ? items(branch, run).map(shape) : items(branch, run)),
    pairedItem: (index) => paired(index ?? cursor.itemIndex, 'pairedItem'),
    itemMatching: (index) => {
      if (index === undefined) throw new ExpressionError('Missing item index for .itemMatching()', { ...cursor });
      return paired(index, 'itemMatching');
    },
    get item() {
      return paired(cursor.itemIndex, 'item');
    },
    get isExecuted() {
      return execution.isExecuted(name);
    },
    get params() {
      return execution.parametersOf(name);
    },
    get context() {
      return execution.contextOf(name);
    },
  };
}

/** The binary data of an item without the bytes themselves: name, type and size. */
function binaryWithoutData(item) {
  const described = {};
  for (const [key, value] of Object.entries(item?.binary ?? {})) {
    const { data, ...rest } = value;
    described[key] = rest;
  }
  return described;
}

function legacyNode(execution, name, cursor) {
  execution.existingNode(name, cursor);
  const item = () => execution.itemsOf(name, undefined, undefined, cursor)[cursor.itemIndex];
  return {
    get json() {
      return item()?.json;
    },
    get binary() {
      return binaryWithoutData(item());
    },
    get runIndex() {
      return execution.executedRunsOf(name, cursor).length - 1;
    },
    get parameter() {
      return execution.parametersOf(name);
    },
    get context() {
      return execution.contextOf(name);
    },
  };
}

/** `$node`: nodes by name. */
function legacyNodes(execution, cursor) {
  return new Proxy(
    {},
    {
      get: (_, name) => (typeof name === 'string' ? legacyNode(execution, name, cursor) : undefined),
      has: (_, name) => typeof name === 'string' && execution.node(name) !== undefined,
      ownKeys: () => execution.workflow.nodes.map((node) => node.name),
      getOwnPropertyDescriptor: (_, name) => ({
        configurable: true,
        enumerable: true,
        value: legacyNode(execution, name, cursor),
      }),
    },
  );
}

module.exports = { nodeReference, legacyNodes, binaryWithoutData };
