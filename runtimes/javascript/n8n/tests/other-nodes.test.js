'use strict';

// $("X"), $node, $items and the walk along paired items.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { errorOf, resultOf } = require('./support/play');
const { linkTo, node, run } = require('./support/workflow');

const item = (id, pairedItem) => ({ json: { id }, pairedItem });

/**
 * Start -> Split -> Code, and Split has a second output that goes to Side -> Code. `splitItems` are what came out of
 * Split and into Code.
 */
function workflow(splitItems, changes = {}) {
  const starts = [item('s0', 0), item('s1', 1)];
  return {
    nodes: [
      node('1', 'Start', 'n8n-nodes-base.manualTrigger', 1),
      node('2', 'Split', 'n8n-nodes-base.set', 3),
      node('3', 'Side', 'n8n-nodes-base.code', 2),
      node('4', 'Code', 'n8n-nodes-base.code', 2),
      node('5', 'Apart', 'n8n-nodes-base.set', 3),
    ],
    connections: {
      Start: linkTo('Split'),
      Split: { main: [[], [{ node: 'Code', type: 'main', index: 0 }], [{ node: 'Side', type: 'main', index: 0 }]] },
      Side: linkTo('Code'),
    },
    items: splitItems.map(({ json }, index) => ({ json, pairedItem: { item: index } })),
    connectionInputSource: { main: [{ previousNode: 'Split', previousNodeOutput: 1 }] },
    runData: {
      Start: [run(0, [], starts)],
      Split: [{ ...run(1, [{ previousNode: 'Start' }], []), data: { main: [[item('zero')], splitItems, [item('two')]] } }],
      Apart: [run(2, [], [item('a0')])],
    },
    ...changes,
  };
}

const STRAIGHT = workflow([item('x0', { item: 1 }), item('x1', { item: 0 })]);

describe('$("X")', () => {
  test('takes the output that leads to the active node', async () => {
    assert.deepEqual(await resultOf('return $("Split").all().map((i) => i.json.id)', { changes: STRAIGHT }), ['x0', 'x1']);
  });

  test('takes the output that is asked for', async () => {
    assert.deepEqual(await resultOf('return [$("Split").first(0).json.id, $("Split").last(2).json.id]', { changes: STRAIGHT }), ['zero', 'two']);
  });

  test('takes the last run, or the one that is asked for', async () => {
    const changes = workflow([], { runData: { Start: [run(0, [], [item(1)]), run(1, [], [item(2)])] } });
    assert.deepEqual(await resultOf('return [$("Start").first().json.id, $("Start").first(0, 0).json.id]', { changes }), [2, 1]);
  });

  test('gives undefined for the first of no items', async () => {
    const changes = workflow([], { runData: { Start: [run(0, [], [])] } });
    assert.deepEqual(await resultOf('return [typeof $("Start").first(), typeof $("Start").last()]', { changes }), ['undefined', 'undefined']);
  });

  test('is the previous node without a name', async () => {
    assert.equal(await resultOf('return $().first().json.id', { changes: STRAIGHT }), 'x0');
  });

  test('gives the context of a loop', async () => {
    const changes = workflow([], { contextData: { 'node:Split': { noItemsLeft: true } } });
    assert.deepEqual(await resultOf('return $("Split").context', { changes }), { noItemsLeft: true });
  });

  test('uses pinned data while the workflow is tried out by hand', async () => {
    const changes = workflow([], { runData: {}, pinData: { Start: [item('pinned')] } });
    assert.equal(await resultOf('return $("Start").first().json.id', { changes }), 'pinned');
    const error = await errorOf('return $("Start").first().json.id', { changes: { ...changes, mode: 'trigger' } });
    assert.equal(error.message, "Node 'Start' hasn't been executed");
  });

  test('gives bare JSON when the workflow combines binary data', async () => {
    const changes = { settings: { binaryMode: 'combined' } };
    const code = 'return [$("Src").first(), $("Src").all(), $("Src").item, $input.first(), $input.item, $input.all(), items]';
    const json = { n: 1, s: 'a' };
    assert.deepEqual(await resultOf(code, { changes }), [json, [json], json, json, json, [json], [{ json, pairedItem: { item: 0 } }]]);
  });
});

describe('parameters', () => {
  const types = {
    'n8n-nodes-base.set': [
      { name: 'mode', default: 'manual' },
      { name: 'opt', default: '', displayOptions: { show: { mode: ['manual'] } } },
      { name: 'raw', default: '{}', displayOptions: { show: { mode: ['raw'] } } },
      { name: 'late', default: 'yes', displayOptions: { show: { early: [true] }, hide: { mode: ['raw'] } } },
      { name: 'early', default: true },
      { name: 'old', default: 1, displayOptions: { show: { '@version': [1, 2] } } },
      { name: 'new', default: 2, displayOptions: { show: { '@version': [{ _cnd: { gte: 3.2 } }] } } },
    ],
  };
  const expected = { mode: 'manual', opt: 'x', late: 'yes', early: true, new: 2 };

  test('of a node have the defaults of its type', async () => {
    assert.deepEqual(await resultOf('return $("Src").params', { properties: types }), expected);
    assert.deepEqual(await resultOf('return $node["Src"].parameter', { properties: types }), expected);
  });

  test('of the previous node have them too', async () => {
    assert.deepEqual(await resultOf('return $input.params', { properties: types }), expected);
  });

  test('of the Code node itself are as they are stored', async () => {
    assert.deepEqual(await resultOf('return [$parameter.jsCode, $rawParameter.jsCode]'), ['...', '...']);
  });
});

