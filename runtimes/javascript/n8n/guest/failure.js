'use strict';

// Turns whatever user code threw into the error that leaves the worker, whatever that does when it is looked at.

const { CODE_FILE } = require('./code-file');
const { ReportedError, ModuleDisallowedError } = require('./errors');

const { stringify } = JSON;
const USER_FRAME = new RegExp(`^\\s+at .*\\b${CODE_FILE.replace('.', '\\.')}:(\\d+)(?::(\\d+))?`);

const CODES_OF_SYSTEM_ERRORS = {
  __proto__: null,
  EPERM: 'PERMISSION_ERROR',
  EACCES: 'PERMISSION_ERROR',
  ENOSPC: 'DISK_LIMIT_ERROR',
  EDQUOT: 'DISK_LIMIT_ERROR',
};

function attempt(read, otherwise) {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function property(value, name) {
  return attempt(() => value[name], undefined);
}

function isError(value) {
  return typeof value === 'object' && value !== null && typeof property(value, 'stack') === 'string';
}

/** The user's own frames of a stack: the first one's line and column, and their text. */
function userFrames(stack) {
  const frames = stack.split('\n').filter((frame) => USER_FRAME.test(frame));
  if (frames.length === 0) return {};
  const [, line, column] = USER_FRAME.exec(frames[0]);
  return { line: Number(line), column: column && Number(column), text: frames.join('\n') };
}

/** The text of an error for a log: what it says, and the user's own frames. */
function readableError(error) {
  const stack = property(error, 'stack');
  if (typeof stack !== 'string') return attempt(() => String(error), 'Error');
  const { text } = userFrames(stack);
  const said = stack.split(/\n\s+at /, 1)[0];
  return text === undefined ? said : `${said}\n${text}`;
}

function withLine(message, line) {
  return line === undefined ? message : `${message} [line ${line}]`;
}

function codeOf(error) {
  if (attempt(() => error instanceof ModuleDisallowedError, false)) return 'PERMISSION_ERROR';
  const code = property(error, 'code');
  if (code === 'EAGAIN' && property(error, 'syscall')?.startsWith?.('spawn')) return 'PROCESS_LIMIT_ERROR';
  return (typeof code === 'string' && CODES_OF_SYSTEM_ERRORS[code]) || 'RUNTIME_ERROR';
}

function failureOfError(error) {
  const stack = property(error, 'stack');
  const message = property(error, 'message');
  const { line, column, text } = userFrames(stack);
  const name = property(error, 'name');
  const reported = attempt(() => ReportedError.detailsOf(error), null);
  const details = reported ?? {
    message: withLine((typeof message === 'string' && message.split('\n')[0]) || 'Unknown error', line),
    description: typeof name === 'string' && name !== 'Error' ? name : null,
  };
  if (!reported && line !== undefined) details.lineNumber = line;
  return {
    code: codeOf(error),
    message: details.message,
    name: typeof name === 'string' ? name : undefined,
    line,
    column,
    stack: text,
    details,
  };
}

function failureOfValue(value) {
  const told = typeof value === 'object' && value !== null ? value : {};
  const message = property(told, 'message');
  const description = property(told, 'description');
  const details = {
    message: typeof message === 'string' ? message : attempt(() => stringify(value), undefined) ?? attempt(() => String(value), 'Unknown error'),
    description: typeof description === 'string' ? description : null,
  };
  return { code: 'RUNTIME_ERROR', message: details.message, details };
}

/** Everything that is to be said about a thrown value. */
function failureOf(thrown) {
  try {
    return isError(thrown) ? failureOfError(thrown) : failureOfValue(thrown);
  } catch {
    // The code changed builtins that were needed to look at what it threw.
    const message = 'The code failed, and what it threw cannot be shown';
    return { code: 'RUNTIME_ERROR', message, details: { message, description: null } };
  }
}

module.exports = { failureOf, readableError };
