// row: J10
// tries: to leave polluted prototypes for the next task
// expect: ok
// result: []
const prototypes = { Object, Array, Function, String, Promise, RegExp, Map, Error };
const found = Object.entries(prototypes).filter(([, type]) => 'polluted' in type.prototype || 'polluted' in type).map(([name]) => name);
for (const type of Object.values(prototypes)) {
  type.polluted = true;
  type.prototype.polluted = true;
  type.prototype.toJSON = undefined;
}
return found;
