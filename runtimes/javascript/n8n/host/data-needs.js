'use strict';

// Which data of the execution a Code node reads, found in its code before it runs.
//
// n8n sends only what is asked for, and what it sends it copies deeply in its main process: asking for the run data of
// every node makes a task slow and the whole instance slower. Asking for too little makes the code fail. So each use of
// a name is followed (through aliases and destructuring), and a use that cannot be followed asks for everything.

const acorn = require('acorn');
const { resolveNames } = require('./scopes');
const { literalText, propertiesRead, ESCAPED } = require('./uses');

const PARSER_OPTIONS = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowReturnOutsideFunction: true,
  allowAwaitOutsideFunction: true,
};

// Code without any of these can reach no data: every way to it is one of these names, or builds a name from text.
const MAY_NEED_DATA = /[$\\]|item|eval|Function|constructor|global|this/;

const INPUT_NAMES = ['$input', '$json', '$binary', '$data', '$thisItem', 'items', 'item'];

// What can be read with the run data of one node alone. A paired item needs that of every node on the way to it.
const READ_FROM_THE_NODE = new Set(['first', 'last', 'all', 'isExecuted', 'params', 'context']);
const READ_FROM_THE_LEGACY_NODE = new Set(['json', 'binary', 'runIndex', 'context', 'parameter']);
const READ_FROM_AN_ITEM = new Set(['$json', '$binary', '$data', '$itemIndex', '$position', '$thisItem', '$thisItemIndex']);

const INSERTION = /\{\{([\s\S]*?)\}\}/g;

// Calls that look at the names of the global object without reading the values.
const HARMLESS_READERS = new Set(['Object.getOwnPropertyNames', 'Object.keys', 'Reflect.ownKeys', 'console.log']);

class Needs {
  constructor() {
    this.nodes = new Set();
    this.allNodes = false;
    this.input = false;
    this.previousNode = false;
    this.environment = false;
    // Nodes whose parameters are read; '' stands for the previous node.
    this.parametersOf = new Set();
    this.allParameters = false;
  }

  node(name) {
    this.nodes.add(name);
  }

  // A paired item can lead through any node, and the way starts at the input.
  allRunData() {
    this.allNodes = true;
    this.input = true;
  }

  // Some node, and no telling which one or what of it.
  anyNode() {
    this.allRunData();
    this.allParameters = true;
  }

  everything() {
    this.anyNode();
    this.previousNode = true;
    this.environment = true;
  }
}

class Reader {
  constructor(needs) {
    this.needs = needs;
    this.followed = new Set();
    this.handlers = { __proto__: null };
    for (const name of INPUT_NAMES) this.handlers[name] = () => (needs.input = true);
    Object.assign(this.handlers, {
      $input: (use) => this.input(use),
      $env: () => (needs.environment = true),
      $prevNode: () => (needs.previousNode = true),
      $getPairedItem: () => needs.allRunData(),
      $: (use) => this.nodeFunction(use),
      $items: (use) => this.itemsFunction(use),
      $node: (use) => this.legacyNodes(use),
      $item: (use) => this.itemFunction(use),
      globalThis: (use) => this.globalObject(use),
      global: (use) => this.globalObject(use),
      $evaluateExpression: (use) => this.expression(use),
      eval: (use) => this.codeFromText(use),
      Function: (use) => this.codeFromText(use),
    });
  }

  read(source) {
    let program;
    try {
      program = acorn.parse(source, PARSER_OPTIONS);
    } catch {
      this.needs.everything();
      return;
    }
    const { undeclared, thisExpressions, members } = resolveNames(program);
    for (const node of undeclared) this.handlers[node.name]?.(node);
    let thisEscapes = false;
    for (const { node, isProgramThis } of thisExpressions) {
      if (isProgramThis) thisEscapes = this.members(node, false) || thisEscapes;
    }
    for (const node of members) this.member(node, thisEscapes);
  }

  // `this` is handed around by habit (`const self = this`), so where it goes is not followed. Instead a member with a
  // name of ours counts as a use, on any object once the program's `this` has gone somewhere.
  member(node, thisEscapes) {
    const name = node.computed ? literalText(node.property) : node.property.name;
    if (name === 'constructor') this.constructorCall(node);
    else if (name?.[0] === '$' && (thisEscapes || node.object.type === 'ThisExpression')) this.handlers[name]?.(node);
  }

  // The names read from the global object; true when it goes where it cannot be followed.
  members(use, isExplicit) {
    let escapes = false;
    for (const { name, node } of propertiesRead(use, this.followed)) {
      if (name === ESCAPED) escapes ||= !isExplicit || !isHarmless(node);
      else if (this.handlers[name]) this.handlers[name](node);
    }
    return escapes;
  }

  globalObject(use) {
    if (this.members(use, true)) this.needs.everything();
  }

  input(use) {
    this.needs.input = true;
    for (const { name } of propertiesRead(use, this.followed)) {
      if (name === 'params' || name === ESCAPED) this.needs.parametersOf.add('');
    }
  }

