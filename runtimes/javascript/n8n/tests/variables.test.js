'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { errorOf, play, resultOf } = require('./support/play');
const { taskData } = require('./support/workflow');

const EACH = { nodeMode: 'runOnceForEachItem', chunk: { startIndex: 0, count: 2 } };
const TWO = { items: [{ json: { id: 0 } }, { json: { id: 1 }, binary: { f: { data: 'aGk=', fileName: 'a' } } }] };

describe('variables', () => {
  test('of the execution', async () => {
    const code = 'return [$runIndex, $thisRunIndex, $itemIndex, $thisItemIndex, $position, $mode, $executionId, $nodeId, $nodeVersion, $workflow.name]';
    assert.deepEqual(await resultOf(code), [0, 0, 0, 0, 0, 'manual', '77', 'id-code', 2, 'My WF']);
  });

  test('that are there without a value', async () => {
    assert.deepEqual(await resultOf('return [typeof $secrets, typeof $tool, typeof $agentInfo, typeof $webhookId, typeof $self]'), [
      'undefined',
      'undefined',
      'undefined',
      'undefined',
      'object',
    ]);
  });

  test('of an execution that is not tried out by hand', async () => {
    const code = 'return [$execution.mode, $resumeWebhookUrl]';
    assert.deepEqual(await resultOf(code, { changes: { mode: 'trigger' } }), ['production', 'http://localhost:5678/webhook-waiting/77?signature=tok123']);
  });

  test('can be taken as names by the code', async () => {
    assert.deepEqual(await resultOf('const $json = 1, items = 2; let $input = 3; return [$json, items, $input]'), [1, 2, 3]);
  });

  test('can be assigned to', async () => {
    assert.deepEqual(await resultOf('$json = 1; items = 2; DateTime = 3; setTimeout = 4; return [$json, items, DateTime, setTimeout]'), [1, 2, 3, 4]);
  });

  test('are those of the language where n8n has none', async () => {
    const code = 'return [items instanceof Array, $json instanceof Object, $input.all() === items, $now instanceof DateTime, require("luxon").DateTime === DateTime]';
    assert.deepEqual(await resultOf(code), [true, true, true, true, true]);
  });

  test('additional properties become variables', async () => {
    const settings = { additionalProperties: { query: { a: [1] } } };
    assert.deepEqual(await resultOf('return [query.a instanceof Array, query]', { settings }), [true, { a: [1] }]);
  });
});

describe('data that comes with the task', () => {
  test('is used without asking n8n', async () => {
    const inputs = Buffer.from(JSON.stringify(taskData({ items: [{ json: { a: 'ä' } }] })));
    const { trace } = await play('return [$json, $("Src").first().json, items instanceof Array]', { inputs });
    assert.deepEqual(trace, [{ type: 'runner:taskdone', data: { result: [{ a: 'ä' }, { a: 'ä' }, true] } }]);
  });

  test('may be empty', async () => {
    assert.equal((await play('return 1', { inputs: Buffer.alloc(0) })).trace.length, 2);
  });
});

describe('dates', () => {
  test('are in the time zone of the workflow everywhere', async () => {
    const code = 'await null; return [DateTime.now().zoneName, $now.zoneName, $today.zoneName, DateTime.fromISO("2026-01-01T00:00").toISO()]';
    const changes = { settings: { timezone: 'Asia/Kolkata' } };
    assert.deepEqual(await resultOf(code, { changes }), ['Asia/Kolkata', 'Asia/Kolkata', 'Asia/Kolkata', '2026-01-01T00:00:00.000+05:30']);
  });

  test('are in that of the rules when the workflow has none', async () => {
    const rules = { timezone: 'America/New_York' };
    assert.equal(await resultOf('return $now.zoneName', { rules }), 'America/New_York');
    assert.equal(await resultOf('return $now.zoneName', { rules, changes: { settings: { timezone: 'DEFAULT' } } }), 'America/New_York');
  });

  test('stand still for the task', async () => {
    assert.equal(await resultOf('const a = +$now; await new Promise((r) => setTimeout(r, 5)); return +$now - a'), 0);
  });
});

