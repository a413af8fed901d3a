'use strict';

// Plays tasks before there is a real one. In the zygote that compiles what a task will call; in a worker it copies the
// pages of the zygote that a task will write to. Both then no longer take a task's time.

const { closeSync, openSync } = require('fs');
const { Channel } = require('./channel');
const { dispatch } = require('./dispatch');
const output = require('./output');
const { parseTask } = require('./task');

const SUCCEEDING = `console.log('%s', [n]); const text = await Promise.resolve(\`\${n}\`); return { text, list: [1] };`;
const FAILING = 'throw new TypeError("rehearsal");';
const MALFORMED = 'const = 1;';

/** A TASK frame's payload, as the supervisor makes it. */
function payloadOf(code) {
  const parts = [JSON.stringify({ mode: 'code', file: 'rehearsal.js' }), code].flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([...parts, Buffer.from('{"n": 1}')]);
}

const PAYLOADS = {
  good: [payloadOf(SUCCEEDING)],
  all: [payloadOf(SUCCEEDING), payloadOf(FAILING), payloadOf(MALFORMED)],
};

/** What a task changes for good, as far as that task is concerned. */
const CHANGED = [
  [process, 'emit'],
  [process, 'exit'],
  [process, 'reallyExit'],
  [process, 'argv'],
  [Error, 'prepareStackTrace'],
  [BigInt.prototype, 'toJSON'],
];

/** Remembers these properties; gives what puts them back. */
function rememberChanged() {
  const before = CHANGED.map(([object, name]) => Object.getOwnPropertyDescriptor(object, name));
  return () => {
    CHANGED.forEach(([object, name], index) => {
      if (before[index] === undefined) {
        delete object[name];
      } else {
        Object.defineProperty(object, name, before[index]);
      }
    });
  };
}

/** Runs one task; resolves when it has ended. */
function play(payload, descriptor, world) {
  return new Promise((resolve) => {
    const channel = new Channel(descriptor, resolve);
    // What comes from /dev/zero is a frame without payload, and no task.
    channel.receiveTask();
    dispatch(parseTask(payload), channel, world);
  });
}

/** Plays each task `rounds` times: a good one, and in the zygote also those that fail. */
async function rehearse(world, { rounds, payloads }) {
  const putBack = rememberChanged();
  // It gives bytes and takes bytes, and nobody sees them.
  const descriptor = openSync('/dev/zero', 'r+');
  output.silence(true);
  for (let round = 0; round < rounds; round += 1) {
    for (const payload of payloads) {
      await play(payload, descriptor, world);
    }
  }
  output.silence(false);
  closeSync(descriptor);
  putBack();
}

module.exports = { PAYLOADS, rehearse };

//# sourceURL=node:stockade/rehearsal
