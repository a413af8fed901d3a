// row: M13
// tries: to shape later starts of Node.js by its environment and by files beside the code
// expect: ok
// result: {"options": null, "files": []}
const fs = require('fs');
const found = fs.readdirSync('/tmp').filter((name) => name !== '.' && name !== '..');
const options = process.env.NODE_OPTIONS ?? null;
process.env.NODE_OPTIONS = '--require /tmp/poison.js';
fs.writeFileSync('/tmp/poison.js', 'throw new Error("poison")');
fs.writeFileSync('/tmp/.npmrc', 'script-shell=/tmp/poison.js');
fs.writeFileSync('/tmp/package.json', '{"type": "module", "imports": {"#x": "/etc/shadow"}}');
fs.mkdirSync('/tmp/node_modules/fs', { recursive: true });
fs.writeFileSync('/tmp/node_modules/fs/index.js', 'throw new Error("poison")');
return { options, files: found };
