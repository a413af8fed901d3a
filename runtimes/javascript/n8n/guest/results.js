'use strict';

// What user code returned, in the form that n8n takes.

const { ResultError } = require('./errors');

const { stringify } = JSON;

/** The item that one run of the code in each-item mode gives, or undefined when it gives none. */
function itemOf(returned, index) {
  if (!returned) return undefined;
  const isItem = typeof returned === 'object' && (returned.json !== undefined || returned.binary !== undefined);
  const item = { json: isItem ? (returned.json === undefined ? {} : returned.json) : returned, pairedItem: { item: index } };
  if (isItem && returned.binary) item.binary = returned.binary;
  return item;
}

/** The item that stands for a failure when the node goes on after failures. */
function failureItem(message, index) {
  return index === undefined ? { json: { error: message } } : { json: { error: message }, pairedItem: { item: index } };
}

/** The path of the first reference in `value` to an object that holds it, such as `[0].json.parent`. */
function pathOfCircle(value) {
  const holders = new Set();
  // The ways of JSON.stringify are followed only as far as they matter here: own keys, and no functions.
  const search = (inner, path) => {
    if (typeof inner !== 'object' || inner === null) return null;
    if (holders.has(inner)) return path;
    holders.add(inner);
    for (const key of Object.keys(inner)) {
      const step = Array.isArray(inner) ? `[${key}]` : /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${stringify(key)}]`;
      const found = search(inner[key], path + step);
      if (found !== null) return found;
    }
    holders.delete(inner);
    return null;
  };
  return search(value, '');
}

/** `value` as JSON text; undefined for what JSON leaves out. `what` it is, for the message. */
function jsonOf(value, what = 'The returned value') {
  try {
    return stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError) || !/circular/i.test(error.message)) throw error;
    const path = pathOfCircle(value);
    throw new ResultError(`${what} refers to itself${path ? ` (${path.replace(/^\./, '')})` : ''}, so it cannot be written as JSON`);
  }
}

/** JSON has no word for a BigInt; n8n's users know it as a text. */
function letBigIntsBeTexts(prototype) {
  const value = function toJSON() {
    return String(this);
  };
  Object.defineProperty(prototype, 'toJSON', { value, writable: true, configurable: true });
}

module.exports = { letBigIntsBeTexts, itemOf, failureItem, jsonOf };
