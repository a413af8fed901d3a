'use strict';

// Mode "directory": the process goes on as `node index.js <arguments>` would, and ends with its exit status.

const Module = require('module');
const { pathToFileURL } = require('url');
const { leaveAtEnd } = require('./ending');

/** The status of Node.js for a main module that waits at its top level for something that never happens. */
const UNSETTLED_STATUS = 13;

/** Follows the evaluation of an ES module that runs already: importing it again gives the same evaluation. */
function follow(url) {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  import(url).then(settle, settle);
  return () => settled;
}

/** Runs `entry` as the main module. */
function run(entry) {
  const url = pathToFileURL(entry).href;
  let isSettled = () => true;
  leaveAtEnd(() => {
    if (isSettled()) {
      return 0;
    }
    process.stderr.write(`Warning: Detected unsettled top-level await at ${url}\n`);
    return UNSETTLED_STATUS;
  });
  // From a tick of its own, so that the stack of the main module starts with Node.js, not with the harness. Ticks and
  // promises of the main module run after it in the order that they always have.
  process.nextTick(Module.runMain, entry);
  process.nextTick(() => {
    if (process.mainModule === undefined) {
      isSettled = follow(url);
    }
  });
}

module.exports = { run };

//# sourceURL=node:stockade/directory-mode
