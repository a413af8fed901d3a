// row: A1
// tries: a synchronous loop in which the event loop never turns
// expect: TIMEOUT_ERROR
// timeout: 300ms
// stdout: printed before the loop
// neighbour: yes
// cold: yes
console.log('printed before the loop');
for (;;);
