// row: E1
// tries: to print for ever
// expect: OUTPUT_LIMIT_ERROR
// stdout: a line
// neighbour: yes
// cold: yes
for (;;) require('fs').writeSync(1, 'a line '.repeat(1000));
