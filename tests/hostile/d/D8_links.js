// row: D8
// tries: 64 thousand hard links, and a loop of symbolic links that it makes the harness follow
// expect: DISK_LIMIT_ERROR
// stdout: ELOOP
const fs = require('fs');
fs.symlinkSync('/tmp/b', '/tmp/a');
fs.symlinkSync('/tmp/a', '/tmp/b');
try {
  require('/tmp/a');
} catch {
  console.log('ELOOP');
}
fs.writeFileSync('/tmp/one', '');
for (let number = 0; number < 65536; number += 1) fs.linkSync('/tmp/one', `/tmp/${number}`);
