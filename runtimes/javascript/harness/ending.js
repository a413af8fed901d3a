'use strict';

// How a process ends that was forked from a zygote.
//
// At its end Node.js waits for threads that it started at its beginning, and before that for the work that V8 gave
// them, such as parts of a garbage collection. The zygote has these threads, a worker does not: a fork takes along
// only the thread that forks. So in a worker the native library notices when the event loop has nothing left to wait
// for, and the process leaves through process.reallyExit, for which the native library has an exit handler.
//
// All of this goes through process.emit, as the package signal-exit does it, and not through listeners: user code
// sees the listeners of a process, counts them and removes them.

const { FunctionPrototypeApply, queueMicrotask } = require('./captured');

const reallyExit = process.reallyExit.bind(process);

/** Replaces process.emit; `after` is called with an event, its first argument, and whether it had listeners. */
function afterEach(after) {
  const original = process.emit;
  Object.defineProperty(process, 'emit', {
    __proto__: null,
    configurable: true,
    writable: true,
    enumerable: false,
    value: function emit(name, first) {
      const handled = FunctionPrototypeApply(original, this, arguments);
      after(name, first, handled);
      return handled;
    },
  });
}

/** The status that the process has when its event loop has nothing left to do, unless its code sets one. */
let statusWhenDrained = () => 0;

/** In the zygote, for its workers: does what Node.js does when the event loop has nothing left to wait for. */
function takeOverEnd(native) {
  native.onIdle(
    () => process.emit('beforeExit', process.exitCode || 0),
    () => {
      process._exiting = true;
      process.emit('exit', process.exitCode || statusWhenDrained());
    },
  );
}

/** Leaves the process when Node.js would; `drainedStatus` gives the status if nobody calls process.exit. */
function leaveAtEnd(drainedStatus) {
  statusWhenDrained = drainedStatus;
  let dying = false;
  afterEach((name, code) => {
    if (name === 'uncaughtExceptionMonitor') {
      // If nobody handles the error, Node.js emits "exit", prints the error and leaves by itself.
      dying = true;
      queueMicrotask(() => {
        dying = false;
      });
    } else if (name === 'exit' && !dying) {
      reallyExit(process.exitCode ?? code);
    }
  });
}

/**
 * Calls back for each way in which the code of a task ends without giving its result: `exited` with the status when
 * it calls process.exit, `failed` with what it threw outside of the harness's sight, `drained` when nothing is left
 * that could go on. None of them returns.
 */
function watch({ exited, failed, drained }) {
  const original = process.exit;
  let leaving = false;
  process.exit = function exit() {
    leaving = true;
    return FunctionPrototypeApply(original, this, arguments);
  };
  process.reallyExit = exited;
  afterEach((name, first, handled) => {
    if (name === 'exit') {
      if (!leaving) {
        drained();
      }
    } else if (name === 'uncaughtExceptionMonitor' || (name === 'unhandledRejection' && !handled)) {
      // Without a listener for uncaught exceptions Node.js would now end the process.
      if (process.listenerCount('uncaughtException') === 0) {
        failed(first);
      }
    }
  });
}

module.exports = { leaveAtEnd, takeOverEnd, watch };

//# sourceURL=node:stockade/ending
