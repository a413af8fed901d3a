// row: M5
// tries: to take the place of the harness's helpers by names that are hoisted
// expect: ok
// result: "mine"
function parseInt() { for (;;); }
function main() { for (;;); }
function require_() { for (;;); }
var JSON = { stringify: () => '"forged"' };
var Buffer = null, Promise = null, process = null, console = null, globalThis = null, undefined_ = null;
var result = 'forged', inputs_ = 'forged', module_ = 'forged';
return 'mine';
