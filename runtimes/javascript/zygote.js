'use strict';

// Start of a JavaScript zygote: `node --single-threaded --v8-pool-size=1 --experimental-vm-modules
// /stockade/javascript/zygote.js`.
//
// This file parses on every version of Node.js, so that one that is too old is refused with one clear line instead of
// a syntax error. It hands over to the harness; nothing else belongs here.

var OLDEST = 18;

/** Says in one line why no zygote can start, and leaves with the status agreed for it. */
function refuse(reason) {
  require('fs').writeSync(2, 'stockade: ' + reason + '\n');
  process.exit(3);
}

if (Number(process.versions.node.split('.')[0]) < OLDEST) {
  refuse('Node.js ' + process.versions.node + ' is too old; the harness needs Node.js ' + OLDEST + ' or newer');
}
require('./harness/start').main();

//# sourceURL=node:stockade/zygote
