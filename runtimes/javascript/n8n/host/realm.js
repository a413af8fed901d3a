'use strict';

// The realm that user code runs in: a global object with its own builtins, into which the files of ../guest and the
// packages they use are loaded. Data is parsed there too, so that `instanceof Array` means what users expect.
//
// A context of its own hides what Node.js adds to the language (the language rule of n8n's secure mode). An ordinary
// context is as fast as the main one; a contextified one, all that Node.js 18 has, looks every global name up in C++
// and makes a loop over `Math.floor` a hundred times slower.

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const vm = require('node:vm');

const GUEST = join(__dirname, '..', 'guest');
const PACKAGES = ['luxon', 'jmespath'];

const scripts = new Map();

function pathOf(name) {
  return PACKAGES.includes(name) ? require.resolve(name) : join(GUEST, `${name}.js`);
}

// Compiled once and run in each realm, which then shares the bytecode.
function scriptOf(name) {
  if (!scripts.has(name)) {
    const source = readFileSync(pathOf(name), 'utf8');
    scripts.set(name, new vm.Script(`(function (module, exports, require) {${source}\n})`, { filename: `stockade:${name}` }));
  }
  return scripts.get(name);
}

class Realm {
  #run;
  #modules = new Map();

  constructor(run) {
    this.#run = run;
    this.global = run(new vm.Script('globalThis'));
  }

  static ofItsOwn() {
    const context = vm.createContext(vm.constants?.DONT_CONTEXTIFY ?? {});
    return new Realm((script) => script.runInContext(context));
  }

  /** The realm of Node.js itself, where all that Node.js offers is visible. */
  static ofTheProcess() {
    return new Realm((script) => script.runInThisContext());
  }

  run(script) {
    return this.#run(script);
  }

  /** What the guest file or package `name` exports in this realm. */
  load(name) {
    if (!this.#modules.has(name)) {
      const module = { exports: {} };
      this.#modules.set(name, module);
      this.#run(scriptOf(name))(module, module.exports, (wanted) => this.load(wanted.replace('./', '')));
    }
    return this.#modules.get(name).exports;
  }
}

module.exports = { Realm };
