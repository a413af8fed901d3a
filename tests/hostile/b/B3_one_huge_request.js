// row: B3
// tries: one request for two gibibytes that is written to
// expect: MEMORY_ERROR
// cold: yes
Buffer.alloc(2 ** 31, 1);
