'use strict';

// What is wrong with code that does not compile, and where. V8 says it about the text that the harness made of the
// code; this says it about the user's own.

const { Script } = require('vm');

/** Extra closing braces are looked for among this many, from the place where V8 gave up. */
const MAXIMUM_BRACES_TRIED = 64;

/** Messages of V8 that need to be told what to do instead. */
const HINTS = [
  [
    /^Cannot use import statement outside a module/,
    "`import` statements are for modules; use `await import('…')` or `require('…')` instead",
  ],
  [/^Unexpected token 'export'/, '`export` is for modules; give the result with `return` instead'],
];

/** The failure of code that does not compile; carries what the outcome reports. */
class SyntaxFailure extends Error {
  constructor(report) {
    super(report.message);
    this.report = report;
  }
}

/** Where V8 says the error is, from the head of the error's stack: `file:line`, the line, and carets below it. */
function placeOf(error, file) {
  const [first = '', , carets = ''] = String(error.stack).split('\n');
  if (!first.startsWith(`${file}:`)) {
    return null;
  }
  const line = Number(first.slice(file.length + 1));
  const column = carets.indexOf('^');
  return { line, column: column < 0 ? null : column + 1, width: carets.trim().length };
}

/** Index in `code` of a line's first character. */
function startOfLine(code, line) {
  let index = 0;
  for (let number = 1; number < line; number += 1) {
    index = code.indexOf('\n', index) + 1;
  }
  return index;
}

function compiles(text) {
  try {
    new Script(text);
  } catch {
    return false;
  }
  return true;
}

/** Index of the brace before `end` that closes the function too early, or -1. */
function extraBrace(code, end) {
  let brace = code.lastIndexOf('}', end - 1);
  for (let tried = 0; brace >= 0 && tried < MAXIMUM_BRACES_TRIED; tried += 1) {
    // A brace within a string or a comment leaves that open, and the parenthesis with it.
    if (compiles(`(async function () {${code.slice(0, brace + 1)})`)) {
      return brace;
    }
    brace = brace === 0 ? -1 : code.lastIndexOf('}', brace - 1);
  }
  return -1;
}

function placeOfIndex(code, index) {
  const before = code.slice(0, index).split('\n');
  return { line: before.length, column: before[before.length - 1].length + 1, width: 1 };
}

/** Message and place of the error in the user's code. */
function locate({ error, code, file, prefixLength }) {
  const lines = code.split('\n');
  const place = error === null ? null : placeOf(error, file);
  const atEnd = place !== null && place.line > lines.length;
  if (place !== null && place.line === 1 && place.column !== null) {
    place.column -= prefixLength;
  }
  const end = place === null || atEnd ? code.length : startOfLine(code, place.line) + (place.column ?? 1) - 1;
  const brace = error === null || error.name === 'SyntaxError' ? extraBrace(code, end) : -1;
  if (brace >= 0) {
    return { message: "Unexpected token '}'", ...placeOfIndex(code, brace) };
  }
  if (error === null) {
    return { message: "Unexpected token '}'" };
  }
  if (atEnd) {
    // V8 stumbles over what the harness put after the code.
    const message = error.message.startsWith('Unexpected') ? 'Unexpected end of input' : error.message;
    return { message, ...placeOfIndex(code, code.trimEnd().length) };
  }
  return { message: error.message, ...place };
}

/** The failure to report for `error`, or for code that compiles only together with what surrounds it (null). */
function syntaxFailure({ error, code, file, prefixLength }) {
  if (error instanceof RangeError) {
    return new SyntaxFailure({
      code: 'SYNTAX_ERROR',
      message: `The code is nested too deeply (${error.message})`,
      name: 'SyntaxError',
    });
  }
  const { message, line, column, width } = locate({ error, code, file, prefixLength });
  const hint = HINTS.find(([pattern]) => pattern.test(message));
  const text = hint === undefined ? message : `${message}: ${hint[1]}`;
  const report = { code: 'SYNTAX_ERROR', message: text, name: 'SyntaxError' };
  if (line === undefined) {
    return new SyntaxFailure(report);
  }
  report.line = line;
  const source = (code.split('\n')[line - 1] ?? '').trimEnd();
  let excerpt = `${file}:${line}\n${source}\n`;
  if (column !== null) {
    report.column = column;
    // Tabs stay tabs, so that the carets stand below what they mean.
    const indent = source.slice(0, column - 1).replace(/[^\t]/g, ' ');
    excerpt += `${indent}${'^'.repeat(Math.max(width, 1))}\n`;
  }
  report.stack = `${excerpt}\nSyntaxError: ${text}`;
  return new SyntaxFailure(report);
}

module.exports = { SyntaxFailure, syntaxFailure };

//# sourceURL=node:stockade/syntax
