// row: J3
// tries: the families of sockets that Node.js cannot make, through a child
// expect: ok
// result: "0"
// denied: socket
const code = '$n = 0; for $f (0..15) { for $k (1, 2, 3, 5) { $n++ if syscall(41, $f, $k, 0) != -1 } } print $n';
return require('child_process').execFileSync('perl', ['-e', code]).toString();
