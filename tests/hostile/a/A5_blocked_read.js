// row: A5
// tries: to block for ever in a read of a FIFO of its own; reading stdin cannot even block
// expect: TIMEOUT_ERROR
// timeout: 500ms
// stdout: stdin is empty
const fs = require('fs');
if (fs.readFileSync(0).length === 0) console.log('stdin is empty');
require('child_process').execFileSync('mkfifo', ['/tmp/fifo']);
fs.readFileSync('/tmp/fifo');
