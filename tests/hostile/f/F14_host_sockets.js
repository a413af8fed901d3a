// row: F14
// tries: to connect to sockets of the host's services
// expect: ok
// result: []
const paths = ['/run/docker.sock', '/var/run/docker.sock', '/run/containerd/containerd.sock', '/run/dbus/system_bus_socket', '/run/systemd/private'];
const connected = await Promise.all(paths.map((path) => new Promise((resolve) => {
  const socket = require('net').connect(path);
  socket.on('connect', () => resolve(path)).on('error', () => resolve(null));
})));
return connected.filter(Boolean);
