'use strict';

// User code becomes the body of an async function, on the lines where its author wrote it.

const acorn = require('acorn');
const vm = require('node:vm');
const { CODE_FILE } = require('../guest/code-file');
const { PARSER_OPTIONS } = require('./data-needs');

const toText = Function.prototype.toString;

const OPENING = '(async function () {';
// On a line of its own, so that a comment at the end of the code does not swallow it.
const CLOSING = '\n})';

/** The code is not JavaScript. `failure` is what is to be reported of it. */
class CodeSyntaxError extends Error {
  constructor(message, line, column) {
    super(message);
    const shown = `${message} [line ${line}]`;
    this.failure = {
      code: 'SYNTAX_ERROR',
      message: shown,
      name: 'SyntaxError',
      line,
      column,
      details: { message: shown, description: 'SyntaxError', lineNumber: line },
    };
  }
}

// V8 puts the place in front of the stack: file and line, the line's text, and carets below the token.
function placeOf(error) {
  const [first, , carets] = String(error.stack).split('\n');
  const line = Number(/:(\d+)$/.exec(first)?.[1] ?? 1);
  const column = carets?.includes('^') ? carets.indexOf('^') + 1 - (line === 1 ? OPENING.length : 0) : undefined;
  return { line, column };
}

// When the code ends too early or too late, V8 complains about the wrapper, which its author has never seen.
function placeInCode(code, error) {
  const { line, column } = placeOf(error);
  const lines = code.split(/\r\n|[\n\r\u2028\u2029]/).length;
  if (line <= lines) return { message: error.message, line, column };
  const isOfWrapper = error.message.startsWith('Unexpected token') || error.message.startsWith('missing');
  const mistake = isOfWrapper ? firstMistake(code) : null;
  if (mistake) return mistake;
  return { message: error.message.startsWith('Unexpected token') ? 'Unexpected end of input' : error.message, line: lines };
}

// What is wrong before the end of the code, for a parser that sees nothing but the code.
function firstMistake(code) {
  try {
    acorn.parse(code, PARSER_OPTIONS);
  } catch ({ pos, loc }) {
    if (pos < code.length) return { message: `Unexpected token '${code[pos]}'`, line: loc.line, column: loc.column + 1 };
  }
  return null;
}

/** The async function that `code` is the body of, made in `realm`. */
function compile(code, realm) {
  let script;
  try {
    script = new vm.Script(OPENING + code + CLOSING, { filename: CODE_FILE, columnOffset: -OPENING.length });
  } catch (error) {
    const { message, line, column } = placeInCode(code, error);
    throw new CodeSyntaxError(message, line, column);
  }
  const compiled = realm.run(script);
  // Code that closes the function and opens another one compiles too.
  if (typeof compiled !== 'function' || toText.call(compiled).length !== OPENING.length + code.length + CLOSING.length - 2) {
    const { message, line, column } = firstMistake(code) ?? { message: "Unexpected token '}'", line: 1 };
    throw new CodeSyntaxError(message, line, column);
  }
  return compiled;
}

module.exports = { compile, CodeSyntaxError };
