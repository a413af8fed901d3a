// row: E1
// tries: to print for ever without waiting for anybody to read
// expect: OUTPUT_LIMIT_ERROR or MEMORY_ERROR
// neighbour: yes
for (;;) console.error('a line '.repeat(1000));
