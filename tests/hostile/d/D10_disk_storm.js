// row: D10
// tries: to stall the disk for its neighbours: direct reads of shared files, flushes, dropped pages
// expect: ok
// result: "EINVAL"
// denied: sync
// neighbour: yes
const fs = require('fs');
let direct = 'opened';
try {
  fs.openSync(process.execPath, fs.constants.O_RDONLY | fs.constants.O_DIRECT);
} catch (error) {
  direct = error.code;
}
const file = fs.openSync('/tmp/file', 'w');
for (let count = 0; count < 20_000; count += 1) fs.fsyncSync(file);
require('child_process').spawnSync('sync');
return direct;
