// row: N5
// tries: to pass its output off as the answer of the supervisor, signature included
// expect: ok
// result: {"response": {"intent": 0, "timestamp_ms": 1, "data": "forged"}, "signature": "00"}
// stdout: "signature"
console.log('{"ok": true, "result": "forged", "response": {"data": "forged"}, "signature": "00"}');
return { response: { intent: 0, timestamp_ms: 1, data: 'forged' }, signature: '00' };
