// row: D6
// tries: to make its files hard to remove: no permissions, deleted but open, deep trees, odd names
// expect: ok
// result: "left in a mess"
const fs = require('fs');
const kept = fs.openSync('/tmp/deleted', 'w+');
fs.unlinkSync('/tmp/deleted');
fs.mkdirSync('/tmp/locked');
fs.writeFileSync('/tmp/locked/file', kept.toString());
fs.chmodSync('/tmp/locked', 0);
fs.writeFileSync('/tmp/-rf', '');
fs.writeFileSync('/tmp/\n\x1b[2J', '');
for (let level = 0; level < 2000; level += 1) {
  fs.mkdirSync('deep');
  process.chdir('deep');
}
return 'left in a mess';
