// row: B4
// tries: to stay below the limit in each process and go beyond it in their sum
// expect: MEMORY_ERROR
const { spawn } = require('child_process');
for (let count = 0; count < 8; count += 1) {
  spawn('perl', ['-e', '$held = "x" x (32 << 20); sleep 60'], { stdio: 'ignore' });
}
await new Promise((resolve) => setTimeout(resolve, 60_000));
