'use strict';

// Describes what was thrown, for the ERROR frame. What was thrown may be anything, and reading it may run user code:
// getters, proxies, an Error.prepareStackTrace. That happens within the task's limits; whatever it throws is survived.

const {
  ErrorConstructor,
  ObjectDefineProperty,
  StringPrototypeSlice,
  inspect,
  isNativeError,
} = require('./captured');
const { userStack } = require('./stacks');
const { RUNTIME_ERROR, verdictOf } = require('./verdicts');

/** A report is for reading; longer texts are cut. In UTF-16 code units. */
const MAXIMUM_TEXT = 64 * 1024;

/** How far a chain of causes is followed. */
const MAXIMUM_CAUSES = 5;

const INSPECTION = { __proto__: null, customInspect: false, getters: false, depth: 2, breakLength: Infinity };

function cut(text) {
  return text.length > MAXIMUM_TEXT ? `${StringPrototypeSlice(text, 0, MAXIMUM_TEXT)}…` : text;
}

/** A property's value; undefined when reading it throws. */
function read(object, name) {
  try {
    return object[name];
  } catch {
    return undefined;
  }
}

function textOf(value) {
  return typeof value === 'string' ? value : undefined;
}

/** An error's name; a class that did not set one is known by its own name. */
function nameOf(error) {
  const name = textOf(read(error, 'name'));
  if (name !== undefined && name !== 'Error' && name !== '') {
    return name;
  }
  const constructorOfError = read(error, 'constructor');
  const ofClass = typeof constructorOfError === 'function' ? textOf(read(constructorOfError, 'name')) : undefined;
  return ofClass || name || 'Error';
}

/** Lets V8 format stacks that have not been looked at yet itself, not the user's function. */
function takeBackStackFormat() {
  try {
    ObjectDefineProperty(ErrorConstructor, 'prepareStackTrace', {
      __proto__: null,
      configurable: true,
      value: undefined,
    });
  } catch {
    // The user froze `Error`; the text is then what their function makes of it.
  }
}

function stackOf(error, file) {
  const stack = read(error, 'stack');
  return typeof stack === 'string' ? userStack(cut(stack), file) : null;
}

/** "Error: message" for an error without a stack. */
function headline(name, message) {
  return message === '' ? name : `${name}: ${message}`;
}

/** The stack with those of its causes below it, as Node.js prints them; the place is that of the outermost one. */
function stackWithCauses(error, file) {
  const own = stackOf(error, file);
  if (own === null) {
    return null;
  }
  let { text, place } = own;
  let current = read(error, 'cause');
  for (let depth = 0; depth < MAXIMUM_CAUSES && isNativeError(current); depth += 1) {
    const stack = stackOf(current, file);
    if (stack === null) {
      text += `\n  [cause]: ${headline(nameOf(current), textOf(read(current, 'message')) ?? '')}`;
    } else {
      text += `\n  [cause]: ${stack.text}`;
      place ??= stack.place;
    }
    current = read(current, 'cause');
  }
  return { __proto__: null, text: cut(text), place };
}

/** The outcome that the error or one of its causes stands for. */
function verdictWithCauses(error) {
  let current = error;
  for (let depth = 0; depth <= MAXIMUM_CAUSES && isNativeError(current); depth += 1) {
    const verdict = verdictOf({
      code: read(current, 'code'),
      message: read(current, 'message'),
      syscall: read(current, 'syscall'),
    });
    if (verdict !== RUNTIME_ERROR) {
      return verdict;
    }
    current = read(current, 'cause');
  }
  return RUNTIME_ERROR;
}

function reportOfError(error, file) {
  const name = cut(nameOf(error));
  const message = cut(textOf(read(error, 'message')) ?? '');
  const report = { __proto__: null, code: verdictWithCauses(error), message: message || name, name };
  const stack = stackWithCauses(error, file);
  if (stack !== null) {
    if (stack.place !== null) {
      report.line = stack.place.line;
      report.column = stack.place.column;
    }
    report.stack = stack.text;
  }
  return report;
}

/** `throw "text"`, `throw { message }`, `Promise.reject()`: there is no stack and no line. */
function reportOfValue(value) {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  const given = isObject ? textOf(read(value, 'message')) : undefined;
  const message = given ?? (typeof value === 'string' ? value : inspect(value, INSPECTION));
  const report = { __proto__: null, code: RUNTIME_ERROR, message: cut(message) };
  const name = isObject ? textOf(read(value, 'name')) : undefined;
  if (name !== undefined) {
    report.name = cut(name);
  }
  return report;
}

/** Errors of libraries that are not made by V8 have a stack all the same. */
function isLikeError(value) {
  return isNativeError(value) || (typeof value === 'object' && value !== null && typeof read(value, 'stack') === 'string');
}

/** The report of what was thrown by the code in `file`. */
function describe(thrown, file) {
  takeBackStackFormat();
  try {
    return isLikeError(thrown) ? reportOfError(thrown, file) : reportOfValue(thrown);
  } catch {
    return { __proto__: null, code: RUNTIME_ERROR, message: 'The code threw a value that cannot be described' };
  }
}

module.exports = { describe };

//# sourceURL=node:stockade/report
