// row: F1
// tries: to read what every host has: users, keys, tokens, logs, other people's directories
// expect: ok
// result: {"seen": [], "users": [], "names": "127.0.0.1"}
const fs = require('fs');
const paths = `/etc/shadow /etc/gshadow /etc/sudoers /etc/ssh /etc/ssl/private /etc/machine-id /etc/hostname
/etc/fstab /etc/environment /etc/kubernetes /root /root/.ssh /root/.aws /root/.npmrc /home /work /srv /mnt /media /opt /var/log
/var/lib /var/run/secrets /run/secrets /run/user /boot /var/spool /var/cache /.dockerenv /old-root /host`.split(/\s+/);
const seen = paths.filter((path) => [fs.readdirSync, fs.statSync, fs.readFileSync].some((look) => {
  try {
    return look(path) !== undefined;
  } catch {
    return false;
  }
}));
// An interpreter that the administrator has installed there brings the rest along.
if (!process.execPath.startsWith('/usr/local')) {
  seen.push(...['/usr/local', '/usr/src'].filter((path) => fs.existsSync(path) && fs.readdirSync(path).length > 0));
}
const users = fs.readFileSync('/etc/passwd', 'utf8').trim().split('\n').filter((line) => !line.startsWith('task'));
// The supervisor is the only name server, and there for tasks that may reach hosts.
const names = [...fs.readFileSync('/etc/resolv.conf', 'utf8').matchAll(/^nameserver (.*)$/gm)].map(([, address]) => address).join(' ');
return { seen, users, names };