describe('for each item', () => {
  test('the variables are those of the item', async () => {
    const code = 'return { all: [item.json.id, $json.id, $data.id, $itemIndex, $input.item.json.id, $thisItem.json.id, $binary] }';
    assert.deepEqual(
      (await resultOf(code, { settings: EACH, changes: TWO })).map(({ json }) => json.all),
      [
        [0, 0, 0, 0, 0, 0, {}],
        [1, 1, 1, 1, 1, 1, { f: { fileName: 'a' } }],
      ],
    );
  });

  test('globals stay, but what was assigned to a variable does not', async () => {
    const code = 'globalThis.seen ??= []; seen.push($json.id); $json = 5; return { seen: [...seen], now: $json }';
    assert.deepEqual(
      (await resultOf(code, { settings: EACH, changes: TWO })).map(({ json }) => json),
      [
        { seen: [0], now: 5 },
        { seen: [0, 1], now: 5 },
      ],
    );
  });

  test('one item is finished before the next one starts', async () => {
    const code = 'globalThis.busy ??= 0; busy++; await new Promise((r) => setTimeout(r, 2)); const most = busy; busy--; return { most }';
    assert.deepEqual((await resultOf(code, { settings: EACH })).map(({ json }) => json.most), [1, 1]);
  });

  test('a failing item does not stop the others when the node goes on', async () => {
    const code = 'if ($itemIndex === 0) throw new Error("bad");\nconst a = {}; a.a = a; return $itemIndex === 1 ? a : { ok: 1 }';
    const settings = { ...EACH, chunk: { startIndex: 0, count: 3 }, continueOnFail: true };
    assert.deepEqual(await resultOf(code, { settings }), [
      { json: { error: 'bad [line 1]' }, pairedItem: { item: 0 } },
      { json: { error: 'The returned value refers to itself (json.a), so it cannot be written as JSON' }, pairedItem: { item: 1 } },
      { json: { ok: 1 }, pairedItem: { item: 2 } },
    ]);
  });
});

describe('results', () => {
  const all = [
    ['null', 'return null', []],
    ['a number', 'return 5', 5],
    ['a BigInt', 'return [{ json: { a: 10n } }]', [{ json: { a: '10' } }]],
  ];
  for (const [name, code, expected] of all) test(name, async () => assert.deepEqual(await resultOf(code), expected));

  test('that refer to themselves are named', async () => {
    const error = await errorOf('const a = { list: [{ "b c": {} }] }; a.list[0]["b c"].up = a.list; return a');
    assert.equal(error.message, 'The returned value refers to itself (list[0]["b c"].up), so it cannot be written as JSON');
  });

  test('that fail while they are written tell where', async () => {
    const { message, lineNumber } = await errorOf('return {\n  toJSON() {\n    throw new Error("no") } }');
    assert.deepEqual([message, lineNumber], ['no [line 3]', 3]);
  });
});

describe('what is kept with the execution', () => {
  const answer = async (code, changes) => (await play(code, { changes })).trace.at(-1).data;

  test('custom data is cut, and at most ten keys', async () => {
    const code = 'for (let i = 0; i < 12; i++) $execution.customData.set("k" + i, i); $execution.customData.set("k0", "x".repeat(600)); return 1';
    const { customData } = await answer(code);
    assert.equal(Object.keys(customData).length, 10);
    assert.equal(customData.k0.length, 512);
    assert.equal(customData.k9, '9');
  });

  test('custom data of earlier nodes is kept', async () => {
    assert.deepEqual((await answer('return $execution.customData.getAll()', { metadata: { a: '1' } })), { result: { a: '1' }, customData: { a: '1' } });
  });

  test('static data that only looks touched is not sent back', async () => {
    assert.deepEqual(await answer('const s = $getWorkflowStaticData("node"); s.a = 1; delete s.a; $getWorkflowStaticData("global"); return 1'), { result: 1 });
  });

  test('static data that refers to itself is named', async () => {
    const { message } = await errorOf('const s = $getWorkflowStaticData("global"); s.s = s; return 1');
    assert.match(message, /^The static data of the workflow refers to itself/);
  });

  test('static data has two kinds', async () => {
    assert.equal((await errorOf('$getWorkflowStaticData("x")')).message, 'Unknown context type. Only `global` and `node` are supported.');
  });
});

describe('$jmespath', () => {
  test('refuses ways from data to code', async () => {
    for (const query of ['constructor', 'a.__proto__', 'x.prototype.y', '"a\\\\b"']) {
      const { message } = await errorOf(`return $jmespath({}, ${JSON.stringify(query)})`);
      assert.equal(message, 'Cannot access this property in a jmespath query due to security concerns');
    }
  });
});
