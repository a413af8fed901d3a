// row: A6
// tries: to burn the time of many processors with 64 worker threads
// expect: TIMEOUT_ERROR or PROCESS_LIMIT_ERROR or MEMORY_ERROR or RUNTIME_ERROR
// timeout: 1s
// processor-share: 1.5
// neighbour: yes
const { Worker } = require('worker_threads');
for (let count = 0; count < 64; count += 1) {
  try {
    new Worker('for (;;);', { eval: true }).on('error', () => {});
  } catch {
    // The limit on processes is in the way; those that run are enough.
  }
}
setTimeout(() => {
  for (;;);
}, 100);
await new Promise(() => {});
