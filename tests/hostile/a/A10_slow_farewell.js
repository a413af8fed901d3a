// row: A10
// tries: to keep its worker busy after the result: exit handlers, timers and microtasks that spin
// expect: ok
// result: "accepted once"
const spin = () => {
  for (;;);
};
process.on('exit', spin);
process.on('beforeExit', spin);
setTimeout(spin, 1000);
return 'accepted once';
