// row: F15
// tries: to put links in the place of devices, for whoever opens them next
// expect: ok
// result: []
const fs = require('fs');
const attempts = [fs.unlinkSync, (path) => fs.renameSync(path, `${path}~`), (path) => fs.symlinkSync('/etc/shadow', path)];
return ['/dev/null', '/dev/zero', '/dev/console', '/etc/passwd', '/stockade'].filter((path) => attempts.some((attempt) => {
  try {
    attempt(path);
    return true;
  } catch {
    return false;
  }
}));
