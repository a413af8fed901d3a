'use strict';

// Mode "code": the code is the body of an async function, its inputs are variables, what it returns is the result.

const {
  BufferPrototypeToString,
  FunctionPrototypeBind,
  JSONParse,
  PromiseConstructor,
  PromisePrototypeThen,
} = require('./captured');
const { compile, isVariableName } = require('./compile');
const { describe } = require('./report');
const { serialise } = require('./result');
const { SyntaxFailure } = require('./syntax');
const { ValidationFailure } = require('./task');

/** V8 takes no function with more parameters, less some for those that are always there. */
const MAXIMUM_VARIABLES = 65_000;

function readInputs(bytes) {
  if (bytes.length === 0) {
    return {};
  }
  let inputs;
  try {
    inputs = JSONParse(BufferPrototypeToString(bytes, 'utf8'));
  } catch (error) {
    throw new ValidationFailure(`The inputs are not JSON: ${error.message}`);
  }
  if (inputs === null || typeof inputs !== 'object' || Array.isArray(inputs)) {
    throw new ValidationFailure('The inputs have to be a JSON object');
  }
  return inputs;
}

/** Variables of the code by name: the inputs whose names can be variables, and what every code has. */
function variablesOf(inputs, require) {
  const variables = { __proto__: null, require };
  let count = 0;
  for (const name in inputs) {
    if (isVariableName(name)) {
      variables[name] = inputs[name];
      count += 1;
    }
  }
  if (count > MAXIMUM_VARIABLES) {
    throw new ValidationFailure(`The inputs have ${count} names; at most ${MAXIMUM_VARIABLES} can become variables`);
  }
  variables.inputs = inputs;
  return variables;
}

/** The user's function, ready to be called without arguments. */
function prepare({ settings, code, inputs }, imports) {
  const { file } = settings;
  const user = compile({
    code,
    file,
    variables: variablesOf(readInputs(inputs), imports.requireFor(file)),
    importModuleDynamically: imports.importer(),
  });
  return FunctionPrototypeBind(user, globalThis);
}

/** Runs the task; its end goes to `channel`. */
function run(task, channel, imports) {
  const { file } = task.settings;
  let user;
  try {
    user = prepare(task, imports);
  } catch (failure) {
    if (failure instanceof SyntaxFailure || failure instanceof ValidationFailure) {
      channel.error(failure.report);
      return;
    }
    throw failure;
  }
  // As a reaction to a promise the user's function is at the bottom of its own stack, with nothing of the harness
  // below it. The handlers are attached before it runs, with the promises as they were made.
  const started = new PromiseConstructor((resolve) => resolve());
  PromisePrototypeThen(
    PromisePrototypeThen(started, user),
    (value) => {
      const { json, failure } = serialise(value, file);
      if (failure === undefined) {
        channel.result(json);
      } else {
        channel.error(failure);
      }
    },
    (thrown) => channel.error(describe(thrown, file)),
  );
}

module.exports = { run };

//# sourceURL=node:stockade/code-mode
