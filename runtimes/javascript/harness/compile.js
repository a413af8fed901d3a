'use strict';

// Turns the code of a task into an async function. The code keeps its place: its first line is line 1, its first
// column is column 1, and its file name is the task's.

const { Script } = require('vm');
const { FunctionPrototypeToString } = require('./captured');
const { syntaxFailure } = require('./syntax');

// Parentheses around a function make V8 compile it at once instead of once superficially and once more when called.
const OUTER_START = '(function (';
const INNER_START = ') { return (async function () {';
const INNER_TEXT_START = 'async function () {';
// The code may end in a `//` comment.
const INNER_TEXT_END = '\n}';
const OUTER_END = '); })';

/** Words that cannot be the name of a parameter in every code, sloppy or strict. */
const RESERVED = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof var void while with yield'
  ).split(' '),
);

const ASCII_IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Names beyond ASCII are rare and their pattern is expensive: it is made when the first one is met. */
let anyIdentifier = null;

function isVariableName(name) {
  if (ASCII_IDENTIFIER.test(name)) {
    return !RESERVED.has(name);
  }
  anyIdentifier ??= /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
  return anyIdentifier.test(name);
}

/** A first line `#!/usr/bin/env node` becomes a comment of the same length. */
function withoutHashbang(code) {
  return code.startsWith('#!') ? `//${code.slice(2)}` : code;
}

/**
 * Compiles `code` and gives the user's function. The variables surround the code, so that it
 * may declare the same names again. Throws a SyntaxFailure.
 */
function compile({ code: written, file, variables, importModuleDynamically }) {
  const code = withoutHashbang(written);
  const prefix = `${OUTER_START}${Object.keys(variables).join(', ')}${INNER_START}`;
  let script;
  try {
    script = new Script(`${prefix}${code}${INNER_TEXT_END}${OUTER_END}`, {
      filename: file,
      columnOffset: -prefix.length,
      importModuleDynamically,
    });
  } catch (error) {
    throw syntaxFailure({ error, code, file, prefixLength: prefix.length });
  }
  const inner = surround(script, Object.values(variables));
  if (inner === null || FunctionPrototypeToString(inner).length !== textLength(code)) {
    throw syntaxFailure({ error: null, code, file, prefixLength: prefix.length });
  }
  return inner;
}

/** Length of the text of the function whose body is `code`. */
function textLength(code) {
  return INNER_TEXT_START.length + code.length + INNER_TEXT_END.length;
}

/**
 * The user's function with its variables around it. Code that closes the function and opens another one compiles too;
 * what it then gives is no function, or one with another text.
 */
function surround(script, values) {
  try {
    const inner = script.runInThisContext()(...values);
    return typeof inner === 'function' ? inner : null;
  } catch {
    return null;
  }
}

module.exports = { compile, isVariableName };

//# sourceURL=node:stockade/compile
