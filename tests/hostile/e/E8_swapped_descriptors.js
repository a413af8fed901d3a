// row: E8
// tries: to put a file in the place of the channel of its result
// expect: RUNTIME_ERROR
const fs = require('fs');
fs.closeSync(3);
fs.openSync('/tmp/file', 'w+');
return 'into the void';
