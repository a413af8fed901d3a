// row: F8
// tries: to overwrite the interpreter, the native library and the harness
// expect: ok
// result: []
const fs = require('fs');
const attempts = [(path) => fs.openSync(path, 'r+'), (path) => fs.writeFileSync(path, ''), fs.unlinkSync, (path) => fs.renameSync(path, `${path}~`), (path) => fs.truncateSync(path, 0)];
const files = [process.execPath, '/proc/self/exe', '/bin/sh', '/stockade/native.so', '/stockade/javascript/zygote.js'];
return files.filter((path) => attempts.some((attempt) => {
  try {
    attempt(path);
    return true;
  } catch {
    return false;
  }
}));
