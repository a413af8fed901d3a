// row: D5
// tries: to leave files in every place that the world can write to, and looks for those of the task before
// expect: ok
// result: []
const fs = require('fs');
const places = ['/tmp', '/var/tmp', '/dev/shm', '/run/lock', '/run', '/dev/mqueue', '/', '/stockade', '/task'];
const found = places.filter((place) => fs.existsSync(`${place}/left-behind`));
for (const place of places) {
  try {
    fs.writeFileSync(`${place}/left-behind`, 'here I was');
  } catch {
    // Not writable.
  }
}
return found;
