// row: I2
// tries: another personality, and the numbers of the x32 interface in a child
// expect: ok
// result: {"personality": false, "x32": "SIGSYS"}
// denied: personality
const { spawnSync } = require('child_process');
const perl = (code) => spawnSync('perl', ['-e', code]);
return { personality: perl('exit(syscall(135, 0x40000) == -1 ? 1 : 0)').status === 0, x32: perl('syscall(0x40000027)').signal };
