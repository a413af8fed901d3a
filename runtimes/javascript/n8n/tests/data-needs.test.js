'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { findDataNeeds, requestParameters, typesToAskFor } = require('../host/data-needs');

/** What `code` asks for, in few words. */
function asked(code) {
  const needs = findDataNeeds(code);
  const words = [...needs.nodes].map((name) => `node ${name}`);
  if (needs.allNodes) words.push('all nodes');
  if (needs.input) words.push('input');
  if (needs.previousNode) words.push('previous node');
  if (needs.environment) words.push('environment');
  if (needs.allParameters) words.push('all parameters');
  for (const name of needs.parametersOf) words.push(name === '' ? 'parameters of the previous node' : `parameters of ${name}`);
  return words.join(', ');
}

const EVERYTHING = 'all nodes, input, previous node, environment, all parameters';
const ANY_NODE = 'all nodes, input, all parameters';
const INPUT_ESCAPES = 'input, parameters of the previous node';

function expectAll(expectations) {
  for (const [code, expected] of expectations) {
    test(code, () => assert.equal(asked(code), expected));
  }
}

describe('the input', () => {
  expectAll([
    ['return []', ''],
    ['return items', 'input'],
    ['return item.json', 'input'],
    ['return typeof item', 'input'],
    ['return $json', 'input'],
    ['return $binary', 'input'],
    ['return $data', 'input'],
    ['return $thisItem', 'input'],
    ['return $input.all()', 'input'],
    ['return $input["first"]()', 'input'],
    ['return $input?.last()', 'input'],
    ['return $input.params', INPUT_ESCAPES],
    ['return f($input)', INPUT_ESCAPES],
    ['const { all, first } = $input; return all()', 'input'],
    ['const input = $input; return input.all()', 'input'],
    ['const input = $input; return input.params.x', INPUT_ESCAPES],
    ['for (item of $input.all()) {}', 'input'],
    ['return { items }', 'input'],
    ['items = []', 'input'],
    ['return `${$json.a}`', 'input'],
    ['return \\u0024json', 'input'],
  ]);
});

describe('what only looks like the input', () => {
  expectAll([
    ['// $input and items', ''],
    ['/* $json */ return 1', ''],
    ['return "$input items"', ''],
    ['return `$json`', ''],
    ['return /$input|items/.test("")', ''],
    ['return 4 / 2 // items / 1', ''],
    ['return a.items', ''],
    ['return { items: 1, $json: 2, item() {}, get $input() { return 1 } }', ''],
    ['class A { items = 1; item() {} }', ''],
    ['items: for (;;) break items', ''],
    ['return $vars.a + $workflow.id + $now + $itemIndex + $execution.id', ''],
  ]);
});

describe('shadowed names', () => {
  expectAll([
    ['const $input = 1; return $input', ''],
    ['let items = []; return items.length', ''],
    ['return rows.map((item) => item.id)', ''],
    ['return rows.map(function ({ item, other: [items] }) { return item + items })', ''],
    ['for (const item of rows) f(item)', ''],
    ['for (const item of rows) f(item); return item', 'input'],
    ['try { f() } catch (item) { return item }', ''],
    ['{ const item = 1 } return item', 'input'],
    ['if (a) { var items = 1 } return items', ''],
    ['function f() { var items = 1 } return items', 'input'],
    ['function items() {} return items()', ''],
    ['{ function items() {} } return items()', 'input'],
    ['return (function item() { return item })()', ''],
    ['class item {} return new item()', ''],
    ['const f = (a = items) => { var items = 1; return a }', 'input'],
    ['const { items = [] } = o; return items', ''],
    ['const { a = items } = o', 'input'],
    ['const { [items]: a } = o', 'input'],
    ['import_: { let $json = 1; f($json) }', ''],
    ['with (o) { return items }', 'input'],
    ['switch (a) { case 1: let item = 1; return item }', ''],
    ['class A { static { var items = 1; f(items) } }', ''],
  ]);
});

describe('other nodes', () => {
  expectAll([
    ['return $("A").first().json', 'node A'],
    ['return [$("A").all(), $("B").last(), $("A").isExecuted]', 'node A, node B'],
    ['return $("A")?.context', 'node A'],
    ['return $("A").params', 'node A, parameters of A'],
    ['return $(`A`).first()', 'node A'],
    ['return $("A")["first"]()', 'node A'],
    ['const name = "A"; return $(name).first()', 'node A'],
    ['let name = "A"; return $(name).first()', 'all nodes, input'],
    ['return $("A" + b).first()', 'all nodes, input'],
    ['const a = $("A"); return a.first().json + a.last().json', 'node A'],
    ['const a = $("A"); return a.item', 'node A, all nodes, input'],
    ['const a = $("A"); return f(a)', 'node A, all nodes, input, parameters of A'],
    ['const { first } = $("A"); return first()', 'node A'],
    ['const { first, ...rest } = $("A")', 'node A, all nodes, input, parameters of A'],
    ['return $("A").item.json', 'node A, all nodes, input'],
    ['return $("A").itemMatching(1)', 'node A, all nodes, input'],
    ['return $("A").pairedItem()', 'node A, all nodes, input'],
    ['return $("A").json', 'node A, all nodes, input'],
    ['return $("A")[key]', 'node A, all nodes, input, parameters of A'],
    ['return [$("A")]', 'node A, all nodes, input, parameters of A'],
    ['const get = $; return get("A").first()', ANY_NODE],
    ['return $().first()', 'previous node'],
    ['return $(5).first()', ''],
    ['$("A")', 'node A'],
    ['return names.map((name) => $(name).first())', 'all nodes, input'],
  ]);

  test('an alias that is given another node asks for all of them', () => {
    const needs = findDataNeeds('let a = $("A"); a = $("B"); return a.first()');
    assert.equal(needs.allNodes, true);
    assert.deepEqual([...needs.nodes].sort(), ['A', 'B']);
  });
});

