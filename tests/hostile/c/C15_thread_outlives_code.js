// row: C15
// tries: to let a child and a timer go on after the code has ended
// expect: ok
// result: "the end of the code"
setInterval(() => {}, 1);
require('child_process').spawn('sleep', ['3600']);
return 'the end of the code';
