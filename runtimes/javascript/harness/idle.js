'use strict';

// Whether the event loop has anything left to wait for.

const { activeResources } = require('./captured');

/** Whether no timer, socket, file or child process of the task is active. */
function isIdle() {
  return activeResources().length === 0;
}

module.exports = { isIdle };

//# sourceURL=node:stockade/idle
