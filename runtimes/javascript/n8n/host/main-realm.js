'use strict';

// What user code in a realm of its own sees of the main realm, and what of the main realm is closed to it.
//
// This keeps the language rules of n8n's secure mode honest. It is no boundary: the walls around the process are.

const timers = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'];
const encodings = ['btoa', 'atob', 'TextEncoder', 'TextDecoder', 'TextEncoderStream', 'TextDecoderStream', 'FormData'];

/** The globals of Node.js that secure mode shows. Read when they are used: some load large parts of Node.js. */
const NATIVES = ['Buffer', ...timers, ...encodings].map((name) => ({ name, read: () => globalThis[name] }));

function refuse() {
  throw new EvalError('Code generation from strings disallowed for this context');
}

// Every function leads to the constructor of its kind, which makes functions of texts: in the realm of that kind.
const kinds = [function () {}, async function () {}, function* () {}, async function* () {}];
const closings = kinds.map((kind) => {
  const prototype = Object.getPrototypeOf(kind);
  const value = new Proxy(prototype.constructor, { apply: refuse, construct: refuse });
  return { prototype, descriptor: { value, writable: true, enumerable: false, configurable: true } };
});

/**
 * Closes the ways from what is visible back to the main realm's own globals. To be called in a worker whose task is in
 * secure mode, before the task's code runs.
 */
function closeMainRealm() {
  for (const { prototype, descriptor } of closings) Object.defineProperty(prototype, 'constructor', descriptor);
  // Memory that was used before must not shine through.
  Buffer.allocUnsafe = Buffer.alloc;
  Buffer.allocUnsafeSlow = Buffer.alloc;
}

module.exports = { NATIVES, closeMainRealm };
