#!/usr/bin/env node
// stockade task examples/task-hello -- Ada Grace
//
// A task directory as the Nautilus task runner knows it: plain Node.js, nothing of Stockade in it.

const fs = require('node:fs');
const path = require('node:path');

console.log('🚀 Task starting...');

async function main() {
  try {
    const result = await performWork(process.argv.slice(2));
    console.log('✅ Result:', result);
    process.exit(0);
  } catch (error) {
    console.error('❌ Error:', error.message);
    process.exit(1);
  }
}

async function performWork(names) {
  if (names.length === 0) throw new Error('whom to greet? Give names after `--`');
  const greetings = JSON.parse(fs.readFileSync(path.join(__dirname, 'greetings.json'), 'utf8'));
  return names.map((name, position) => `${greetings[position % greetings.length]}, ${name}!`).join(' ');
}

process.on('SIGTERM', () => {
  console.log('🛑 Graceful shutdown...');
  process.exit(0);
});

main();
