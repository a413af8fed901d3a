// row: J2
// tries: to meet another task at a socket, with an abstract name and in a file
// expect: ok
// result: []
// denied: socket
// roles: one with other
const net = require('net');
const listen = (place) => new Promise((resolve) => {
  net.createServer().listen(place, () => resolve(place)).on('error', () => resolve(null));
});
return (await Promise.all([listen('\0meeting'), listen('/tmp/meeting'), listen(0)])).filter(Boolean);
