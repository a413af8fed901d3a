'use strict';

// `require` and `import()` of user code: builtin modules, then the packages of the configuration, as far as the task
// allows them. A package may itself load what it wants.

const Module = require('module');
const path = require('path');
const { pathToFileURL } = require('url');
const { isNativeError, uncurryThis } = require('./captured');
const { WORKING_DIRECTORY } = require('./surroundings');

const { captureStackTrace } = Error;

const ModulePrototypeRequire = uncurryThis(Module.prototype.require);
const resolveFilename = Module._resolveFilename;

const isPath = (name) => /^(\.{0,2}\/|\.\.?$)/.test(name);

const withoutScheme = (name) => (name.startsWith('node:') ? name.slice('node:'.length) : name);

/** The module that a name belongs to: "lodash" for "lodash/fp", "@scope/name" for "@scope/name/part". */
function rootOf(name) {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}

/** Error for a module that the task may not load. */
function refusal(name, allow) {
  const allowed = allow.length === 0 ? 'none' : allow.join(', ');
  const error = new Error(`Module '${name}' is not allowed. Allowed modules: ${allowed}`);
  error.code = 'ERR_MODULE_NOT_ALLOWED';
  return error;
}

class Imports {
  #parent;
  #importFromPackages;
  /** Names that the task may load, or null for all. */
  #allow = null;
  #allowed = null;

  /** `packages` is the directory that has `node_modules`, or null. */
  constructor(packages) {
    this.#parent = Imports.#moduleIn(WORKING_DIRECTORY, 'task.js', packages);
    // The loader of Node.js looks for packages from the file that the `import()` stands in. One that stands next to
    // the packages finds them; it is compiled as a module because scripts cannot import without a callback.
    const loader = Imports.#moduleIn(packages ?? WORKING_DIRECTORY, 'task.js', packages);
    loader._compile('module.exports = (name, options) => import(name, options);', loader.filename);
    this.#importFromPackages = loader.exports;
  }

  static #moduleIn(directory, name, packages) {
    const filename = path.join(directory, name);
    const module = new Module(filename);
    module.filename = filename;
    module.paths = packages === null ? [] : [path.join(packages, 'node_modules')];
    return module;
  }

  /** In the zygote: loads a package ahead of all tasks. */
  preload(name) {
    ModulePrototypeRequire(this.#parent, name);
  }

  /** In a worker: the names that its task may load, or null for all. */
  restrict(allow) {
    this.#allow = allow;
    this.#allowed = allow === null ? null : new Set(allow.map(withoutScheme));
    if (allow !== null && process.getBuiltinModule !== undefined) {
      const getBuiltinModule = process.getBuiltinModule;
      process.getBuiltinModule = (name) => {
        this.#check(name);
        return getBuiltinModule(name);
      };
    }
  }

  #check(name) {
    if (this.#allowed === null || typeof name !== 'string') {
      return;
    }
    const plain = withoutScheme(name);
    if (isPath(plain) || (!this.#allowed.has(plain) && !this.#allowed.has(rootOf(plain)))) {
      throw refusal(name, this.#allow);
    }
  }

  /** The `require` of the code in `file`. */
  requireFor(file) {
    const parent = this.#parent;
    parent.id = parent.filename = path.join(WORKING_DIRECTORY, file);
    const require = (name) => {
      this.#check(name);
      return ModulePrototypeRequire(parent, name);
    };
    require.resolve = (name, options) => {
      this.#check(name);
      return resolveFilename(name, parent, false, options);
    };
    require.cache = Module._cache;
    require.extensions = Module._extensions;
    require.main = undefined;
    return require;
  }

  /** What V8 calls for an `import()` in user code. */
  importer() {
    return async (name, script, attributes) => {
      this.#check(name);
      const target = isPath(name) ? pathToFileURL(path.resolve(WORKING_DIRECTORY, name)).href : name;
      const site = {};
      captureStackTrace(site);
      try {
        return await this.#importFromPackages(target, optionsOf(attributes));
      } catch (error) {
        throw withCallSite(error, site);
      }
    };
  }
}

/** The loader's errors come from its own stack; this adds where the code asked for the module. */
function withCallSite(error, site) {
  if (isNativeError(error) && typeof error.stack === 'string') {
    error.stack += site.stack.slice(site.stack.indexOf('\n'));
  }
  return error;
}

/** The second argument of `import()`; Node.js 18 knows attributes by their old name. */
function optionsOf(attributes) {
  const names = Object.keys(attributes ?? {});
  if (names.length === 0) {
    return undefined;
  }
  const plain = Object.fromEntries(names.map((name) => [name, attributes[name]]));
  return { with: plain, assert: plain };
}

module.exports = { Imports };

//# sourceURL=node:stockade/imports
