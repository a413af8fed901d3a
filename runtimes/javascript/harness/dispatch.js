'use strict';

// Starts a task in the mode that it asks for.

const path = require('path');
const codeMode = require('./code-mode');
const directoryMode = require('./directory-mode');
const { watch } = require('./ending');
const { OutputFolder } = require('./files');
const { describe } = require('./report');
const { furnish } = require('./surroundings');
const { ValidationFailure } = require('./task');

/** Reports whatever ends the task outside of what its mode waits for. `exited` is for those that call process.exit. */
function watchTask(channel, describeThrown, exited) {
  watch({
    exited,
    failed: (thrown) => channel.error(describeThrown(thrown)),
    drained: () =>
      channel.error({ code: 'RUNTIME_ERROR', message: 'The code waits for a promise that never settles' }),
  });
}

function startDirectory({ settings }, { taskDirectory }) {
  const script = path.join(taskDirectory, 'index.js');
  const { environment, arguments: argumentsOfScript } = settings;
  process.chdir(taskDirectory);
  furnish(script, argumentsOfScript, environment);
  directoryMode.run(script);
}

function startCode(task, channel, { imports, n8n }) {
  n8n?.unsettle();
  const { file, environment, allow, output } = task.settings;
  furnish(file, [], environment);
  // A program that leaves with status 0 has done its work.
  const exited = (status) =>
    status === 0 || status === undefined
      ? channel.result(undefined)
      : channel.error({ code: 'RUNTIME_ERROR', message: `Process exited with code ${status}` });
  watchTask(channel, (thrown) => describe(thrown, file), exited);
  imports.restrict(allow);
  if (output !== null) {
    channel.returnFiles(new OutputFolder(output));
  }
  codeMode.run(task, channel, imports);
}

function startNode(task, channel, { n8n }) {
  const { file, environment } = task.settings;
  furnish(file, [], environment);
  // A node has no status that anybody could read: without its items the workflow would go on with nothing.
  const exited = (status = 0) =>
    channel.error({
      code: 'RUNTIME_ERROR',
      message: `The code left with process.exit(${status}) before it returned anything`,
      description: 'Use `return` to end the code of a node.',
    });
  watchTask(channel, n8n.failureOf, exited);
  n8n.run(task, channel).catch((thrown) => channel.error(n8n.failureOf(thrown)));
}

/**
 * Starts a task. `world` is what the zygote has prepared: `imports`, the mode `n8n` (or null), and `taskDirectory`.
 * The task's end goes to `channel`.
 */
function dispatch(task, channel, world) {
  const { mode } = task.settings;
  if (mode === 'code') {
    startCode(task, channel, world);
  } else if (mode === 'directory') {
    startDirectory(task, world);
  } else if (mode === 'n8n' && world.n8n !== null) {
    startNode(task, channel, world);
  } else {
    throw new ValidationFailure(`This runtime has no mode \`${mode}\``);
  }
}

module.exports = { dispatch };

//# sourceURL=node:stockade/dispatch
