'use strict';

// Which modules user code may require, and where they come from.

const { createRequire, isBuiltin } = require('node:module');

const SCHEME = 'node:';

function withoutScheme(name) {
  return name.startsWith(SCHEME) ? name.slice(SCHEME.length) : name;
}

/** The package that `name` belongs to: `lodash` for `lodash/fp`, `@scope/package` for `@scope/package/part`. */
function packageOf(name) {
  const parts = name.split('/');
  return parts.slice(0, name.startsWith('@') ? 2 : 1).join('/');
}

function listAllows(list, ...names) {
  return list.includes('*') || names.some((name) => list.includes(name));
}

class Modules {
  #builtinAllow;
  #externalAllow;
  #packages;

  /** `packages` is the folder whose node_modules holds the packages. */
  constructor({ builtin_allow: builtinAllow = [], external_allow: externalAllow = [] }, packages) {
    this.#builtinAllow = builtinAllow.map(withoutScheme);
    this.#externalAllow = externalAllow;
    this.#packages = packages;
  }

  // `node:crypto` is the same module as `crypto`, and a part of a module is no more than the module itself.
  isAllowed(name) {
    if (typeof name !== 'string' || name === '') return false;
    if (isBuiltin(name)) {
      const plain = withoutScheme(name);
      return listAllows(this.#builtinAllow, plain, packageOf(plain));
    }
    if (name.startsWith('.') || name.startsWith('/') || name.includes(':')) return false;
    return listAllows(this.#externalAllow, name, packageOf(name)) && !name.split('/').includes('..');
  }

  load(name) {
    return createRequire(`${this.#packages}/`)(name);
  }
}

module.exports = { Modules };
