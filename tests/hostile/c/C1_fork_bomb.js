// row: C1
// tries: the classic fork bomb of the shell
// expect: PROCESS_LIMIT_ERROR
// neighbour: yes
// cold: yes
const { spawn } = require('child_process');
const bomb = () => spawn('sh', ['-c', 'bomb() { bomb | bomb & }; while :; do bomb; done'], { stdio: 'ignore' }).on('error', () => {});
setInterval(bomb, 10);
await new Promise(() => {});
