// row: D1
// tries: to write file after file
// expect: DISK_LIMIT_ERROR
const fs = require('fs');
for (let number = 0; ; number += 1) await fs.promises.writeFile(`/var/tmp/${number}`, Buffer.alloc(1 << 20));
