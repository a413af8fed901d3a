'use strict';

// Stacks as the user knows them: the frames of the task's file and of packages, without those of Node.js and of the
// harness. The harness names its files `node:stockade/…` (see the last line of each), so one rule covers both.

const {
  StringPrototypeIncludes,
  StringPrototypeLastIndexOf,
  StringPrototypeSplit,
  StringPrototypeStartsWith,
} = require('./captured');

const FRAME = '    at ';
const INTERNAL_LOCATIONS = ['(node:', ' node:', '/stockade/'];

function isFrame(line) {
  return StringPrototypeStartsWith(line, FRAME);
}

function isInternal(line) {
  for (let index = 0; index < INTERNAL_LOCATIONS.length; index += 1) {
    if (StringPrototypeIncludes(line, INTERNAL_LOCATIONS[index])) {
      return true;
    }
  }
  return false;
}

/** The whole number that begins at `start`, and the index after it; null if there is none. */
function numberAt(text, start) {
  let end = start;
  let value = 0;
  for (; end < text.length && text[end] >= '0' && text[end] <= '9'; end += 1) {
    value = value * 10 + (text[end] - '0');
  }
  return end === start ? null : { __proto__: null, value, end };
}

/** Line and column that a frame in `file` names, or null. */
function placeIn(line, file) {
  const start = StringPrototypeLastIndexOf(line, `${file}:`);
  // The name has to be a whole one: "b.js" is not in "lab.js:1:1".
  if (start < FRAME.length || (line[start - 1] !== '(' && line[start - 1] !== ' ')) {
    return null;
  }
  const lineNumber = numberAt(line, start + file.length + 1);
  if (lineNumber === null || line[lineNumber.end] !== ':') {
    return null;
  }
  const column = numberAt(line, lineNumber.end + 1);
  return column === null ? null : { __proto__: null, line: lineNumber.value, column: column.value };
}

/**
 * The user's part of a stack: its text, and the place of its innermost frame in `file` (null if there is none).
 */
function userStack(stack, file) {
  const lines = StringPrototypeSplit(stack, '\n');
  let text = '';
  let place = null;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index];
    if (isFrame(line)) {
      if (isInternal(line)) {
        continue;
      }
      place ??= placeIn(line, file);
    }
    text = index === 0 ? line : `${text}\n${line}`;
  }
  return { __proto__: null, text, place };
}

module.exports = { userStack };

//# sourceURL=node:stockade/stacks
