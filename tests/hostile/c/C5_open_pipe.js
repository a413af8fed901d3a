// row: C5
// tries: to hang the reader of its output with a grandchild that keeps the pipes open
// expect: ok
// result: "done"
const { spawn } = require('child_process');
spawn('sh', ['-c', 'sleep 3600 & exec sleep 3600'], { stdio: 'inherit', detached: true }).unref();
return 'done';
