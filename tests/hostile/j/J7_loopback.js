// row: J7
// tries: to meet another task at a port of the loopback interface
// expect: ok
// result: "EPERM"
// denied: socket
// roles: server with client
const net = require('net');
const meeting = role === 'server' ? net.createServer().listen(39517) : net.connect(39517);
return await new Promise((resolve) => {
  meeting.on('error', (error) => resolve(error.code)).on('listening', () => resolve('listening')).on('connect', () => resolve('connected'));
});
