// row: H8
// tries: to meet a thread pool, a lock or a platform worker that did not survive the fork
// expect: ok
// result: [32, "zipped", true, 42, "module", 0, "collected"]
const { promisify } = require('util');
const crypto = require('crypto');
const zlib = require('zlib');
const key = await promisify(crypto.pbkdf2)('a', 'b', 1000, 32, 'sha256');
const zipped = (await promisify(zlib.gunzip)(await promisify(zlib.gzip)('zipped'))).toString();
const many = await Promise.all(Array.from({ length: 64 }, () => require('fs').promises.stat('/etc/passwd')));
const bytes = Buffer.from('0061736d0100000001060160017f017f030201000707010361646400000a09010700200041016a0b', 'hex');
const { instance } = await WebAssembly.instantiate(bytes);
require('fs').writeFileSync('/tmp/own.mjs', 'export default "module";');
const own = await import('/tmp/own.mjs');
let sum = 0;
for (let round = 0; round < 3e6; round += 1) sum = (sum + round) % 8;
for (let round = 0; round < 50; round += 1) new Array(1e5).fill(round);
await new Promise((resolve) => setTimeout(resolve, 5));
return [key.length, zipped, many.length === 64, instance.exports.add(41), own.default, sum, 'collected'];
