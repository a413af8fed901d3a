'use strict';

// Math.random for workers. V8 seeds its generator in the zygote, so that every worker would give the same numbers.
// This one is seeded in each worker from the kernel's randomness.
//
// The generator is sfc32 (Chris Doty-Humphrey's "small fast counting", 128 bits of state, passes PractRand), of which
// two steps make one number of 53 bits. OpenSSL's generator, which `crypto` uses, notices a fork by itself: a worker
// has another process id than its zygote. It is not the source here, because seeding it costs a worker half a
// millisecond and 400 KiB, and most tasks do not use it.

const { closeSync, openSync, readSync } = require('fs');
const { setFlagsFromString } = require('v8');

/** What the kernel fills with random bytes, in every worker anew: the state, and the seed of V8's own generator. */
const seed = new Int32Array(5);
const state = seed.subarray(0, 4);

function next() {
  const sum = (state[0] + state[1] + state[3]) | 0;
  state[3] = state[3] + 1;
  state[0] = state[1] ^ (state[1] >>> 9);
  state[1] = state[2] + (state[2] << 3);
  state[2] = ((state[2] << 21) | (state[2] >>> 11)) + sum;
  return sum;
}

function random() {
  return ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
}

/** Once, in the zygote, before any package is loaded: what keeps a reference to Math.random keeps this one. */
function install() {
  Object.defineProperty(Math, 'random', { value: random, writable: true, enumerable: false, configurable: true });
}

/** In the zygote, for what it draws itself: all bytes or an error, as random(4) promises for small reads. */
function reseed() {
  const descriptor = openSync('/dev/urandom', 'r');
  const count = readSync(descriptor, seed, 0, seed.byteLength, null);
  closeSync(descriptor);
  if (count !== seed.byteLength) {
    throw new Error('/dev/urandom gave too few bytes');
  }
  seedContexts();
}

/**
 * In each worker, when its seed is there and before user code: contexts that are made from here on keep V8's own
 * generator, which takes its seed from this flag. It has 31 bits, which is why it is not the first choice; 0 means "no
 * seed".
 */
function seedContexts() {
  setFlagsFromString(`--random-seed=${seed[state.length] >>> 1 || 1}`);
}

module.exports = { install, reseed, seed, seedContexts };

//# sourceURL=node:stockade/random
