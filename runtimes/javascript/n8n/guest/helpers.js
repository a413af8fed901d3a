'use strict';

// `helpers`: functions that n8n itself runs, asked for over rpc. Bytes cross as `{"type":"Buffer","data":[…]}`.

const { UsageError } = require('./errors');

const CALLED_IN_N8N = [
  'assertBinaryData',
  'getBinaryDataBuffer',
  'prepareBinaryData',
  'setBinaryDataBuffer',
  'binaryToString',
  'httpRequest',
  'request',
];

const NOT_SUPPORTED = [
  'httpRequestWithAuthentication',
  'requestWithAuthenticationPaginated',
  'copyBinaryFile',
  'createReadStream',
  'getBinaryStream',
  'binaryToBuffer',
  'getBinaryMetadata',
  'getStoragePath',
  'getBinaryPath',
  'writeContentToFile',
  'copyInputItems',
  'returnJsonArray',
  'normalizeItems',
  'getSSHClient',
  'createDeferredPromise',
  'constructExecutionMetaData',
];

const { parse, stringify } = JSON;
const { isArray } = Array;
const { join } = Uint8Array.prototype;

// Buffer belongs to another realm, which copies a list of this one forty times slower than this loop.
function bufferOf(bytes, Buffer) {
  const buffer = Buffer.alloc(bytes.length);
  for (let index = 0; index < bytes.length; index++) buffer[index] = bytes[index];
  return buffer;
}

/** Turns the descriptions of Buffers inside `value` back into Buffers. */
function withBuffers(value, Buffer) {
  if (typeof value !== 'object' || value === null) return value;
  if (value.type === 'Buffer' && isArray(value.data)) return bufferOf(value.data, Buffer);
  for (const key of Object.keys(value)) {
    const inner = value[key];
    if (typeof inner === 'object' && inner !== null) value[key] = withBuffers(inner, Buffer);
  }
  return value;
}

// What JSON.stringify makes of a Buffer, without the array of numbers that it would make first.
function bufferText(buffer) {
  return `{"type":"Buffer","data":[${join.call(buffer, ',')}]}`;
}

/** The JSON text of a call's parameters. */
function parametersText(parameters, Buffer) {
  const texts = parameters.map((value) => (Buffer.isBuffer(value) ? bufferText(value) : (stringify(value) ?? 'null')));
  return `[${texts.join(',')}]`;
}

/** `helpers`, with `request` to send a request and `Buffer` to hold bytes. */
function createHelpers({ request, Buffer }) {
  const helpers = {};
  for (const name of CALLED_IN_N8N) {
    helpers[name] = async (...parameters) => {
      const answer = await request('rpc', `{"name":"helpers.${name}","params":${parametersText(parameters, Buffer)}}`, parse);
      return withBuffers(answer, Buffer);
    };
  }
  for (const name of NOT_SUPPORTED) {
    helpers[name] = () => {
      throw new UsageError(`The function "helpers.${name}" is not supported in the Code Node`);
    };
  }
  return helpers;
}

module.exports = { createHelpers };