describe('the legacy forms', () => {
  expectAll([
    ['return $node["A"].json', 'node A'],
    ['return $node.A.json', 'node A'],
    ['return $node["A"].data', 'node A, all nodes, input'],
    ['return $node["A"].parameter.x', 'node A, parameters of A'],
    ['return $node[name].json', ANY_NODE],
    ['const a = $node["A"]; return a.json', 'node A'],
    ['const { A } = $node; return A.json', 'node A, all nodes, input, parameters of A'],
    ['return Object.keys($node)', ANY_NODE],
    ['return $items()', 'input'],
    ['return $items("A", 0, 1)', 'node A'],
    ['return $items(name)', 'all nodes, input'],
    ['return rows.map($items)', 'all nodes, input'],
    ['return $item(0).$json', 'input'],
    ['return $item(0).$node["A"].json', 'all nodes, input, all parameters'],
    ['return $getPairedItem("A", s, 0)', 'all nodes, input'],
  ]);
});

describe('the rest of the execution', () => {
  expectAll([
    ['return $env.HOME', 'environment'],
    ['return $prevNode.name', 'previous node'],
    ['return $fromAI("a")', ''],
  ]);
});

describe('ways around the names', () => {
  expectAll([
    ['return globalThis.$json', 'input'],
    ['return global["items"]', 'input'],
    ['return this.$input.all()', 'input'],
    ['const self = this; return self.$input.all()', 'input'],
    ['const self = this; return self.helpers.request()', ''],
    ['const { $json } = this; return $json', 'input'],
    ['return rows.map(() => this.items)', 'input'],
    ['class A { f() { return this.items } }', ''],
    ['function f() { return this.$json } return f.call(this)', 'input'],
    ['f(this); function f(o) { return o.$json }', 'input'],
    ['return globalThis[key]', EVERYTHING],
    ['f(globalThis)', EVERYTHING],
    ['return typeof globalThis.process', ''],
    ['return this === globalThis', ''],
    ['return Object.getOwnPropertyNames(globalThis)', ''],
    ['const globalThis = 1; f(globalThis)', ''],
    ['return eval("1 + 1")', ''],
    ['return eval("$json")', 'input'],
    ['return eval(code)', EVERYTHING],
    ['const e = eval; return e("1")', EVERYTHING],
    ['return new Function("return $input.all()")()', 'input'],
    ['return Function("a", body)', EVERYTHING],
    ['return f instanceof Function', ''],
    ['return (async () => {}).constructor("return $json")()', 'input'],
    ['return new this.constructor(code)', ''],
    ['return $evaluateExpression("{{ 1 + 1 }}")', ''],
    ['return $evaluateExpression("a {{ $json.a }} {{ $("A").first() }}")'.replace('$("A")', "$('A')"), 'node A, input'],
    ['return $evaluateExpression(text)', EVERYTHING],
  ]);
});

describe('code that the parser has to cope with', () => {
  expectAll([
    ['await 1; return $json // the end', 'input'],
    ['"use strict"; return $json', 'input'],
    ['var a = 010; return $json', 'input'],
    ['return new.target ?? $json', EVERYTHING],
    ['for await (const a of b) f(a)', ''],
    ['this is not JavaScript', EVERYTHING],
  ]);
});

describe('the request', () => {
  test('has the parameters that n8n knows', () => {
    const needs = findDataNeeds('return [$("A").first(), $json, $env.B, $prevNode.name]');
    assert.deepEqual(requestParameters(needs), { dataOfNodes: ['A'], prevNode: true, env: true, input: { include: true } });
  });

  test('asks for the chunk of the task', () => {
    const chunk = { startIndex: 1000, count: 1000 };
    assert.deepEqual(requestParameters(findDataNeeds('return 1'), chunk).input, { include: false, chunk });
  });

  test('says "all" when the data of all nodes is needed', () => {
    assert.equal(requestParameters(findDataNeeds('return $("A").item')).dataOfNodes, 'all');
  });
});

describe('the node types to ask for', () => {
  const data = {
    workflow: {
      nodes: [
        { name: 'A', type: 'set', typeVersion: 3 },
        { name: 'B', type: 'http', typeVersion: 4 },
        { name: 'C', type: 'http', typeVersion: 4 },
      ],
    },
    connectionInputSource: { main: [{ previousNode: 'B' }] },
  };
  const types = (code) => typesToAskFor(findDataNeeds(code), data).map(({ name, version }) => `${name} ${version}`);

  test('none when no parameters are read', () => assert.deepEqual(types('return $("A").item'), []));
  test('that of the node', () => assert.deepEqual(types('return $("A").params'), ['set 3']));
  test('that of the previous node', () => assert.deepEqual(types('return $input.params'), ['http 4']));
  test('each one once', () => assert.deepEqual(types('return $node[name]'), ['set 3', 'http 4']));
});
