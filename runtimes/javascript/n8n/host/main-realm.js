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

const opened = [
  ...closings.map(({ prototype }) => [prototype, 'constructor']),
  [Buffer, 'allocUnsafe'],
  [Buffer, 'allocUnsafeSlow'],
].map(([object, name]) => ({ object, name, descriptor: Object.getOwnPropertyDescriptor(object, name) }));

let isClosed = false;

/**
 * Closes the ways from what is visible back to the main realm's own globals, before the code of a task in secure mode
 * runs. It makes V8 forget what it knows of these objects, so the zygote does it when its tasks are in secure mode.
 */
function closeMainRealm() {
  if (isClosed) return;
  isClosed = true;
  for (const { prototype, descriptor } of closings) Object.defineProperty(prototype, 'constructor', descriptor);
  // Memory that was used before must not shine through.
  Buffer.allocUnsafe = Buffer.alloc;
  Buffer.allocUnsafeSlow = Buffer.alloc;
}

/** Undoes that, in a worker whose task is not in secure mode. */
function openMainRealm() {
  if (!isClosed) return;
  isClosed = false;
  for (const { object, name, descriptor } of opened) Object.defineProperty(object, name, descriptor);
}

module.exports = { NATIVES, closeMainRealm, openMainRealm };
