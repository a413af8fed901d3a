// row: M11
// tries: to fail beside its own code: a rejection that nobody handles, then a throw on the way out
// expect: RUNTIME_ERROR
// message: beside
process.on('exit', () => {
  throw new Error('on the way out');
});
Promise.reject(new Error('beside'));
await new Promise((resolve) => setTimeout(resolve, 1000));
