// row: E6
// tries: a proxy that always has one more key and answers differently each time
// expect: RUNTIME_ERROR or MEMORY_ERROR or TIMEOUT_ERROR or OUTPUT_LIMIT_ERROR
// timeout: 2s
let count = 0;
const endless = () => new Proxy({}, {
  ownKeys: () => [`key${count++}`],
  getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
  get: (target, key) => (key === 'toJSON' ? undefined : endless()),
});
return endless();
