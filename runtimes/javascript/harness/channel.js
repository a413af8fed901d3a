'use strict';

// A task's connection to the supervisor: what it sends while it runs, and its one end.

const { JSONStringify } = require('./captured');
const { givenFailure, keep } = require('./files');
const { KIND } = require('./frames');
const { Requests } = require('./requests');

const EMPTY = Buffer.alloc(0);

class Channel {
  #reader;
  #writer;
  #requests;
  #afterEnd;
  #output = null;
  #ended = false;

  /**
   * Frames come from `reader` and go to `writer`. `afterEnd` is called when the task has ended, be it with its last
   * frame or because the supervisor has gone.
   */
  constructor(reader, writer, afterEnd) {
    this.#reader = reader;
    this.#writer = writer;
    this.#requests = new Requests(reader, writer, () => this.#finish());
    this.#afterEnd = afterEnd;
  }

  /** In a worker: waits for its task, and calls `rehearse` if it is asked to; null if no task comes. */
  async receiveTask(rehearse) {
    let frame = this.#reader.next();
    if (frame !== null && frame.kind === KIND.REHEARSE) {
      await rehearse();
      this.#writer.sendBytes(KIND.WAITING, EMPTY);
      frame = this.#reader.next();
    }
    while (frame !== null && frame.kind === KIND.GIVEN_FILE) {
      try {
        keep(frame.payload);
      } catch (error) {
        this.error(givenFailure(error));
      }
      frame = this.#reader.next();
    }
    return frame !== null && frame.kind === KIND.TASK ? frame.payload : null;
  }

  /** Files of this folder are sent before the task's end. */
  returnFiles(folder) {
    this.#output = folder;
  }

  /** Sends one JSON value to the task's log. */
  log(json) {
    this.#writer.sendText(KIND.LOG, json);
  }

  /** Asks the supervisor for something; resolves with the answer, parsed by `read`. */
  request(name, parameters, read) {
    return this.#requests.send(name, parameters, read);
  }

  /** Ends the task with a result; undefined means that it has none. */
  result(json) {
    this.#finish(KIND.RESULT, json ?? '');
  }

  /** Ends the task with an error report. */
  error(report) {
    this.#finish(KIND.ERROR, JSONStringify(report));
  }

  #finish(kind, text) {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    try {
      if (kind !== undefined) {
        this.#sendLast(kind, text);
      }
    } finally {
      this.#afterEnd();
    }
  }

  #sendLast(kind, text) {
    const failure = this.#output === null ? null : this.#output.send(this.#writer);
    if (failure !== null && kind === KIND.RESULT) {
      this.#writer.sendText(KIND.ERROR, JSONStringify(failure));
    } else {
      this.#writer.sendText(kind, text);
    }
  }
}

module.exports = { Channel };

//# sourceURL=node:stockade/channel
