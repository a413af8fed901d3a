'use strict';

// `$evaluateExpression(text)`: an expression of n8n, `{{ … }}` in a text.

const { ExpressionError } = require('./errors');

const INSERTION = /\{\{([\s\S]*?)\}\}/g;
const ONLY_AN_INSERTION = /^=?\s*\{\{((?:(?!\}\})[\s\S])*)\}\}\s*$/;

function evaluate(code) {
  return new Function(`return (${code}\n)`)();
}

function evaluateExpression(text) {
  const only = ONLY_AN_INSERTION.exec(text);
  if (only) return evaluate(only[1]);
  return String(text).replace(/^=/, '').replace(INSERTION, (_, code) => String(evaluate(code) ?? ''));
}

function refuse() {
  throw new ExpressionError(
    "$evaluateExpression can't be used in the Code node while task runners run in secure mode",
    {},
    'Secure-mode task runners disable evaluating strings as code, which expressions rely on. Evaluate the expression in a node field instead, for example an Edit Fields (Set) node before the Code node.',
  );
}

function createExpressions(isInsecure) {
  return isInsecure ? evaluateExpression : refuse;
}

module.exports = { createExpressions };
