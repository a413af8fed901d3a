// row: H6
// tries: to poison the zygote through its copy of it: modules, prototypes, environment, directory, handlers
// expect: ok
// result: []
const fs = require('fs');
const found = [];
if (globalThis.poison || fs.poison || ({}).poison || process.env.POISON) found.push('objects');
if (process.umask() !== 0o022) found.push('umask');
if (process.cwd() !== '/tmp') found.push('directory');
if (JSON.stringify({ a: 1 }) !== '{"a":1}') found.push('json');
globalThis.poison = fs.poison = true;
process.env.POISON = '1';
process.umask(0o777);
process.chdir('/');
process.title = 'poison';
process.on('uncaughtException', () => {});
Object.defineProperty(Object.prototype, 'poison', { value: true });
JSON.stringify = () => '"poison"';
Buffer.from = Buffer.alloc = Buffer.concat = () => null;
fs.writeSync = fs.writevSync = fs.readSync = () => 0;
Array.prototype.push = Array.prototype.map = String.prototype.slice = () => 'poison';
return found;
