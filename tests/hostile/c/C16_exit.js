// row: C16
// tries: to leave from within a callback
// expect: RUNTIME_ERROR
// message: Process exited with code 3
setImmediate(() => process.exit(3));
await new Promise(() => {});
