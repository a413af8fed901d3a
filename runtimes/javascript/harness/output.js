'use strict';

// process.stdout and process.stderr that have written when `write` returns. Node.js writes to a pipe without waiting,
// and what is still waiting when the result is sent, or when process.exit is called, would be lost.

const { Writable } = require('stream');
const { writeFully } = require('./write');

/** While the harness rehearses a task, what it prints goes nowhere. */
let silent = false;

class OutputStream extends Writable {
  constructor(descriptor) {
    super({ decodeStrings: true });
    this.fd = descriptor;
    // What libraries look at: these streams belong to the process and are a pipe.
    this._isStdio = true;
    this._type = 'pipe';
  }

  _write(chunk, encoding, callback) {
    try {
      if (!silent) {
        writeFully(this.fd, chunk, chunk.length);
      }
    } catch (error) {
      callback(error);
      return;
    }
    callback();
  }

  /** As with the streams of Node.js, `end` and `destroy` leave the descriptor open. */
  _destroy(error, callback) {
    callback(error);
  }

  destroySoon() {
    this.destroy();
  }
}

/** Once, in the zygote. Nothing may have printed before: `console` looks its streams up once. */
function install() {
  for (const [name, descriptor] of [['stdout', 1], ['stderr', 2]]) {
    const stream = new OutputStream(descriptor);
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  }
}

function silence(wanted) {
  silent = wanted;
}

module.exports = { install, silence };

//# sourceURL=node:stockade/output
