'use strict';

// Builtins as they are before any user code runs. User code may replace every global, prototype method and property
// of a builtin module; what the harness does after it has started goes through these instead.

const fs = require('fs');
const { inspect, types } = require('util');

const { apply, bind, call } = Function.prototype;

/** Turns a method into a function that takes `this` as its first argument. */
const uncurryThis = bind.bind(call);

module.exports = {
  ArrayIsArray: Array.isArray,
  ArrayPrototypePush: uncurryThis(Array.prototype.push),
  BigIntPrototypeToString: uncurryThis(BigInt.prototype.toString),
  BufferAllocate: Buffer.allocUnsafeSlow,
  BufferFrom: Buffer.from,
  BufferPrototypeCopy: uncurryThis(Buffer.prototype.copy),
  BufferPrototypeSubarray: uncurryThis(Buffer.prototype.subarray),
  BufferPrototypeToString: uncurryThis(Buffer.prototype.toString),
  BufferPrototypeWrite: uncurryThis(Buffer.prototype.write),
  ErrorConstructor: Error,
  FunctionPrototypeApply: uncurryThis(apply),
  FunctionPrototypeBind: uncurryThis(bind),
  FunctionPrototypeToString: uncurryThis(Function.prototype.toString),
  JSONParse: JSON.parse,
  JSONStringify: JSON.stringify,
  ObjectCreate: Object.create,
  ObjectDefineProperty: Object.defineProperty,
  ObjectKeys: Object.keys,
  PromiseConstructor: Promise,
  PromisePrototypeThen: uncurryThis(Promise.prototype.then),
  StringPrototypeCharCodeAt: uncurryThis(String.prototype.charCodeAt),
  StringPrototypeIncludes: uncurryThis(String.prototype.includes),
  StringPrototypeIndexOf: uncurryThis(String.prototype.indexOf),
  StringPrototypeLastIndexOf: uncurryThis(String.prototype.lastIndexOf),
  StringPrototypeSlice: uncurryThis(String.prototype.slice),
  StringPrototypeSplit: uncurryThis(String.prototype.split),
  StringPrototypeStartsWith: uncurryThis(String.prototype.startsWith),
  String,
  activeResources: process.getActiveResourcesInfo.bind(process),
  closeSync: fs.closeSync,
  fstatSync: fs.fstatSync,
  inspect,
  isNativeError: types.isNativeError,
  isProxy: types.isProxy,
  lstatSync: fs.lstatSync,
  openSync: fs.openSync,
  queueMicrotask,
  read: fs.read,
  readSync: fs.readSync,
  readdirSync: fs.readdirSync,
  setImmediate,
  setTimeout,
  uncurryThis,
  wait: Atomics.wait,
  writeSync: fs.writeSync,
};

//# sourceURL=node:stockade/captured
