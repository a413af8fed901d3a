'use strict';

// Plays one task through the mode, in this process, and writes down all that would have gone over the wire.

const mode = require('../../mode');
const { describeTypes, narrow, taskData } = require('./workflow');

const RULES = {
  builtin_allow: ['crypto'],
  external_allow: ['luxon', 'notinstalledpkg'],
  insecure: false,
  timezone: 'UTC',
  timeout_seconds: 5,
};

const SETTINGS = {
  nodeMode: 'runOnceForAllItems',
  workflowMode: 'manual',
  continueOnFail: false,
  additionalProperties: {},
};

function answerOf(answers, name, parameters) {
  switch (name) {
    case 'data':
      return narrow(answers.data, parameters);
    case 'nodetypes':
      return describeTypes(parameters, answers.properties);
    default:
      if (typeof answers.rpc === 'function') return answers.rpc(parameters);
      return answers.rpc ?? null;
  }
}

function messageOf(name, parameters) {
  switch (name) {
    case 'data':
      return { type: 'runner:taskdatarequest', requestParams: parameters };
    case 'nodetypes':
      return { type: 'runner:nodetypesrequest', requestParams: parameters };
    default:
      return { type: 'runner:rpc', name: parameters.name, params: parameters.params };
  }
}

/** The channel of a task: `trace` fills with messages, `failure` is the error as it leaves the worker. */
function record(answers) {
  const trace = [];
  const recorded = { trace, failure: undefined };
  recorded.channel = {
    log: (text) => trace.push({ type: 'runner:rpc', name: 'logNodeOutput', params: JSON.parse(text) }),
    request: async (name, text, read) => {
      const parameters = JSON.parse(text);
      trace.push(messageOf(name, parameters));
      try {
        return read(JSON.stringify(answerOf(answers, name, parameters)));
      } catch (error) {
        throw 'rejectWith' in error ? read(JSON.stringify(error.rejectWith)) : error;
      }
    },
    result: (text) => trace.push({ type: 'runner:taskdone', data: JSON.parse(text) }),
    error: (failure) => {
      recorded.failure = failure;
      trace.push({ type: 'runner:taskerror', error: JSON.parse(JSON.stringify(failure.details)) });
    },
  };
  return recorded;
}

/** Runs `code` in a realm of its own. `changes` are made to the workflow. */
async function play(code, { changes, settings, rules, rpc, properties, packages, inputs } = {}) {
  await mode.prepare({ packages });
  const recorded = record({ data: taskData(changes), rpc, properties });
  const task = { code, inputs, settings: { n8n: { ...SETTINGS, ...settings }, rules: { ...RULES, ...rules } } };
  await mode.run(task, recorded.channel);
  return recorded;
}

/** What `code` returned; throws what it failed with. */
async function resultOf(code, options) {
  const { trace } = await play(code, options);
  const last = trace.at(-1);
  if (last.type === 'runner:taskerror') throw Object.assign(new Error(last.error.message), { details: last.error });
  return last.data.result;
}

/** What n8n is told when `code` fails. */
async function errorOf(code, options) {
  const { trace } = await play(code, options);
  return trace.at(-1).error;
}

module.exports = { play, resultOf, errorOf };
