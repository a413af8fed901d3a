// row: A6
// tries: to burn the time of many processors with child processes
// expect: TIMEOUT_ERROR
// timeout: 1s
// processor-share: 1.5
const { spawn } = require('child_process');
for (let count = 0; count < 8; count += 1) spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
for (;;);
