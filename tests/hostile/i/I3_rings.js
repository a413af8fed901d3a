// row: I3
// tries: to make libuv use rings of requests; it has to do without them
// expect: ok
// result: "read"
process.env.UV_USE_IO_URING = '1';
const fs = require('fs');
await fs.promises.writeFile('/tmp/file', 'read');
await Promise.all(Array.from({ length: 200 }, () => fs.promises.readFile('/tmp/file')));
return (await fs.promises.readFile('/tmp/file')).toString();
