// row: C10
// tries: to protect itself from the kernel's choice when memory runs out, so that the supervisor goes first
// expect: ok
// result: []
const gotThrough = [];
for (const path of ['/proc/self/oom_score_adj', `/proc/${process.pid}/oom_score_adj`, '/proc/1/oom_score_adj']) {
  try {
    require('fs').writeFileSync(path, '-1000');
    gotThrough.push(path);
  } catch {
    // Refused.
  }
}
return gotThrough;
