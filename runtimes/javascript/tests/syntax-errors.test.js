'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { compile } = require('../harness/compile');

/** The report of code that does not compile. */
function reportOf(code, variables = {}) {
  try {
    compile({ code, file: 'orders.js', variables });
  } catch (failure) {
    assert.equal(failure.report.code, 'SYNTAX_ERROR');
    return failure.report;
  }
  return assert.fail('the code compiles');
}

function placeOf(code, variables) {
  const { message, line, column } = reportOf(code, variables);
  return [message.split(':')[0], line, column];
}

test('an error on the first line is at its own column', () => {
  assert.deepEqual(placeOf('const = 1', { several: 1, variables: 2 }), ["Unexpected token '='", 1, 7]);
});

test('an error further down is shown with its line', () => {
  assert.deepEqual(reportOf('let a = 1;\n\tlet a = 2;\r\n'), {
    code: 'SYNTAX_ERROR',
    message: "Identifier 'a' has already been declared",
    name: 'SyntaxError',
    line: 2,
    column: 6,
    stack:
      "orders.js:2\n\tlet a = 2;\n\t    ^\n\nSyntaxError: Identifier 'a' has already been declared",
  });
});

test('code that ends too early is wrong at its end', () => {
  assert.deepEqual(placeOf('if (x) {\n  y()\n\n'), ['Unexpected end of input', 2, 6]);
  assert.deepEqual(placeOf('f(1, 2'), ['missing ) after argument list', 1, 6]);
});

test('a brace too many is wrong where it stands', () => {
  assert.deepEqual(placeOf('f()\nif (1) { }}\ng()'), ["Unexpected token '}'", 2, 11]);
  assert.deepEqual(placeOf("const text = '}'; // }\n}"), ["Unexpected token '}'", 2, 1]);
});

test('a brace in a text is none too many', () => {
  assert.deepEqual(placeOf("const text = '}' // }\nconst = 1"), ["Unexpected token '='", 2, 7]);
});

test('code that leaves its function and opens another one is refused', () => {
  for (const code of ['}); globalThis.x = 1; (function () {', '}) }); (function () { return (async function () {']) {
    assert.deepEqual(placeOf(code), ["Unexpected token '}'", 1, 1]);
  }
});

test('code that leaves its function is refused without a place when that is hard to find', () => {
  const code = `}); ${'{}'.repeat(100)}; (function () {`;
  assert.deepEqual(placeOf(code), ["Unexpected token '}'", undefined, undefined]);
});

test('`import` and `export` say what to use instead', () => {
  assert.equal(
    reportOf("import x from 'y'").message,
    "Cannot use import statement outside a module: `import` statements are for modules; use `await import('…')` or " +
      "`require('…')` instead",
  );
  assert.equal(
    reportOf('\nexport default 1').message,
    "Unexpected token 'export': `export` is for modules; give the result with `return` instead",
  );
});

test('code that is nested too deeply has no place', () => {
  const { message, line } = reportOf('('.repeat(200_000));
  assert.deepEqual([message, line], ['The code is nested too deeply (Maximum call stack size exceeded)', undefined]);
});

test('a brace in the middle of long code does not take long', () => {
  // Of the processor, so that a busy machine changes nothing. Without a bound on the search it is minutes.
  const before = process.cpuUsage();
  placeOf(`${'function f() { return {} }\n'.repeat(5000)} const = 1`);
  assert.ok(process.cpuUsage(before).user < 5_000_000);
});
