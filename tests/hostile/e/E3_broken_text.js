// row: E3
// tries: output that is no text: halves of characters, invalid UTF-8, NUL, escape sequences, no line end
// expect: ok
// result: "done"
// stdout-bytes: e282ac 00 fffe c328 1b5b324a 1b5d303b6f776e656407 68616c662061206c696e65
const fs = require('fs');
fs.writeSync(1, Buffer.from('e282', 'hex'));
await new Promise((resolve) => setTimeout(resolve, 50));
fs.writeSync(1, Buffer.from('ac00fffec3281b5b324a1b5d303b6f776e656407', 'hex'));
process.stdout.write('half a line');
return 'done';
