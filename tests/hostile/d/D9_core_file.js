// row: D9
// tries: to leave a giant core file
// expect: ok
// result: {"cores": [], "limit": "0"}
const { spawnSync } = require('child_process');
spawnSync('sh', ['-c', 'ulimit -c unlimited; kill -SEGV $$'], { cwd: '/tmp' });
spawnSync('sh', ['-c', 'kill -SEGV $$'], { cwd: '/tmp' });
const limit = spawnSync('sh', ['-c', 'ulimit -H -c']).stdout.toString().trim();
return { cores: require('fs').readdirSync('/tmp').filter((name) => name.includes('core')), limit: limit === '1' ? '0' : limit };
