'use strict';

// Mode "n8n": runs the code of n8n's Code nodes. `prepare` fits out a realm in the zygote, `run` serves the one task of a
// worker. What user code sees is in ./guest, what happens around it in ./host.

const { randomFillSync } = require('node:crypto');
const { acceptInstances } = require('./host/instances');
const { NATIVES, closeMainRealm, openMainRealm } = require('./host/main-realm');
const { Realm } = require('./host/realm');
const { SHORT, rehearse } = require('./host/rehearsal');
const { Session } = require('./host/session');

const PACKAGES = '/packages/javascript';
/** Rules of tasks that come without any, in a zygote that has none either. */
const DEFAULT_RULES = { builtin_allow: [], external_allow: [], insecure: false, timezone: 'America/New_York' };
/** Enough to reach the user's own line below those of a package. */
const FRAMES_KEPT = 50;

let packages = PACKAGES;
/** What the code of tasks may require, and the time zone of workflows without their own: the same for all tasks. */
let rulesOfAll = DEFAULT_RULES;
/** The session for a task in secure mode, fitted out ahead of it. */
let prepared = null;
/** The session of the task at hand. */
let current = null;

function secureSession() {
  const realm = Realm.ofItsOwn();
  acceptInstances(realm.global, globalThis);
  realm.global.Error.stackTraceLimit = FRAMES_KEPT;
  realm.global.Math.random = realm.load('random').createRandom(() => randomFillSync(new Uint32Array(4)));
  return new Session(realm, NATIVES, packages);
}

/**
 * Once, in the zygote: loads all that a task may need and lets tasks run through it, so that what is compiled when it
 * is first used is there before the fork. `packages` is the folder that holds the npm packages in its node_modules,
 * `rules` are those of tasks that bring none of their own.
 */
async function prepare({ packages: folder, rules } = {}) {
  packages = folder ?? PACKAGES;
  rulesOfAll = { ...DEFAULT_RULES, ...rules };
  prepared = secureSession();
  await rehearse(prepared, rulesOfAll);
}

/** In the zygote, when all packages are loaded: does what would be done for each task alike. */
function settle() {
  if (!rulesOfAll.insecure) closeMainRealm();
}

/** In a worker whose task is in another mode: undoes that. */
const unsettle = openMainRealm;

/**
 * Serves the task of this worker: exactly one result or error goes to the channel. Data of the execution that comes with
 * the task, as its inputs, is not asked for: neither is the code analysed nor does the task wait for n8n then. Whoever
 * sends it along takes the request for it from an earlier task with the same code, one that asked for no node types.
 */
async function run(task, channel) {
  task.settings.rules ??= rulesOfAll;
  if (task.settings.rules.insecure) {
    openMainRealm();
    current = new Session(Realm.ofTheProcess(), [], packages);
  } else {
    current = prepared ?? secureSession();
    Error.stackTraceLimit = FRAMES_KEPT;
    closeMainRealm();
  }
  await current.serve(task, channel);
}

/** The full ERROR frame for something that was thrown, also outside of what `run` awaits (timers, rejections). */
function failureOf(thrown) {
  return (current ?? prepared).failureOf(thrown);
}

/** What n8n is told about something that was thrown: the object for runner:taskerror. */
function describeError(thrown) {
  return failureOf(thrown).details;
}

module.exports = { REHEARSAL: SHORT, prepare, settle, unsettle, run, failureOf, describeError };
