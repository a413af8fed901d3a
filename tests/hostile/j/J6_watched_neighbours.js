// row: J6
// tries: to watch what its neighbours open
// expect: ok
// result: "refused"
// denied: inotify_init1
try {
  require('fs').watch('/usr/bin', () => {});
  return 'watching';
} catch {
  return 'refused';
}
