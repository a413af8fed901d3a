// row: M3
// tries: to reach the harness through errors: prepareStackTrace, stack getters, species, promises of the host
// expect: ok
// result: []
const reached = new Set();
const look = (thing) => {
  if (thing && typeof thing === 'object' && /stockade/.test(String(thing.fileName ?? ''))) reached.add('object');
};
Error.prepareStackTrace = (error, sites) => {
  for (const site of sites) {
    look(site.getThis?.());
    if (typeof site.getFunction?.() === 'function' && String(site.getFileName()).startsWith('/stockade')) reached.add('function');
  }
  return '';
};
const deep = () => {
  try {
    deep();
  } catch {
    new Error('deep').stack;
  }
};
deep();
class Species extends Promise {
  static get [Symbol.species]() {
    return function (executor) {
      executor(() => {}, () => {});
      look(this);
    };
  }
}
Species.resolve(1).then(() => 1);
const generator = (async function* own() { yield 1; })();
await generator.return({ get then() { look(this); return undefined; } });
await Promise.resolve(require('fs').promises.stat('/tmp').catch(() => {}));
return [...reached];
