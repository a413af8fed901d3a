'use strict';

// Tasks that are played before there is a real one. Functions are compiled when they are first called, and a page of
// the zygote is copied when a worker first writes to it: a rehearsal moves both off the way of the task.

const v8 = require('node:v8');

const ITEMS = [0, 1].map((index) => ({ json: { id: index, text: 'a' }, pairedItem: { item: index } }));

function node(id, name, type) {
  return { id, name, type, typeVersion: 1, position: [0, 0], parameters: {} };
}

function ranOn(source) {
  return [{ startTime: 1, executionTime: 1, executionIndex: 0, executionStatus: 'success', source, data: { main: [ITEMS] } }];
}

// With the keys that n8n sends, in its order: V8 then knows the shapes of the objects before it parses a real task.
const DATA = JSON.stringify({
  workflow: {
    id: 'rehearsal',
    name: 'Rehearsal',
    active: false,
    connections: { Before: { main: [[{ node: 'Code', type: 'main', index: 0 }]] } },
    nodes: [node('a', 'Before', 'n8n-nodes-base.set'), node('b', 'Code', 'n8n-nodes-base.code')],
    pinData: {},
    settings: { executionOrder: 'v1' },
    staticData: {},
  },
  inputData: { main: [ITEMS] },
  connectionInputSource: { main: [{ previousNode: 'Before' }] },
  itemIndex: 0,
  activeNodeName: 'Code',
  contextNodeName: 'Code',
  defaultReturnRunIndex: -1,
  mode: 'manual',
  envProviderState: { isProcessAvailable: true, isEnvAccessBlocked: true, env: {} },
  node: node('b', 'Code', 'n8n-nodes-base.code'),
  runExecutionData: {
    version: 1,
    startData: {},
    resultData: { runData: { Before: ranOn([]) }, pinData: {} },
    executionData: { contextData: {}, nodeExecutionStack: [], metadata: {}, waitingExecution: {}, waitingExecutionSource: {} },
    resumeToken: 'token',
  },
  runIndex: 0,
  selfData: {},
  siblingParameters: {},
  additionalData: {
    formWaitingBaseUrl: '',
    instanceBaseUrl: '',
    restApiUrl: '',
    variables: {},
    webhookBaseUrl: '',
    webhookTestBaseUrl: '',
    webhookWaitingBaseUrl: '',
    currentNodeParameters: {},
    executionId: '1',
    userId: '1',
  },
});

// Different ways through the analysis and the variables, none of which leaves anything behind.
const FOR_ALL_ITEMS = `
const names = { a: 1, ...$json };
const more = $input.all().map((item) => ({ json: { ...item.json, total: item.json.id * 2 } }));
return more.concat([$("Before").item, $("Before").first(), { json: { now: $now.toISO(), today: $today, id: $execution.id } }])`;
const FOR_EACH_ITEM = 'return { json: { ...$json, index: $itemIndex } }';
const FAILING = 'throw new TypeError("rehearsal")';
/**
 * A task for a worker to play, on its whole way: its data comes with it, so that its code is not analysed; in a worker
 * that would cost more than it saves the task.
 */
const SHORT = {
  settings: { mode: 'n8n', n8n: { nodeMode: 'runOnceForAllItems', workflowMode: 'manual', continueOnFail: false } },
  code: 'return [{ json: {} }]',
  inputs: DATA,
};

const CHANNEL = {
  request: async (name, parameters, read) => read(DATA),
  log() {},
  result() {},
  error() {},
};

function play(session, rules, code, nodeMode, chunk) {
  const n8n = { nodeMode, chunk, workflowMode: 'manual', continueOnFail: false };
  return session.serve({ code, settings: { rules, n8n } }, CHANNEL);
}

/** Plays tasks of all kinds in the session that the real task will run in. */
async function rehearse(session, rules) {
  // Few rounds, each of which compiles at once what it calls. With more rounds V8 would compile by itself, but it
  // would also begin to optimise, finish that within the real task, and leave megabytes for every worker to inherit.
  v8.setFlagsFromString('--always-sparkplug');
  for (let round = 0; round < 3; round++) {
    await play(session, rules, FOR_ALL_ITEMS, 'runOnceForAllItems');
    await play(session, rules, FOR_EACH_ITEM, 'runOnceForEachItem', { startIndex: 0, count: 2 });
    await play(session, rules, FAILING, 'runOnceForAllItems');
  }
  v8.setFlagsFromString('--no-always-sparkplug');
}

module.exports = { SHORT, rehearse };
