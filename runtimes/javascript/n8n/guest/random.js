'use strict';

// `Math.random` for a realm that was made before the fork. V8 seeds its own generator once for all forks, so that every
// worker would draw the same numbers. This one (xoshiro128**) is seeded when it is first used, inside the worker.

const TWO_TO_THE_21 = 2 ** 21;
const TWO_TO_THE_53 = 2 ** 53;

/** What is handed out of the second word of the state: all 32 bits of it scrambled. */
function scrambled(word) {
  const product = Math.imul(word, 5);
  return Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
}

/** A generator of numbers from 0 up to 1. `seed` gives four random 32-bit numbers. */
function createRandom(seed) {
  const words = new Int32Array(4);
  let isSeeded = false;

  function advance() {
    const b = words[1];
    const c = words[2] ^ words[0];
    const d = words[3] ^ b;
    words[1] = b ^ c;
    words[0] ^= d;
    words[2] = c ^ (b << 9);
    words[3] = (d << 11) | (d >>> 21);
  }

  return function random() {
    if (!isSeeded) {
      words.set(seed());
      isSeeded = true;
    }
    const high = scrambled(words[1]);
    advance();
    const low = scrambled(words[1]);
    advance();
    return (high * TWO_TO_THE_21 + (low >>> 11)) / TWO_TO_THE_53;
  };
}

module.exports = { createRandom };
