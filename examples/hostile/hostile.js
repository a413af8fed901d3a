// stockade run examples/hostile/hostile.js
//
// What the walls answer to a program that tries to get out. Every attempt is real, and fails.

const fs = require('node:fs');
const net = require('node:net');
const { spawnSync } = require('node:child_process');

const attempts = {
  'read passwords': () => fs.readFileSync('/etc/shadow', 'utf8'),
  'look at homes': () => fs.readdirSync('/root'),
  'read secrets of the environment': () => {
    const ordinary = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ'];
    return Object.keys(process.env).filter((name) => !ordinary.includes(name)).join() || 'nothing to steal';
  },
  'call home': () =>
    new Promise((resolve, reject) => {
      net.connect(443, '203.0.113.1').on('connect', resolve).on('error', reject);
    }),
  'see other processes': () => fs.readdirSync('/proc'),
  'leave a file behind': () => fs.writeFileSync('/usr/local/bin/backdoor', '#!/bin/sh\n'),
  'start a shell': () => {
    const { error, stdout, stderr } = spawnSync('/bin/sh', ['-c', 'cat /etc/shadow'], { encoding: 'utf8' });
    if (error) throw error;
    return stdout || stderr.trim();
  },
  'kill everything': () => process.kill(-1, 'SIGKILL') && 'nothing else is there to be killed',
};

const answers = {};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    answers[name] = String(await attempt());
  } catch (error) {
    answers[name] = error.code ? error.message : `${error.name}: ${error.message}`;
  }
  console.log(name.padEnd(34) + answers[name]);
}

return answers;
