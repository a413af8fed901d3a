'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { KIND } = require('../harness/frames');
const { Requests } = require('../harness/requests');

/** The supervisor's side: takes requests, and gives the answers that a test has put there. */
class Supervisor {
  sent = [];
  answers = [];
  /** How often somebody waited for an answer without, and with, the event loop. */
  blocked = 0;
  later = 0;

  sendBytes(kind, payload) {
    const nameEnd = 6 + payload.readUInt16LE(4);
    this.sent.push([kind, payload.readUInt32LE(0), payload.toString('utf8', 6, nameEnd), payload.toString('utf8', nameEnd)]);
  }

  answer(identifier, json, status = 0) {
    const payload = Buffer.alloc(5);
    payload.writeUInt32LE(identifier);
    payload[4] = status;
    this.answers.push({ kind: KIND.ANSWER, payload: Buffer.concat([payload, Buffer.from(json)]) });
  }

  next() {
    this.blocked += 1;
    return this.answers.shift() ?? null;
  }

  nextLater(callback) {
    this.later += 1;
    setImmediate(() => callback(this.answers.shift() ?? null));
  }
}

function start() {
  const supervisor = new Supervisor();
  const state = { gone: false };
  const requests = new Requests(supervisor, supervisor, () => {
    state.gone = true;
  });
  return { supervisor, requests, state };
}

test('a request is sent at once and its answer parsed', async () => {
  const { supervisor, requests } = start();
  supervisor.answer(1, '{"a": "é"}');
  const answer = requests.send('ünique', '[1]');
  assert.deepEqual(supervisor.sent, [[KIND.REQUEST, 1, 'ünique', '[1]']]);
  assert.deepEqual(await answer, { a: 'é' });
});

test('answers come in any order, and some are for nobody', async () => {
  const { supervisor, requests } = start();
  supervisor.answer(2, '"two"');
  supervisor.answer(9, '"nobody"');
  supervisor.answers.push({ kind: KIND.TASK, payload: Buffer.alloc(0) });
  supervisor.answer(1, '"one"');
  assert.deepEqual(await Promise.all([requests.send('a', ''), requests.send('b', '')]), ['one', 'two']);
});

test('an error rejects with what it is', async () => {
  const { supervisor, requests } = start();
  supervisor.answer(1, '{"message": "no"}', 1);
  await assert.rejects(requests.send('a', ''), (error) => error.message === 'no');
});

test('an answer can be read by another parser, whose error is the request’s', async () => {
  const { supervisor, requests } = start();
  supervisor.answer(1, 'text');
  supervisor.answer(2, 'text');
  assert.equal(await requests.send('a', '', (text) => text.toUpperCase()), 'TEXT');
  await assert.rejects(requests.send('a', ''), SyntaxError);
});

test('timers go on while an answer is on its way', async () => {
  const { supervisor, requests } = start();
  supervisor.answer(1, '1');
  const timer = setTimeout(() => {}, 60_000);
  assert.equal(await requests.send('a', ''), 1);
  clearTimeout(timer);
  assert.equal(supervisor.later, 1);
});

test('the end of the supervisor is noticed', async () => {
  const { requests, state } = start();
  requests.send('a', '');
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(state.gone, true);
});
