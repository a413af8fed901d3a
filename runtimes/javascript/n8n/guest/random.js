'use strict';

// `Math.random` for a realm that was made before the fork. V8 seeds its own generator once for all forks, so that every
// worker would draw the same numbers. This one (xoshiro128**) is seeded when it is first used, inside the worker.

const TWO_TO_THE_21 = 2 ** 21;
const TWO_TO_THE_53 = 2 ** 53;

/** A generator of numbers from 0 up to 1. `seed` gives four random 32-bit numbers. */
function createRandom(seed) {
  let a, b, c, d;
  let isSeeded = false;

  function next() {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  }

  return function random() {
    if (!isSeeded) {
      [a, b, c, d] = seed();
      isSeeded = true;
    }
    return (next() * TWO_TO_THE_21 + (next() >>> 11)) / TWO_TO_THE_53;
  };
}

module.exports = { createRandom };
