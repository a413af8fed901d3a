// row: M9
// tries: to load what is no addon
// expect: RUNTIME_ERROR
require('fs').writeFileSync('/tmp/own.node', '\x7fELF');
process.dlopen({ exports: {} }, '/tmp/own.node');
