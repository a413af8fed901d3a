'use strict';

// Which outcome an uncaught error stands for: the limit or the wall that the code ran into, as far as the error's
// own code says so.

const { StringPrototypeStartsWith } = require('./captured');

const RUNTIME_ERROR = 'RUNTIME_ERROR';

const CODES = {
  __proto__: null,
  EACCES: 'PERMISSION_ERROR',
  EPERM: 'PERMISSION_ERROR',
  EROFS: 'PERMISSION_ERROR',
  ERR_MODULE_NOT_ALLOWED: 'PERMISSION_ERROR',
  EDQUOT: 'DISK_LIMIT_ERROR',
  ENOSPC: 'DISK_LIMIT_ERROR',
  EFBIG: 'DISK_LIMIT_ERROR',
  ENOMEM: 'MEMORY_ERROR',
  ERR_MEMORY_ALLOCATION_FAILED: 'MEMORY_ERROR',
  ERR_WORKER_OUT_OF_MEMORY: 'MEMORY_ERROR',
  ERR_WORKER_INIT_FAILED: 'PROCESS_LIMIT_ERROR',
};

/** Errors of V8 that carry no code. */
const MESSAGES = {
  __proto__: null,
  'Array buffer allocation failed': 'MEMORY_ERROR',
};

/** The outcome of an error with these properties; all may be of any type. */
function verdictOf({ code, message, syscall }) {
  if (typeof message === 'string' && MESSAGES[message] !== undefined) {
    return MESSAGES[message];
  }
  if (typeof code !== 'string') {
    return RUNTIME_ERROR;
  }
  if (code === 'EAGAIN') {
    const spawned = typeof syscall === 'string' && StringPrototypeStartsWith(syscall, 'spawn');
    return spawned ? 'PROCESS_LIMIT_ERROR' : RUNTIME_ERROR;
  }
  if (code === 'ENOSPC' && syscall === 'watch') {
    // The kernel counts watches of files with the same error number; the disk is not full.
    return RUNTIME_ERROR;
  }
  return CODES[code] ?? RUNTIME_ERROR;
}

module.exports = { RUNTIME_ERROR, verdictOf };

//# sourceURL=node:stockade/verdicts
