'use strict';

// Frames on the worker's socket: kind (u8), length of the payload (u32, little-endian), payload.

const {
  BufferAllocate,
  BufferFrom,
  BufferPrototypeCopy,
  BufferPrototypeSubarray,
  BufferPrototypeWrite,
  ErrorConstructor,
  read,
  readSync,
} = require('./captured');
const { writeFully } = require('./write');

const KIND = Object.freeze({
  __proto__: null,
  TASK: 1,
  ANSWER: 2,
  REHEARSE: 3,
  GIVEN_FILE: 4,
  WAITING: 17,
  LOG: 18,
  REQUEST: 19,
  RESULT: 20,
  ERROR: 21,
  FILE: 23,
});

const HEADER_BYTES = 5;

const MAXIMUM_PAYLOAD_BYTES = 0xffffffff;

/** A frame up to this size goes out in one system call and needs no memory of its own. */
const SMALL_FRAME_BYTES = 16 * 1024;

/** What is read ahead: a whole frame in one system call as long as the task is small. */
const READ_AHEAD_BYTES = 64 * 1024;

function readUnsigned32(buffer, offset) {
  return buffer[offset] + buffer[offset + 1] * 0x100 + buffer[offset + 2] * 0x10000 + buffer[offset + 3] * 0x1000000;
}

function writeUnsigned32(buffer, value, offset) {
  buffer[offset] = value;
  buffer[offset + 1] = value >>> 8;
  buffer[offset + 2] = value >>> 16;
  buffer[offset + 3] = value >>> 24;
}

/** Sends frames; each has left the process when the method returns. */
class FrameWriter {
  #descriptor;
  #outgoing = BufferAllocate(SMALL_FRAME_BYTES);

  constructor(descriptor) {
    this.#descriptor = descriptor;
  }

  #putHeader(kind, length) {
    this.#outgoing[0] = kind;
    writeUnsigned32(this.#outgoing, length, 1);
  }

  /** Sends a frame whose payload is bytes. */
  sendBytes(kind, payload) {
    const { length } = payload;
    if (length > MAXIMUM_PAYLOAD_BYTES) {
      throw new ErrorConstructor('A frame cannot be longer than 4 GiB');
    }
    this.#putHeader(kind, length);
    if (HEADER_BYTES + length <= SMALL_FRAME_BYTES) {
      BufferPrototypeCopy(payload, this.#outgoing, HEADER_BYTES);
      writeFully(this.#descriptor, this.#outgoing, HEADER_BYTES + length);
    } else {
      writeFully(this.#descriptor, this.#outgoing, HEADER_BYTES);
      writeFully(this.#descriptor, payload, length);
    }
  }

  /** Sends a frame whose payload is text. */
  sendText(kind, text) {
    // A UTF-16 code unit is at most three bytes of UTF-8, so a text this short always fits.
    if (HEADER_BYTES + text.length * 3 > SMALL_FRAME_BYTES) {
      this.sendBytes(kind, BufferFrom(text, 'utf8'));
      return;
    }
    const length = BufferPrototypeWrite(this.#outgoing, text, HEADER_BYTES, 'utf8');
    this.#putHeader(kind, length);
    writeFully(this.#descriptor, this.#outgoing, HEADER_BYTES + length);
  }
}

/** Takes frames from a stream of bytes, read with or without waiting. */
class FrameReader {
  #descriptor;
  #buffer = BufferAllocate(READ_AHEAD_BYTES);
  #start = 0;
  #end = 0;

  constructor(descriptor) {
    this.#descriptor = descriptor;
  }

  /** The next frame that has been read completely, or null. */
  #take() {
    const available = this.#end - this.#start;
    if (available < HEADER_BYTES) {
      return null;
    }
    const length = readUnsigned32(this.#buffer, this.#start + 1);
    if (available < HEADER_BYTES + length) {
      this.#makeRoom(HEADER_BYTES + length);
      return null;
    }
    const start = this.#start + HEADER_BYTES;
    const frame = {
      __proto__: null,
      kind: this.#buffer[this.#start],
      payload: BufferPrototypeSubarray(this.#buffer, start, start + length),
    };
    this.#start = start + length;
    return frame;
  }

  /** Makes the buffer hold a frame of `size` bytes that begins at its start. Payloads given out stay untouched. */
  #makeRoom(size) {
    if (this.#start + size <= this.#buffer.length) {
      return;
    }
    const larger = BufferAllocate(size > READ_AHEAD_BYTES ? size : READ_AHEAD_BYTES);
    BufferPrototypeCopy(this.#buffer, larger, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#buffer = larger;
  }

  /** Room for the next bytes: a buffer that is used up is left to the payloads that point into it. */
  #prepare() {
    if (this.#end === this.#buffer.length) {
      this.#makeRoom(this.#end - this.#start + HEADER_BYTES);
    }
  }

  /** Waits for the next frame; null when the supervisor has closed the socket. */
  next() {
    for (;;) {
      const frame = this.#take();
      if (frame !== null) {
        return frame;
      }
      this.#prepare();
      const count = readSync(this.#descriptor, this.#buffer, this.#end, this.#buffer.length - this.#end, null);
      if (count === 0) {
        return null;
      }
      this.#end += count;
    }
  }

  /** Calls back with the next frame, or null at the end; the event loop goes on meanwhile. */
  nextLater(callback) {
    const frame = this.#take();
    if (frame !== null) {
      callback(frame);
      return;
    }
    this.#prepare();
    read(this.#descriptor, this.#buffer, this.#end, this.#buffer.length - this.#end, null, (error, count) => {
      if (error !== null || count === 0) {
        callback(null);
        return;
      }
      this.#end += count;
      this.nextLater(callback);
    });
  }
}

module.exports = { FrameReader, FrameWriter, KIND, readUnsigned32, writeUnsigned32 };

//# sourceURL=node:stockade/frames
