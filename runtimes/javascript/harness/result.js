'use strict';

// The JSON of what a task returned. It is made once, within the task's limits: reading the value may run user code
// (getters, `toJSON`, proxies), which may throw, loop, or give something else each time.

const {
  BigIntPrototypeToString,
  JSONStringify,
  ObjectDefineProperty,
  StringPrototypeIncludes,
  StringPrototypeIndexOf,
  StringPrototypeLastIndexOf,
  StringPrototypeSlice,
  StringPrototypeStartsWith,
  isNativeError,
} = require('./captured');
const { describe } = require('./report');
const { RUNTIME_ERROR } = require('./verdicts');

const CIRCULAR = 'Converting circular structure to JSON';

/** What V8 puts before the property at which the circle closes. */
const CLOSING = '--- ';

/** JSON has no numbers of this kind; as text they lose nothing. A `toJSON` of the user's own is respected. */
function makeBigIntsText() {
  try {
    if (BigInt.prototype.toJSON === undefined) {
      ObjectDefineProperty(BigInt.prototype, 'toJSON', {
        __proto__: null,
        configurable: true,
        value: function toJSON() {
          return BigIntPrototypeToString(this);
        },
      });
    }
  } catch {
    // The user froze the prototype or replaced `BigInt`; then JSON.stringify says what it cannot do.
  }
}

/** "property 'self' closes the circle", from V8's drawing of the circle. */
function circleOf(message) {
  const start = StringPrototypeLastIndexOf(message, CLOSING);
  if (start < 0) {
    return 'circular structure';
  }
  const rest = StringPrototypeSlice(message, start + CLOSING.length);
  const end = StringPrototypeIndexOf(rest, '\n');
  return end < 0 ? rest : StringPrototypeSlice(rest, 0, end);
}

/** The report of a value that has no JSON. */
function failureReport(error, file) {
  const report = describe(error, file);
  if (isNativeError(error) && StringPrototypeStartsWith(report.message, CIRCULAR)) {
    const message = `The returned value refers to itself (${circleOf(report.message)})`;
    return { __proto__: null, code: RUNTIME_ERROR, message, name: 'TypeError' };
  }
  if (StringPrototypeIncludes(report.message, 'call stack size exceeded') && report.line === undefined) {
    const message = 'The returned value is nested too deeply to become JSON';
    return { __proto__: null, code: RUNTIME_ERROR, message, name: 'RangeError' };
  }
  report.message = `The returned value cannot become JSON: ${report.message}`;
  return report;
}

/** `{ json }` with the text, undefined for no result; or `{ failure }` with a report. */
function serialise(value, file) {
  if (value === undefined) {
    return { __proto__: null, json: undefined };
  }
  makeBigIntsText();
  try {
    return { __proto__: null, json: JSONStringify(value) };
  } catch (error) {
    return { __proto__: null, failure: failureReport(error, file) };
  }
}

module.exports = { serialise };

//# sourceURL=node:stockade/result
