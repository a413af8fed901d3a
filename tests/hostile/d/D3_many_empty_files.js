// row: D3
// tries: a million empty files
// expect: DISK_LIMIT_ERROR
const fs = require('fs');
for (let number = 0; number < 1_000_000; number += 1) fs.closeSync(fs.openSync(`/tmp/${number}`, 'w'));
