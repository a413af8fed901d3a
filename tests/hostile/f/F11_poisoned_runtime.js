// row: F11
// tries: to write into the trees that the next task requires from, caches included
// expect: ok
// result: []
const fs = require('fs');
const path = require('path');
const places = [path.dirname(process.execPath), '/usr/lib/node_modules', '/usr/lib', '/usr/share', '/usr/local/lib', '/stockade', '/stockade/javascript', '/packages', '/packages/javascript/node_modules', '/runtime', '/etc', '/task', '/tasks'];
require('module').enableCompileCache?.('/usr/lib');
const attempts = [(place) => fs.writeFileSync(`${place}/poison.js`, ''), (place) => fs.mkdirSync(`${place}/poison`), (place) => fs.symlinkSync('/tmp', `${place}/link`), (place) => fs.chmodSync(place, 0o777), (place) => fs.utimesSync(place, 0, 0)];
return places.filter((place) => attempts.some((attempt) => {
  try {
    attempt(place);
    return true;
  } catch {
    return false;
  }
}));
