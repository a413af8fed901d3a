// row: G6
// tries: to find secrets in its own address space: a snapshot of the whole heap
// expect: ok
// result: []
// memory: 256M
const fs = require('fs');
require('v8').writeHeapSnapshot('/tmp/heap');
const text = fs.readFileSync('/tmp/heap', 'latin1');
const own = ['N8N_RUN' + 'NERS_AUTH', '-----BEGIN' + ' PRIVATE', 'CARGO' + '_MANIFEST', 'STOCKADE' + '_TEST_'];
return own.filter((word) => text.includes(word));
