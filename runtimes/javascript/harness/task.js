'use strict';

// The TASK frame: settings (JSON), code, inputs (JSON that is parsed where it is used).

const { readUnsigned32 } = require('./frames');

/** A task that is not what the contract says; carries what the outcome reports. */
class ValidationFailure extends Error {
  constructor(message) {
    super(message);
    this.report = { code: 'VALIDATION_ERROR', message };
  }
}

const isText = (value) => typeof value === 'string';

const isListOfText = (value) => Array.isArray(value) && value.every(isText);

const isObjectOfText = (value) =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && Object.values(value).every(isText);

/** Takes a length and the bytes after it; gives the bytes and the place behind them. */
function section(payload, start) {
  const end = start + 4 + (start + 4 <= payload.length ? readUnsigned32(payload, start) : 0);
  if (end > payload.length) {
    throw new ValidationFailure('The task is cut off');
  }
  return [payload.subarray(start + 4, end), end];
}

function readSettings(text) {
  let settings;
  try {
    settings = JSON.parse(text);
  } catch (error) {
    throw new ValidationFailure(`The settings are not JSON: ${error.message}`);
  }
  if (settings === null || typeof settings !== 'object') {
    throw new ValidationFailure('The settings have to be a JSON object');
  }
  return settings;
}

function check(name, value, isValid, expected) {
  if (value !== undefined && value !== null && !isValid(value)) {
    throw new ValidationFailure(`\`${name}\` has to be ${expected}`);
  }
}

/** The task of a TASK frame, with every setting in place. Throws a ValidationFailure. */
function parseTask(payload) {
  const [settingsBytes, codeStart] = section(payload, 0);
  const [codeBytes, inputsStart] = section(payload, codeStart);
  const settings = readSettings(settingsBytes.toString());
  check('file', settings.file, isText, 'a string');
  check('allow', settings.allow, isListOfText, 'a list of module names');
  check('arguments', settings.arguments, isListOfText, 'a list of strings');
  check('output', settings.output, Number.isSafeInteger, 'a number of bytes');
  check('environment', settings.environment, isObjectOfText, 'an object of strings');
  settings.file ??= 'code.js';
  settings.allow ??= null;
  settings.output ??= null;
  settings.arguments ??= [];
  settings.environment ??= {};
  return { settings, code: codeBytes.toString(), inputs: payload.subarray(inputsStart) };
}

module.exports = { ValidationFailure, parseTask };

//# sourceURL=node:stockade/task
