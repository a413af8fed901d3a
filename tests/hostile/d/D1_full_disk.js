// row: D1
// tries: to write one file for ever
// expect: DISK_LIMIT_ERROR
// neighbour: yes
// cold: yes
const fs = require('fs');
const file = fs.openSync('/tmp/full', 'w');
for (;;) fs.writeSync(file, Buffer.alloc(65536));
