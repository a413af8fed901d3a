// row: G4
// tries: to learn about the host and its other tasks: names, addresses, users, network
// expect: ok
// result: {"name": "stockade", "interfaces": [], "home": "/tmp", "user": true, "parent": 0, "load": true}
const os = require('os');
let interfaces = [];
try {
  interfaces = Object.keys(os.networkInterfaces());
} catch {
  // Refused.
}
const user = os.userInfo();
return { name: os.hostname(), interfaces, home: os.homedir(), user: user.username.startsWith('task'), parent: process.ppid, load: os.loadavg().length === 3 };
