// row: M3
// tries: to throw what is no error: a proxy whose every trap throws
// expect: RUNTIME_ERROR
const trap = () => {
  throw trap;
};
throw new Proxy(function own() {}, new Proxy({}, { get: () => trap }));
