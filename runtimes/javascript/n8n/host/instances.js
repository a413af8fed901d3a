'use strict';

// `instanceof` across realms. A Buffer comes from the main realm, and so does all that modules make: without this,
// `buffer instanceof Uint8Array` and `error instanceof Error` are false in user code, and a package that checks its
// arguments with `instanceof Date` refuses the user's dates.

const ERRORS = ['Error', 'TypeError', 'RangeError', 'SyntaxError'];
const CONTAINERS = ['Object', 'Function', 'Array', 'Map', 'Set', 'Promise', 'Date', 'RegExp'];
const NAMES = [...ERRORS, ...CONTAINERS, 'ArrayBuffer', 'Uint8Array'];

const isInstance = Function.prototype[Symbol.hasInstance];

function accept(constructor, other) {
  Object.defineProperty(constructor, Symbol.hasInstance, {
    // Subclasses inherit this, but only the builtin itself has a counterpart.
    value(value) {
      return isInstance.call(this, value) || (this === constructor && isInstance.call(other, value));
    },
    writable: true,
    configurable: true,
  });
}

/** Makes the builtins of `realm` accept instances of their counterparts in `others`. */
function acceptInstances(realm, others) {
  for (const name of NAMES) accept(realm[name], others[name]);
}

module.exports = { acceptInstances };