describe('paired items', () => {
  test('lead back from the item at hand', async () => {
    const code = 'return [$("Start").item.json.id, $("Start").itemMatching(1).json.id, $("Start").pairedItem(1).json.id]';
    assert.deepEqual(await resultOf(code, { changes: STRAIGHT }), ['s1', 's0', 's0']);
  });

  test('lead back from each item in turn', async () => {
    const result = await resultOf('return { id: $("Start").item.json.id }', {
      changes: STRAIGHT,
      settings: { nodeMode: 'runOnceForEachItem', chunk: { startIndex: 0, count: 2 } },
    });
    assert.deepEqual(result.map(({ json }) => json.id), ['s1', 's0']);
  });

  test('may be an index, a link or links', async () => {
    const changes = workflow([item('x0', 1), item('x1', [{ item: 1 }, { item: 1, input: 0 }])]);
    assert.deepEqual(await resultOf('return [0, 1].map((i) => $("Start").itemMatching(i).json.id)', { changes }), ['s1', 's1']);
  });

  test('follow a source of their own', async () => {
    const changes = workflow([item('x0', { item: 0, sourceOverwrite: { previousNode: 'Apart' } })]);
    assert.equal(await resultOf('return $("Apart").item.json.id', { changes }), 'a0');
  });

  test('end where runs are their own source', async () => {
    const changes = workflow([item('x0', { item: 0 })]);
    changes.runData.Split[0].source = [{ previousNode: 'Split', previousNodeOutput: 1 }];
    const error = await errorOf('return $("Start").item', { changes });
    assert.equal(error.context.type, 'paired_item_no_info');
  });

  test('are walked for ten thousand runs', async () => {
    const changes = workflow([item('x0', 0)]);
    const loops = Array.from({ length: 10000 }, (_, i) => run(i, [{ previousNode: i ? 'Side' : 'Start', previousNodeRun: i && i - 1 }], [item(i, 0)]));
    changes.runData.Side = loops;
    changes.runData.Split[0].source = [{ previousNode: 'Side', previousNodeRun: 9999 }];
    assert.equal(await resultOf('return $("Start").item.json.id', { changes }), 's0');
  });

  const failures = [
    ['several matches', [item('x0', [{ item: 0 }, { item: 1 }])], 'Start', { message: 'Multiple matches found', type: 'paired_item_multiple_matches' }],
    ['no way back', [item('x0', 0)], 'Apart', { message: 'Invalid expression', type: 'paired_item_no_connection' }],
    [
      'a node that supplied none',
      [item('x0')],
      'Start',
      { message: "Paired item data for item from node 'Split' is unavailable. Ensure 'Split' is providing the required output.", type: 'paired_item_no_info' },
    ],
    [
      'an item that does not exist',
      [item('x0', 7)],
      'Start',
      { message: "Paired item data for item from node 'Split' is unavailable. Ensure 'Split' is providing the required output.", type: 'paired_item_invalid_info' },
    ],
  ];
  for (const [name, items, target, { message, type }] of failures) {
    test(`tell of ${name}`, async () => {
      const error = await errorOf(`return $("${target}").item`, { changes: workflow(items) });
      assert.deepEqual([error.message, error.context.type], [message, type]);
    });
  }

  test('need an index in itemMatching', async () => {
    assert.equal((await errorOf('return $("Start").itemMatching()', { changes: STRAIGHT })).message, 'Missing item index for .itemMatching()');
  });

  test('tell of an index beyond the input', async () => {
    assert.equal((await errorOf('return $("Start").itemMatching(9)', { changes: STRAIGHT })).message, 'There is no input item with index 9');
  });

  test('are found by $getPairedItem', async () => {
    const code = 'return $getPairedItem("Start", { previousNode: "Split", previousNodeOutput: 1 }, { item: 0 }).json.id';
    assert.equal(await resultOf(code, { changes: STRAIGHT }), 's1');
  });
});

describe('the legacy forms', () => {
  test('$items gives the input, or the items of a node', async () => {
    const code = 'return [$items().length, $items("Split", 1)[0].json.id, $items("Split", 2)[0].json.id]';
    assert.deepEqual(await resultOf(code, { changes: STRAIGHT }), [2, 'x0', 'two']);
  });

  test('$item gives the variables of another item', async () => {
    const code = 'return [$item(1).$json.id, $item(1).$itemIndex, $item(1).$node.Split.json.id, $item(0).$json.id, $itemIndex]';
    assert.deepEqual(await resultOf(code, { changes: STRAIGHT }), ['x1', 1, 'x1', 'x0', 0]);
  });

  test('$node lists the nodes', async () => {
    assert.deepEqual(await resultOf('return [Object.keys($node), "Start" in $node, "Nope" in $node]', { changes: STRAIGHT }), [
      ['Start', 'Split', 'Side', 'Code', 'Apart'],
      true,
      false,
    ]);
  });
});
