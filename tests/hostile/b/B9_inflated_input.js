// row: B9
// tries: a few kilobytes of gzip that inflate to gibibytes
// expect: MEMORY_ERROR
const zlib = require('zlib');
const member = zlib.gzipSync(Buffer.alloc(8 << 20));
return zlib.gunzipSync(Buffer.concat(new Array(400).fill(member))).length;
