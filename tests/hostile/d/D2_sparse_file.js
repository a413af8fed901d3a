// row: D2
// tries: a file of one tebibyte that holds nothing
// expect: DISK_LIMIT_ERROR
require('fs').writeFileSync('/tmp/sparse', '');
require('fs').truncateSync('/tmp/sparse', 2 ** 40);
