'use strict';

const assert = require('node:assert/strict');
const { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { FrameReader, FrameWriter, KIND } = require('../harness/frames');

let directory;

before(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'stockade-frames-'));
});

after(() => rmSync(directory, { recursive: true }));

/** Opens a file, lets `use` work with its descriptor, and closes it. */
async function withFile(name, flags, use) {
  const descriptor = openSync(path.join(directory, name), flags);
  try {
    return await use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Lengths around every limit: empty, in one call, longer than what is read ahead. */
const LENGTHS = [0, 1, 16 * 1024 - 6, 16 * 1024 - 5, 16 * 1024 - 4, 64 * 1024, 200_000, 3];

const payloadOf = (length, index) => Buffer.alloc(length, index + 1);

test('frames that are written are read again, whatever their size', async () => {
  await withFile('frames', 'w', (descriptor) => {
    const writer = new FrameWriter(descriptor);
    LENGTHS.forEach((length, index) => writer.sendBytes(KIND.LOG + index, payloadOf(length, index)));
  });
  for (const read of [(reader) => reader.next(), (reader) => new Promise((resolve) => reader.nextLater(resolve))]) {
    await withFile('frames', 'r', async (descriptor) => {
      const reader = new FrameReader(descriptor);
      const frames = [];
      for (let frame = await read(reader); frame !== null; frame = await read(reader)) {
        frames.push(frame);
      }
      // Earlier payloads must not change while later frames are read.
      assert.deepEqual(
        frames.map(({ kind, payload }) => [kind, Buffer.compare(payload, payloadOf(payload.length, kind - KIND.LOG)), payload.length]),
        LENGTHS.map((length, index) => [KIND.LOG + index, 0, length]),
      );
    });
  }
});

test('text is written as UTF-8', async () => {
  for (const length of [10, 5460, 5461, 6000, 20_000]) {
    const text = '€'.repeat(length);
    await withFile('text', 'w', (descriptor) => new FrameWriter(descriptor).sendText(KIND.RESULT, text));
    const bytes = readFileSync(path.join(directory, 'text'));
    assert.deepEqual([bytes[0], bytes.readUInt32LE(1), bytes.subarray(5).toString()], [KIND.RESULT, length * 3, text]);
  }
});

test('a frame that is cut off is the end', async () => {
  for (const bytes of [[], [1, 0], [1, 5, 0, 0, 0, 9]]) {
    writeFileSync(path.join(directory, 'short'), Buffer.from(bytes));
    await withFile('short', 'r', async (descriptor) => {
      assert.equal(new FrameReader(descriptor).next(), null);
      assert.equal(await new Promise((resolve) => new FrameReader(descriptor).nextLater(resolve)), null);
    });
  }
});
