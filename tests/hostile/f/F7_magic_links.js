// row: F7
// tries: the links of procfs into other roots, and directories or files that somebody forgot to close
// expect: ok
// result: []
const fs = require('fs');
const found = ['/proc', '/proc/self/root', '/proc/1/root', '/proc/self/fd/3', '/proc/self/exe', '/dev/fd/3', '/sys'].filter(fs.existsSync);
for (let descriptor = 0; descriptor < 1024; descriptor += 1) {
  try {
    const status = fs.fstatSync(descriptor);
    if (status.isDirectory() || status.isFile() || status.isSymbolicLink()) found.push(descriptor);
  } catch {
    // Not open.
  }
}
return found;
