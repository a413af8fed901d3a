// row: F10
// tries: devices: those of the host, and nodes of its own for them
// expect: ok
// result: {"nodes": [], "opened": []}
// denied: mknodat
const fs = require('fs');
const { spawnSync } = require('child_process');
const names = 'mem kmem port kmsg fuse kvm loop0 loop-control sda vda nvme0n1 net/tun vhost-net dri/card0 input/event0'.split(' ');
const opened = names.filter((name) => {
  try {
    return fs.openSync(`/dev/${name}`) >= 0;
  } catch {
    return false;
  }
});
const nodes = ['b 8 0', 'b 254 0', 'c 1 1', 'c 10 229'].filter((node, index) => spawnSync('sh', ['-c', `mknod /tmp/node${index} ${node}`]).status === 0);
return { nodes, opened };
