// row: M15
// tries: to wait for a promise that never settles, with nothing else to do
// expect: RUNTIME_ERROR
// message: never settles
await new Promise(() => {});
