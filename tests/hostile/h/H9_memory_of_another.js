// row: H9
// tries: to read what another task left in memory, through buffers that are not cleared
// expect: ok
// result: 0
// roles: writer then reader
const marker = [77, 97, 114, 107, 101, 114].map((code) => String.fromCharCode(code)).join('').repeat(4);
if (role === 'writer') {
  globalThis.kept = Array.from({ length: 200 }, () => Buffer.alloc(100_000, marker));
  return 0;
}
let seen = 0;
for (let round = 0; round < 200; round += 1) seen += Buffer.allocUnsafeSlow(100_000).includes(Buffer.from(marker.repeat(2))) ? 1 : 0;
return seen;