  // `$(…)`, which is `$("X")` of the previous node when there is no argument. `$(5)` names no node.
  nodeFunction(use) {
    const call = callOf(use);
    if (!call) {
      this.needs.anyNode();
      return;
    }
    const [argument] = call.arguments;
    if (!argument) {
      this.needs.previousNode = true;
      this.nodeReference(call, '');
      return;
    }
    const name = literalText(argument);
    if (name !== undefined) this.nodeReference(call, name);
    else if (argument.type !== 'Literal') this.nodeReference(call, ESCAPED);
  }

  nodeReference(use, nodeName) {
    if (nodeName !== ESCAPED && nodeName !== '') this.needs.node(nodeName);
    for (const { name } of propertiesRead(use, this.followed)) {
      if (nodeName === ESCAPED || !READ_FROM_THE_NODE.has(name)) this.needs.allRunData();
      if (name === 'params' || name === ESCAPED) this.parameters(nodeName);
    }
  }

  parameters(nodeName) {
    if (nodeName === ESCAPED) this.needs.allParameters = true;
    else this.needs.parametersOf.add(nodeName);
  }

  // `$items(name, output, run)`
  itemsFunction(use) {
    const call = callOf(use);
    const name = literalText(call?.arguments[0]);
    if (call?.arguments.length === 0) this.needs.input = true;
    else if (name === undefined) this.needs.allRunData();
    else this.needs.node(name);
  }

  // `$node["X"]` and `$node.X`
  legacyNodes(use) {
    for (const { name: nodeName, node } of propertiesRead(use, this.followed)) {
      if (nodeName === ESCAPED) {
        this.needs.anyNode();
        continue;
      }
      this.needs.node(nodeName);
      for (const { name } of propertiesRead(node, this.followed)) {
        if (!READ_FROM_THE_LEGACY_NODE.has(name)) this.needs.allRunData();
        if (name === 'parameter' || name === ESCAPED) this.parameters(nodeName);
      }
    }
  }

  // `$item(index, run)`
  itemFunction(use) {
    this.needs.input = true;
    const call = callOf(use);
    for (const { name } of call ? propertiesRead(call, this.followed) : [{ name: ESCAPED }]) {
      if (!READ_FROM_AN_ITEM.has(name)) this.needs.anyNode();
    }
  }

  // `$evaluateExpression(text)`, where the code stands in `{{ }}`
  expression(use) {
    const text = literalText(callOf(use)?.arguments[0]);
    if (text === undefined) this.needs.everything();
    else for (const [, code] of text.matchAll(INSERTION)) this.read(`(${code}\n)`);
  }

  // `eval(text)`, `Function(…, text)` and `new Function(…, text)`
  codeFromText(use) {
    const call = callOf(use);
    if (call) this.textOfCode(call);
    else if (!isHarmless(use) && use.parent.type !== 'MemberExpression') this.needs.everything();
  }

  // `(() => {}).constructor(text)` is `Function(text)`; `new this.constructor(…)` is an idiom of classes.
  constructorCall(node) {
    const call = callOf(node);
    if (call && node.object.type !== 'ThisExpression') this.textOfCode(call);
  }

  textOfCode(call) {
    const texts = call.arguments.map((argument) => literalText(argument) ?? (argument.type === 'Literal' ? '' : undefined));
    if (texts.includes(undefined)) this.needs.everything();
    else if (texts.length > 0) this.read(texts[texts.length - 1]);
  }
}

function callOf(use) {
  const { parent } = use;
  return parent && (parent.type === 'CallExpression' || parent.type === 'NewExpression') && parent.callee === use ? parent : null;
}

function isHarmless(use) {
  const { parent } = use;
  if (parent.type === 'BinaryExpression' || parent.type === 'ExpressionStatement') return true;
  if (parent.type === 'UnaryExpression') return parent.operator === 'typeof';
  if (parent.type !== 'CallExpression' || parent.callee.type !== 'MemberExpression' || parent.callee.computed) return false;
  return HARMLESS_READERS.has(`${parent.callee.object.name}.${parent.callee.property.name}`);
}

/** What `code` (the body of an async function) reads of the execution. */
function findDataNeeds(code) {
  const needs = new Needs();
  if (MAY_NEED_DATA.test(code)) new Reader(needs).read(code);
  return needs;
}

/** The parameters of the request for the data, as n8n understands them. */
function requestParameters(needs, chunk) {
  return {
    dataOfNodes: needs.allNodes ? 'all' : [...needs.nodes],
    prevNode: needs.previousNode,
    env: needs.environment,
    input: chunk ? { include: needs.input, chunk } : { include: needs.input },
  };
}

/** The node types whose descriptions are needed to tell the parameters that the code reads. */
function typesToAskFor(needs, { workflow, connectionInputSource }) {
  const previous = connectionInputSource?.main?.[0]?.previousNode;
  const types = new Map();
  for (const node of workflow.nodes ?? []) {
    const isRead = needs.allParameters || needs.parametersOf.has(node.name) || (needs.parametersOf.has('') && node.name === previous);
    if (isRead) types.set(`${node.type} ${node.typeVersion}`, { name: node.type, version: node.typeVersion });
  }
  return [...types.values()];
}

module.exports = { PARSER_OPTIONS, findDataNeeds, requestParameters, typesToAskFor };
