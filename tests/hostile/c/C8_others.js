// row: C8
// tries: to reach processes outside by guessed numbers
// expect: ok
// result: []
const reached = [];
for (let number = 2; number < 1 << 22; number += number < 5000 ? 1 : 997) {
  try {
    process.kill(number, 0);
    reached.push(number);
  } catch (error) {
    if (error.code !== 'ESRCH') reached.push(error.code);
  }
}
return reached;
