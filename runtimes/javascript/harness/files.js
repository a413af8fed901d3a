'use strict';

// Files of a task: those that it is given, before its code runs, and those that it leaves, after its end. User code
// shares its process with all of this, so that nothing here protects anything: the supervisor checks every name and
// counts every byte. Links are not followed because the file that they lead to was not put there to be returned.

const { mkdirSync } = require('fs');
const {
  BufferAllocate,
  BufferPrototypeSubarray,
  BufferPrototypeToString,
  ErrorConstructor,
  StringPrototypeCharCodeAt,
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  readdirSync,
} = require('./captured');
const { KIND } = require('./frames');
const { WORKING_DIRECTORY } = require('./surroundings');
const { verdictOf } = require('./verdicts');
const { writeFully } = require('./write');

const OUTPUT_FOLDER = `${WORKING_DIRECTORY}/output`;

/** Bytes of the length of a name. */
const NAME_LENGTH_BYTES = 2;

// open(2) and inode(7) of Linux.
const READ_WITHOUT_LINKS = 0o400000;
/** A pipe without a writer would keep whoever opens it waiting. */
const READ_WITHOUT_WAITING = 0o4000;
const KIND_OF_FILE = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

const LAST_CONTROL = 0x1f;
const DELETE = 0x7f;
const LAST_UPPER_CONTROL = 0x9f;

/** Writes the file of a frame to where the code will work. */
function keep(payload) {
  const start = NAME_LENGTH_BYTES + payload[0] + payload[1] * 0x100;
  const name = BufferPrototypeToString(payload, 'utf8', NAME_LENGTH_BYTES, start);
  const contents = BufferPrototypeSubarray(payload, start);
  const descriptor = openSync(`${WORKING_DIRECTORY}/${name}`, 'wx', 0o644);
  try {
    writeFully(descriptor, contents, contents.length);
  } finally {
    closeSync(descriptor);
  }
}

const kindOf = (status) => status.mode & KIND_OF_FILE;

function failureOf(error, what) {
  const { code, message, syscall } = error;
  return { __proto__: null, code: verdictOf({ code, message, syscall }), message: `${what}: ${message}` };
}

/** The report of a task whose files could not be written. */
const givenFailure = (error) => failureOf(error, 'A file of the task cannot be written');

/** Throws if no caller could take a file of this name. */
function checkName(name) {
  for (let index = 0; index < name.length; index += 1) {
    const unit = StringPrototypeCharCodeAt(name, index);
    if (unit <= LAST_CONTROL || (unit >= DELETE && unit <= LAST_UPPER_CONTROL)) {
      throw new ErrorConstructor('a name has control characters');
    }
  }
}

/** The folder whose files come back. */
class OutputFolder {
  #left;

  /** `limit`: bytes that the supervisor takes at most. */
  constructor(limit) {
    this.#left = limit;
    mkdirSync(OUTPUT_FOLDER);
  }

  /** Sends the files; gives the report of what went wrong, or null. */
  send(writer) {
    try {
      this.#sendAll(writer);
      return null;
    } catch (error) {
      return failureOf(error, `A file in ${OUTPUT_FOLDER} cannot be returned`);
    }
  }

  #sendAll(writer) {
    const folder = lstatSync(OUTPUT_FOLDER, { __proto__: null, throwIfNoEntry: false });
    if (folder === undefined) {
      return;
    }
    if (kindOf(folder) !== FOLDER) {
      throw new ErrorConstructor('it is no folder any more');
    }
    const names = readdirSync(OUTPUT_FOLDER, { __proto__: null, encoding: 'buffer' });
    for (let index = 0; index < names.length; index += 1) {
      this.#sendFile(writer, names[index]);
    }
  }

  #sendFile(writer, encoded) {
    const name = BufferPrototypeToString(encoded, 'utf8');
    const path = `${OUTPUT_FOLDER}/${name}`;
    const status = lstatSync(path, { __proto__: null, throwIfNoEntry: false });
    if (status === undefined) {
      throw new ErrorConstructor('its name is not UTF-8, or it has gone');
    }
    if (kindOf(status) !== REGULAR) {
      return;
    }
    checkName(name);
    const descriptor = openSync(path, READ_WITHOUT_LINKS | READ_WITHOUT_WAITING);
    try {
      writer.sendBytes(KIND.FILE, this.#payload(encoded, descriptor));
    } finally {
      closeSync(descriptor);
    }
  }

  /** A FILE frame's payload. One byte too many is enough for the supervisor to refuse the rest. */
  #payload(name, descriptor) {
    const { size } = fstatSync(descriptor);
    const wanted = size > this.#left ? this.#left + 1 : size;
    const start = NAME_LENGTH_BYTES + name.length;
    const payload = BufferAllocate(start + wanted);
    payload[0] = name.length;
    payload[1] = name.length >>> 8;
    for (let index = 0; index < name.length; index += 1) {
      payload[NAME_LENGTH_BYTES + index] = name[index];
    }
    let end = start;
    while (end < payload.length) {
      const count = readSync(descriptor, payload, end, payload.length - end, null);
      if (count === 0) {
        break;
      }
      end += count;
    }
    this.#left -= end - start > this.#left ? this.#left : end - start;
    return BufferPrototypeSubarray(payload, 0, end);
  }
}

module.exports = { OutputFolder, givenFailure, keep };

//# sourceURL=node:stockade/files
