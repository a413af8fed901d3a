// row: B3
// tries: to fill memory bit by bit, within the heap of V8
// expect: MEMORY_ERROR
// neighbour: yes
const kept = [];
for (;;) kept.push(new Array(1000).fill({ kept }).map((entry, index) => ({ ...entry, index })));
