// row: C16
// tries: to take the zygote with it when it aborts in a callback
// expect: RUNTIME_ERROR
setTimeout(() => {
  try {
    process.kill(process.ppid);
  } finally {
    process.abort();
  }
}, 1);
await new Promise(() => {});
