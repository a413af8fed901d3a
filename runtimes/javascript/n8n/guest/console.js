'use strict';

// `console`: what is logged goes to n8n, which shows it in the browser of whoever runs the workflow by hand.
//
// n8n reads each argument as JSON and loses the whole line when one of them is null, so everything that JSON has no
// word for (undefined, functions, symbols, null itself) is sent as a text that reads like the value. An Error would be
// `{}` as JSON; its text is what a log is for.

const { readableError } = require('./failure');

const { stringify } = JSON;

/** `value` as JSON text, with references to an object that holds them replaced. */
function jsonText(value, globalObject) {
  const path = [];
  return stringify(value, function replace(_, inner) {
    if (typeof inner === 'bigint') return String(inner);
    if (typeof inner !== 'object' || inner === null) return inner;
    if (inner === globalObject) return '[[ExecutionContext]]';
    while (path.length > 0 && path[path.length - 1] !== this) path.pop();
    if (path.includes(inner)) return '[Circular Reference]';
    path.push(inner);
    return inner;
  });
}

function textOf(value, globalObject) {
  if (typeof value === 'string') return `'${value}'`;
  if (value === globalObject) return '[[ExecutionContext]]';
  if (value === null || value === undefined || typeof value === 'symbol') return stringify(String(value));
  if (typeof value === 'number' && !Number.isFinite(value)) return stringify(String(value));
  if (typeof value === 'function') return stringify(`[Function: ${value.name || '(anonymous)'}]`);
  if (value instanceof Error) return stringify(readableError(value));
  return jsonText(value, globalObject) ?? stringify(String(value));
}

function shownText(value, globalObject) {
  try {
    return textOf(value, globalObject);
  } catch (error) {
    return stringify(`[cannot be shown: ${error?.message}]`);
  }
}

function milliseconds(since) {
  return `${(Date.now() - since).toFixed(0)}ms`;
}

/** `console`, with `send` to send the JSON text of a list of arguments. */
function createConsole(send, globalObject) {
  const counts = new Map();
  const timers = new Map();
  const log = (...values) => send(stringify(values.map((value) => shownText(value, globalObject))));
  const nothing = () => {};
  const timeSoFar = (label, values) => {
    if (timers.has(label)) log(`${label}: ${milliseconds(timers.get(label))}`, ...values);
    else log(`Timer '${label}' does not exist`);
  };
  return {
    log,
    warn: log,
    error: log,
    info: log,
    debug: log,
    trace: (...values) => log('Trace:', ...values),
    dir: (value) => log(value),
    time: (label = 'default') => void timers.set(String(label), Date.now()),
    timeEnd: (label = 'default') => {
      timeSoFar(String(label), []);
      timers.delete(String(label));
    },
    timeLog: (label = 'default', ...values) => timeSoFar(String(label), values),
    assert: (condition, ...values) => {
      if (!condition) log('Assertion failed', ...values);
    },
    clear: nothing,
    count: (label = 'default') => {
      counts.set(String(label), (counts.get(String(label)) ?? 0) + 1);
      log(`${label}: ${counts.get(String(label))}`);
    },
    countReset: (label = 'default') => void counts.delete(String(label)),
    group: log,
    groupEnd: nothing,
    groupCollapsed: log,
    table: (value) => log(value),
    dirxml: log,
    profile: nothing,
    profileEnd: nothing,
    timeStamp: nothing,
  };
}

module.exports = { createConsole };
