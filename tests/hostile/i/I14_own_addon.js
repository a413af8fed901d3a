// row: I14, M9
// tries: to load a native addon that it brought along
// expect: ok
// result: {"loaded": true, "socket": "EPERM"}
// denied: socket
require('fs').copyFileSync('/stockade/native.so', '/tmp/own.node');
const own = { exports: {} };
process.dlopen(own, '/tmp/own.node');
const socket = await new Promise((resolve) => {
  require('net').connect(80, '127.0.0.1').on('error', (error) => resolve(error.code)).on('connect', () => resolve('open'));
});
return { loaded: true, socket };
