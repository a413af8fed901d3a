'use strict';

const assert = require('node:assert/strict');
const { before, test } = require('node:test');
const random = require('../harness/random');

before(() => {
  random.install();
  random.reseed();
});

test('numbers are from 0 up to 1 and spread evenly', () => {
  const counts = new Array(16).fill(0);
  for (let index = 0; index < 160_000; index += 1) {
    const number = Math.random();
    assert.ok(number >= 0 && number < 1);
    counts[Math.floor(number * 16)] += 1;
  }
  // Six standard deviations around 10 000.
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 600, String(counts));
});

test('numbers have 53 bits', () => {
  const numbers = Array.from({ length: 200 }, () => Math.random() * 2 ** 53);
  assert.ok(numbers.every(Number.isInteger));
  assert.ok(numbers.some((number) => number % 2 === 1) && numbers.some((number) => number % 2 === 0));
});

test('a new seed gives other numbers', () => {
  const sequences = Array.from({ length: 50 }, () => {
    random.reseed();
    return Math.random();
  });
  assert.equal(new Set(sequences).size, sequences.length);
});

test('Math.random looks like the builtin one', () => {
  const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(Math, 'random');
  assert.deepEqual([writable, enumerable, configurable], [true, false, true]);
  assert.deepEqual([Math.random.name, Math.random.length], ['random', 0]);
});
