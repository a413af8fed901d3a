// row: G1
// tries: to read variables of the supervisor, in itself and in the programs that it starts
// expect: ok
// result: {"own": [], "children": [], "report": []}
const known = new Set(['PATH', 'HOME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'PWD', '_', 'SHLVL', 'OLDPWD']);
const unknown = (names) => names.filter((name) => name && !known.has(name));
const child = require('child_process').execFileSync('env').toString().split('\n').map((line) => line.split('=')[0]);
const report = process.report.getReport();
return {
  own: unknown(Object.keys(process.env)),
  children: unknown(child),
  report: unknown(Object.keys(report.environmentVariables ?? {})),
};
