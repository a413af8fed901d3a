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

/** Turns the descriptions of Buffers inside `value` back into Buffers. */
function withBuffers(value, Buffer) {
  if (typeof value !== 'object' || value === null) return value;
  if (value.type === 'Buffer' && isArray(value.data)) return Buffer.from(value.data);
  for (const key of Object.keys(value)) {
    const inner = value[key];
    if (typeof inner === 'object' && inner !== null) value[key] = withBuffers(inner, Buffer);
  }
  return value;
}

/** `helpers`, with `request` to send a request and `Buffer` to hold bytes. */
function createHelpers({ request, Buffer }) {
  const helpers = {};
  for (const name of CALLED_IN_N8N) {
    helpers[name] = async (...parameters) => {
      const answer = await request('rpc', stringify({ name: `helpers.${name}`, params: parameters }), parse);
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
