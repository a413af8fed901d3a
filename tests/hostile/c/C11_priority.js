// row: C11
// tries: to run before all others
// expect: ok
// result: []
const os = require('os');
const { spawnSync } = require('child_process');
const gotThrough = [];
for (const priority of [-20, -1]) {
  try {
    os.setPriority(0, priority);
    gotThrough.push(priority);
  } catch {
    // Refused.
  }
}
for (const command of ['chrt -f 1 true', 'chrt -r 1 true', 'ionice -c 1 true', 'nice -n -5 sh -c "[ $(nice) -lt 0 ]"']) {
  if (spawnSync('sh', ['-c', command]).status === 0) gotThrough.push(command);
}
return gotThrough;
