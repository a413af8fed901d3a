'use strict';

// Stands in for the native library (`node --require`): the process that loads it becomes its own worker, without a
// fork. Node.js then still has its threads and ends by itself, so there is nothing to notice. What the zygote says of
// itself goes to the test in a frame of its own.

const { randomFillSync } = require('node:crypto');
const { writeSync } = require('node:fs');

const HELLO = 0;

process.dlopen = (module) => {
  module.exports = {
    serve(hello, seed) {
      const payload = Buffer.from(hello);
      const header = Buffer.alloc(5);
      header[0] = HELLO;
      header.writeUInt32LE(payload.length, 1);
      writeSync(3, Buffer.concat([header, payload]));
      process.chdir('/tmp');
      randomFillSync(seed);
      return 0;
    },
    onIdle() {},
    leaveUnchangedPages() {},
  };
};
