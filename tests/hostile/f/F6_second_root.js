// row: F6
// tries: to break out of its root with the tools of the system
// expect: ok
// result: []
// denied: chroot, unshare, mount
const { spawnSync } = require('child_process');
const commands = ['/usr/sbin/chroot /tmp true', 'unshare -m true', 'unshare -U true', 'mount --bind / /tmp', 'mount -t tmpfs none /tmp'];
const gotThrough = commands.filter((command) => spawnSync('sh', ['-c', command]).status === 0);
for (let level = 0; level < 50; level += 1) process.chdir('..');
if (require('fs').existsSync('/etc/shadow')) gotThrough.push('climbed out');
return gotThrough;
