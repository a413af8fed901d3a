// row: G10
// tries: to learn the host's paths from what Node.js knows of itself
// expect: ok
// result: []
const { inspect } = require('util');
const shown = [process.argv, process.execArgv, process.env, process.argv0, process.title, process.config.variables.node_prefix,
  typeof module === 'object' && [module.paths, module.filename], typeof __filename === 'string' && [__filename, __dirname],
  require.main?.paths, Object.keys(require.cache ?? {}), require.resolve?.paths?.('x'), require('module').globalPaths,
  new Error('where').stack, process.report.getReport().header.commandLine, process.report.getReport().header.cwd];
try {
  null.length;
} catch (error) {
  shown.push(error.stack);
}
const text = inspect(shown, { depth: 9, maxArrayLength: null, maxStringLength: null });
return [...new Set(text.match(/\/(root|home|work|opt|srv|mnt|var)\b[^'" ]*/g) ?? [])];
