'use strict';

// `require` as user code sees it. Which modules there are and which are allowed is decided outside the realm.

const luxon = require('luxon');
const { ModuleDisallowedError, ModuleNotFoundError } = require('./errors');

function createRequire({ isAllowed, load }) {
  return function require(name) {
    if (!isAllowed(name)) throw new ModuleDisallowedError(name);
    // The very luxon that DateTime comes from, so that `instanceof` and settings agree.
    if (name === 'luxon') return luxon;
    try {
      return load(name);
    } catch (error) {
      // Only when the module itself is missing: one that misses a part of its own says so in its own words.
      if (error?.code === 'MODULE_NOT_FOUND' && String(error.message).startsWith(`Cannot find module '${name}'`)) {
        throw new ModuleNotFoundError(name);
      }
      throw error;
    }
  };
}

module.exports = { createRequire };
