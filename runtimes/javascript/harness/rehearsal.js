'use strict';

// Plays tasks before there is a real one. In the zygote that compiles what a task will call; in a worker it copies the
// pages of the zygote that a task will write to. Both then no longer take a task's time.

const { closeSync, openSync } = require('fs');
const { Channel } = require('./channel');
const { dispatch } = require('./dispatch');
const { FrameReader, FrameWriter, KIND } = require('./frames');
const output = require('./output');
const { parseTask } = require('./task');

const SUCCEEDING = `
  console.log('%s', [n]);
  await new Promise((resolve) => setTimeout(resolve, 0));
  return { text: \`\${n}\`, list: [1] };
`;
const FAILING = 'throw new TypeError("rehearsal");';
const MALFORMED = 'const = 1;';

/**
 * A TASK frame's payload, as the supervisor makes it. The round makes each code another one: V8 goes through all that
 * it keeps of the same text.
 */
function payloadOf({ settings, code, inputs }, round) {
  const parts = [JSON.stringify(settings), `${code} // ${round}`].flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([...parts, Buffer.from(inputs)]);
}

const taskOf = (code) => ({ settings: { mode: 'code', file: 'rehearsal.js' }, code, inputs: '{"n": 1}' });
const [GOOD, ...BAD] = [SUCCEEDING, FAILING, MALFORMED].map(taskOf);

/** What a worker plays: one task of the kind that it will have. */
const oneTask = ({ n8n }) => [n8n === null ? GOOD : n8n.REHEARSAL];

/** What a zygote plays. */
const allTasks = (world) => [...(world.n8n === null ? [] : [GOOD]), ...BAD, ...oneTask(world)];

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
function play(payload, { reader, writer, world }) {
  return new Promise((resolve) => {
    const channel = new Channel(reader, writer, resolve);
    // What comes from /dev/full is a frame without payload, and no task.
    void channel.receiveTask();
    dispatch(parseTask(payload), channel, world);
  });
}

/** A request of a task, answered from memory. */
async function playRequest(writer) {
  const payload = Buffer.from('\x01\0\0\0\0{}', 'latin1');
  const reader = { next: () => ({ kind: KIND.ANSWER, payload }), nextLater: (callback) => callback(reader.next()) };
  await new Channel(reader, writer, () => {}).request('rehearsal', '{}');
}

/** Plays each of `tasks` so many times. */
async function rehearse(world, tasks, rounds) {
  // One gives zeros, as /dev/zero would, which is not there without control groups; the other takes bytes.
  const [source, sink] = [openSync('/dev/full', 'r'), openSync('/dev/null', 'w')];
  const stage = { reader: new FrameReader(source), writer: new FrameWriter(sink), world };
  output.silence(true);
  for (let round = 0; round < rounds; round += 1) {
    for (const task of tasks) {
      const putBack = rememberChanged();
      await play(payloadOf(task, round), stage);
      putBack();
    }
  }
  if (world.n8n !== null) {
    await playRequest(stage.writer);
  }
  output.silence(false);
  closeSync(source);
  closeSync(sink);
}

module.exports = { allTasks, oneTask, rehearse };

//# sourceURL=node:stockade/rehearsal
