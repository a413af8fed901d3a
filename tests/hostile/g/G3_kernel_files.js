// row: G3
// tries: to read what the kernel tells of itself and of all processes
// expect: ok
// result: []
const names = 'kallsyms kcore kmsg sched_debug timer_list slabinfo keys sysrq-trigger modules config.gz iomem version cmdline sys/kernel/core_pattern';
return [...names.split(' ').map((name) => `/proc/${name}`), '/sys', '/sys/kernel', '/sys/fs/cgroup', '/dev/kmsg', '/boot'].filter(require('fs').existsSync);
