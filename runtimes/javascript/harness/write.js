'use strict';

// Writing that is finished when it returns: the supervisor kills a worker as soon as it has its result, so nothing
// may still be on its way then.

const { wait, writeSync } = require('./captured');

const codeOf = (error) => (error !== null && typeof error === 'object' ? error.code : undefined);

/** Never notified: waiting on it is a sleep. */
const clock = new Int32Array(new SharedArrayBuffer(4));

/** Bytes are taken from a descriptor again after this long when user code has made it non-blocking and it is full. */
const RETRY_MILLISECONDS = 1;

/** Writes the first `length` bytes of `buffer`, however often the kernel takes only a part of them. */
function writeFully(descriptor, buffer, length) {
  let offset = 0;
  while (offset < length) {
    try {
      offset += writeSync(descriptor, buffer, offset, length - offset);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') {
        throw error;
      }
      wait(clock, 0, 0, RETRY_MILLISECONDS);
    }
  }
}

module.exports = { writeFully };

//# sourceURL=node:stockade/write
