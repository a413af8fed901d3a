'use strict';

// Plays the supervisor for one worker: gives it a task on the frame socket and collects all that comes back.

const { spawn } = require('node:child_process');
const path = require('node:path');

const ZYGOTE = path.join(__dirname, '..', '..', 'zygote.js');
const STAND_IN = path.join(__dirname, 'native.js');
const FLAGS = ['--single-threaded', '--v8-pool-size=1', '--experimental-vm-modules', '--require', STAND_IN];

const KIND = { HELLO: 0, TASK: 1, ANSWER: 2, REHEARSE: 3, WAITING: 17, LOG: 18, REQUEST: 19, RESULT: 20, ERROR: 21 };

/** A worker that has not answered by then hangs. */
const PATIENCE_MILLISECONDS = 20_000;

function frame(kind, payload) {
  const header = Buffer.alloc(5);
  header[0] = kind;
  header.writeUInt32LE(payload.length, 1);
  return Buffer.concat([header, payload]);
}

function section(bytes) {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function taskPayload({ settings, code, inputs }) {
  const text = inputs === undefined ? '' : typeof inputs === 'string' ? inputs : JSON.stringify(inputs);
  return Buffer.concat([section(Buffer.from(JSON.stringify(settings))), section(Buffer.from(code)), Buffer.from(text)]);
}

/** Splits a stream into frames. */
function readFrames(stream, onFrame) {
  let rest = Buffer.alloc(0);
  stream.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32LE(1)) {
      const end = 5 + rest.readUInt32LE(1);
      onFrame(rest[0], rest.subarray(5, end));
      rest = rest.subarray(end);
    }
  });
}

function collect(stream) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/**
 * Runs one task and resolves with `{ hello, result, error, ended, logs, stdout, stderr, status, signal }`: `result` is
 * the parsed JSON (undefined for an empty one), `error` the report, `ended` how many of both there were. `zygote` is the configuration in STOCKADE_ZYGOTE.
 */
function runTask({ settings, code = '', inputs, payload, zygote = {}, flags = [] }) {
  const child = spawn(process.execPath, [...FLAGS, ...flags, ZYGOTE], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: {
      PATH: '/usr/bin:/bin',
      HOME: '/tmp',
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      STOCKADE_ZYGOTE: JSON.stringify(zygote),
    },
  });
  const socket = child.stdio[3];
  const outcome = { logs: [], ended: 0 };
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MILLISECONDS);
  socket.on('error', () => {});
  readFrames(socket, (kind, bytes) => {
    if (kind === KIND.WAITING) {
      socket.write(frame(KIND.TASK, payload ?? taskPayload({ settings, code, inputs })));
    } else if (kind === KIND.HELLO) {
      outcome.hello = JSON.parse(bytes);
      socket.write(frame(KIND.REHEARSE, Buffer.alloc(0)));
    } else if (kind === KIND.LOG) {
      outcome.logs.push(JSON.parse(bytes));
    } else {
      outcome.ended += 1;
      if (kind === KIND.RESULT) {
        outcome.result = bytes.length === 0 ? undefined : JSON.parse(bytes);
      } else if (kind === KIND.ERROR) {
        outcome.error = JSON.parse(bytes);
      }
      // The supervisor kills the worker; a test lets it see that nobody is there any more.
      socket.end();
    }
  });
  return new Promise((resolve) => {
    child.on('close', (status, signal) => {
      clearTimeout(patience);
      resolve({ ...outcome, stdout: stdout(), stderr: stderr(), status, signal });
    });
  });
}

/** Runs code in mode "code". */
function runCode(code, { inputs, zygote, flags, ...settings } = {}) {
  return runTask({ settings: { mode: 'code', file: 'orders.js', ...settings }, code, inputs, zygote, flags });
}

module.exports = { runCode, runTask };
