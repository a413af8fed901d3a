// row: A8
// tries: to move its deadline by setting the clock, its own first and then the machine's
// expect: TIMEOUT_ERROR
// timeout: 500ms
// stdout: refused
// denied: clock_settime
Date.now = () => 0;
performance.now = () => 0;
process.hrtime = () => [0, 0];
try {
  require('child_process').execFileSync('date', ['-s', '2000-01-01'], { stdio: 'ignore' });
} catch {
  console.log('refused');
}
for (;;);
