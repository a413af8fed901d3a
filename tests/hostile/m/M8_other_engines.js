// row: M8
// tries: other ways to run code: threads, clusters, children, contexts, the inspector, flags of V8
// expect: ok or RUNTIME_ERROR or MEMORY_ERROR
// timeout: 5s
const attempts = [
  () => new (require('worker_threads').Worker)('require("fs").writeFileSync("/tmp/from-worker", "1")', { eval: true }).on('error', () => {}),
  () => require('cluster').fork(),
  () => require('child_process').fork('/tmp/none.js').on('error', () => {}),
  () => require('vm').runInNewContext('this.constructor.constructor("return process")()'),
  () => require('inspector').open(0),
  () => new (require('inspector').Session)().connect(),
  () => require('repl').start({ input: null }),
  () => require('v8').setFlagsFromString('--allow-natives-syntax'),
  () => new Function('return %DebugPrint(1)'),
  () => process.binding('fs'),
  () => process._debugProcess(process.pid),
  () => process.kill(process.pid, 'SIGUSR1'),
];
for (const attempt of attempts) {
  try {
    attempt();
  } catch {
    // Denied, or not there.
  }
}
await new Promise((resolve) => setTimeout(resolve, 200));
return require('fs').existsSync('/etc/shadow') ? 'out' : 'in';
