'use strict';

// Two traces are the same when they differ only in what is different every time: ids, stacks, times, the order of
// keys. The same rules as those of the tool that plays n8n against a whole runner.

function stripped({ taskId, requestId, callId, ...message }) {
  if (!message.error) return message;
  const { stack, timestamp, ...error } = message.error;
  if (typeof error.message === 'string') error.message = error.message.split('\nRequire stack')[0];
  return { ...message, error };
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

function normalised(trace) {
  return trace.map((message) => sorted(stripped(message)));
}

module.exports = { normalised };
