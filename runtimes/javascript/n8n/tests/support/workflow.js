'use strict';

// A small workflow, as n8n would send it: Trigger -> Src -> Code, and a node that never ran. The conformance cases
// change parts of it.

function node(id, name, type, typeVersion, parameters = {}) {
  return { id, name, type, typeVersion, position: [0, 0], parameters };
}

function run(executionIndex, source, items) {
  return { startTime: 1, executionTime: 1, executionIndex, executionStatus: 'success', source, data: { main: [items] } };
}

function linkTo(name) {
  return { main: [[{ node: name, type: 'main', index: 0 }]] };
}

/** All the data of a task, with `changes` made to it. */
function taskData(changes = {}) {
  const items = changes.items ?? [{ json: { n: 1, s: 'a' }, pairedItem: { item: 0 } }];
  const nodes = changes.nodes ?? [
    node('id-trig', 'Trigger', 'n8n-nodes-base.manualTrigger', 1),
    node('id-src', 'Src', 'n8n-nodes-base.set', 3.4, { mode: 'manual', opt: 'x' }),
    node('id-code', 'Code', 'n8n-nodes-base.code', 2, { jsCode: '...' }),
    node('id-un', 'Unrun', 'n8n-nodes-base.set', 3.4),
  ];
  const runData = changes.runData ?? {
    Trigger: [run(0, [], [{ json: { t: 1 }, pairedItem: { item: 0 } }])],
    Src: [run(1, [{ previousNode: 'Trigger' }], changes.otherItems ?? items)],
  };
  const address = 'http://localhost:5678';
  return {
    workflow: {
      id: 'wf1',
      name: 'My WF',
      active: false,
      connections: changes.connections ?? { Trigger: linkTo('Src'), Src: linkTo('Code') },
      nodes,
      pinData: {},
      settings: changes.settings ?? { executionOrder: 'v1' },
      staticData: changes.staticData ?? {},
    },
    inputData: { main: [items] },
    connectionInputSource: changes.connectionInputSource ?? { main: [{ previousNode: 'Src' }] },
    itemIndex: 0,
    activeNodeName: 'Code',
    contextNodeName: 'Code',
    defaultReturnRunIndex: -1,
    mode: changes.mode ?? 'manual',
    envProviderState: changes.envProviderState ?? { isProcessAvailable: true, isEnvAccessBlocked: true, env: {} },
    node: nodes.find(({ name }) => name === 'Code'),
    runExecutionData: {
      version: 1,
      startData: {},
      resultData: { runData, pinData: changes.pinData ?? {}, metadata: changes.metadata },
      executionData: { contextData: changes.contextData ?? {}, nodeExecutionStack: [], metadata: {} },
      resumeToken: 'tok123',
    },
    runIndex: 0,
    selfData: {},
    siblingParameters: {},
    additionalData: {
      formWaitingBaseUrl: `${address}/form-waiting`,
      instanceBaseUrl: `${address}/`,
      restApiUrl: `${address}/rest`,
      variables: changes.variables ?? { v1: 'one' },
      webhookBaseUrl: `${address}/webhook`,
      webhookTestBaseUrl: `${address}/webhook-test`,
      webhookWaitingBaseUrl: `${address}/webhook-waiting`,
      currentNodeParameters: {},
      executionId: '77',
      userId: 'u1',
    },
  };
}

/** Of `data` only what was asked for, as n8n cuts it. */
function narrow(data, { dataOfNodes, prevNode, env, input }) {
  const { runExecutionData: execution } = data;
  const wanted = new Set(dataOfNodes === 'all' ? [] : dataOfNodes);
  if (prevNode) wanted.add(data.connectionInputSource?.main?.[0]?.previousNode);
  const pick = (byName) => {
    if (dataOfNodes === 'all' || !byName) return byName;
    return Object.fromEntries(Object.entries(byName).filter(([name]) => wanted.has(name)));
  };
  const { startIndex, count } = input.chunk ?? { startIndex: 0, count: Infinity };
  const { runData, pinData } = execution.resultData;
  return {
    ...data,
    inputData: input.include ? { main: [data.inputData.main[0].slice(startIndex, startIndex + count)] } : {},
    envProviderState: env ? data.envProviderState : { ...data.envProviderState, env: {} },
    runExecutionData: {
      ...execution,
      resultData: { ...execution.resultData, runData: pick(runData), pinData: pick(pinData) },
    },
  };
}

/** The descriptions of node types: known to n8n, with the properties given for them. */
function describeTypes(types, properties = {}) {
  return types.map(({ name, version }) => ({ displayName: name, name, version, properties: properties[name] ?? [] }));
}

module.exports = { describeTypes, narrow, node, run, linkTo, taskData };
