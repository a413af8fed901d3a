// row: F12
// tries: to gain a user id: a set-user-ID copy of a program of its own, and plain calls
// expect: ok
// result: []
const fs = require('fs');
const { execFileSync } = require('child_process');
fs.copyFileSync('/usr/bin/id', '/tmp/id');
fs.chmodSync('/tmp/id', 0o6755);
const gained = [execFileSync('/tmp/id', ['-u']).toString().trim()].filter((shown) => shown !== String(process.getuid()));
for (const change of [() => process.setuid(0), () => process.seteuid(0), () => process.setgid(0), () => process.setgroups([0])]) {
  try {
    change();
    gained.push(String(change));
  } catch {
    // Refused.
  }
}
return gained;
