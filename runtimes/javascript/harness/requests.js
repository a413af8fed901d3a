'use strict';

// Requests of a task to the supervisor, and their answers, while the task goes on.
//
// Answers come on a blocking socket. As long as the event loop has nothing else to wait for, it waits in `read`
// instead of in `epoll_wait`; that takes no thread and no set-up. When timers or sockets of the task are active as
// well, libuv's thread pool reads, which costs a worker about a millisecond once.

const {
  BufferAllocate,
  BufferPrototypeCopy,
  BufferPrototypeToString,
  BufferPrototypeWrite,
  JSONParse,
  PromiseConstructor,
  setImmediate,
} = require('./captured');
const { KIND, readUnsigned32, writeUnsigned32 } = require('./frames');
const { isIdle } = require('./idle');

/** Payload of a REQUEST: id (u32), length of the name (u16), name, parameters. */
const NAME_OFFSET = 6;
/** Payload of an ANSWER: id (u32), status (u8), value. */
const VALUE_OFFSET = 5;
const SUCCEEDED = 0;

/** Bytes that a UTF-16 code unit takes in UTF-8, at most. */
const BYTES_PER_UNIT = 3;

function encode(identifier, name, parameters) {
  const payload = BufferAllocate(NAME_OFFSET + (name.length + parameters.length) * BYTES_PER_UNIT);
  const nameBytes = BufferPrototypeWrite(payload, name, NAME_OFFSET, 'utf8');
  const start = NAME_OFFSET + nameBytes;
  const end = start + BufferPrototypeWrite(payload, parameters, start, 'utf8');
  writeUnsigned32(payload, identifier, 0);
  payload[4] = nameBytes;
  payload[5] = nameBytes >>> 8;
  const exact = BufferAllocate(end);
  BufferPrototypeCopy(payload, exact, 0, 0, end);
  return exact;
}

class Requests {
  #reader;
  #writer;
  #onSupervisorGone;
  #lastIdentifier = 0;
  #waiting = { __proto__: null };
  #count = 0;
  #reading = false;

  /** Frames come from `reader` and go to `writer`; `onSupervisorGone` is called when no more will come. */
  constructor(reader, writer, onSupervisorGone) {
    this.#reader = reader;
    this.#writer = writer;
    this.#onSupervisorGone = onSupervisorGone;
  }

  /** Sends a request; `read` makes a value of the answer's JSON, also of an error, with which the promise rejects. */
  send(name, parameters, read = JSONParse) {
    this.#lastIdentifier += 1;
    const identifier = this.#lastIdentifier;
    this.#writer.sendBytes(KIND.REQUEST, encode(identifier, name, parameters));
    return new PromiseConstructor((resolve, reject) => {
      this.#waiting[identifier] = { __proto__: null, resolve, reject, read };
      this.#count += 1;
      this.#wait();
    });
  }

  /** Makes sure that somebody waits for the next answer. Code that is running may go on to its end first. */
  #wait() {
    if (this.#reading || this.#count === 0) {
      return;
    }
    this.#reading = true;
    setImmediate(() => {
      if (isIdle()) {
        this.#receive(this.#reader.next());
      } else {
        this.#reader.nextLater((frame) => this.#receive(frame));
      }
    });
  }

  #receive(frame) {
    this.#reading = false;
    if (frame === null) {
      this.#onSupervisorGone();
      return;
    }
    if (frame.kind === KIND.ANSWER) {
      this.#settle(frame.payload);
    }
    this.#wait();
  }

  #settle(payload) {
    const identifier = readUnsigned32(payload, 0);
    const waiting = this.#waiting[identifier];
    if (waiting === undefined) {
      return;
    }
    delete this.#waiting[identifier];
    this.#count -= 1;
    const text = BufferPrototypeToString(payload, 'utf8', VALUE_OFFSET);
    let value;
    try {
      value = waiting.read(text);
    } catch (error) {
      waiting.reject(error);
      return;
    }
    if (payload[4] === SUCCEEDED) {
      waiting.resolve(value);
    } else {
      waiting.reject(value);
    }
  }
}

module.exports = { Requests };

//# sourceURL=node:stockade/requests
