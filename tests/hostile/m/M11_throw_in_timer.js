// row: M11
// tries: to fail in a timer while the code waits
// expect: RUNTIME_ERROR
// message: in a timer
setTimeout(() => {
  throw new Error('in a timer');
}, 1);
await new Promise(() => {});
