// row: E10
// tries: to reach the terminal of whoever started it
// expect: ok
// result: []
const fs = require('fs');
const reached = [0, 1, 2, 3].filter((descriptor) => require('tty').isatty(descriptor));
for (const path of ['/dev/tty', '/dev/tty0', '/dev/console', '/dev/ptmx', '/dev/pts/0']) {
  try {
    reached.push([path, fs.openSync(path, 'r+')]);
  } catch {
    // Not there.
  }
}
return reached;
