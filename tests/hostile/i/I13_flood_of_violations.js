// row: I13
// tries: to keep the supervisor and the log busy with refused calls
// expect: ok
// result: 3000
// denied: socket
// neighbour: yes
const refused = await Promise.all(Array.from({ length: 3000 }, () => new Promise((resolve) => {
  require('net').connect(80, '127.0.0.1').on('error', () => resolve(1)).on('connect', () => resolve(0));
})));
return refused.reduce((sum, one) => sum + one, 0);
