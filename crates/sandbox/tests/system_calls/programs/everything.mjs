// What JavaScript programs do, in one process and its children.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { exec, execFileSync, fork, spawn } from "node:child_process";
import * as crypto from "node:crypto";
import { EventEmitter, once } from "node:events";
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as v8 from "node:v8";
import * as vm from "node:vm";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import * as zlib from "node:zlib";

const self = fileURLToPath(import.meta.url);

async function processes() {
  const { stdout } = await promisify(exec)("echo $((6 * 7))", { shell: "/bin/sh" });
  assert.equal(stdout, "42\n");
  assert.equal(execFileSync("cat", { input: "through" }).toString(), "through");
  const child = spawn("sleep", ["100"], { detached: true, stdio: ["pipe", "pipe", "inherit"] });
  child.kill();
  assert.equal((await once(child, "exit"))[1], "SIGTERM");
  const forked = fork(self, ["forked"]);
  forked.send("question");
  assert.deepEqual(await once(forked, "message"), ["answer", undefined]);
  const exit = once(forked, "exit");
  forked.disconnect();
  await exit;
}

async function threads() {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const workers = Array.from({ length: 3 }, () => new Worker(self, { workerData: shared }));
  await Promise.all(workers.map((worker) => once(worker, "exit")));
  assert.equal(Atomics.load(shared, 0), 3);
  await Promise.all(Array.from({ length: 8 }, () => promisify(crypto.pbkdf2)("a", "b", 1000, 32, "sha256")));
  assert.equal((await promisify(crypto.scrypt)("a", "b", 16)).length, 16);
  const data = Buffer.alloc(100_000, "a");
  assert.deepEqual(await promisify(zlib.gunzip)(await promisify(zlib.gzip)(data)), data);
}

async function files() {
  const folder = await fsp.mkdtemp(path.join(os.tmpdir(), "files-"));
  const file = path.join(folder, "file");
  await fsp.writeFile(file, "text");
  await fsp.copyFile(file, path.join(folder, "copy"), fs.constants.COPYFILE_FICLONE);
  await fsp.symlink("file", path.join(folder, "link"));
  await fsp.rename(file, path.join(folder, "renamed"));
  await fsp.mkdir(path.join(folder, "a/b"), { recursive: true });
  await fsp.cp(folder, path.join(os.tmpdir(), "second"), { recursive: true, verbatimSymlinks: true });
  const handle = await fsp.open(path.join(folder, "renamed"), "r+");
  await handle.sync();
  await handle.utimes(0, 0);
  await handle.truncate(10);
  await handle.close();
  await pipeline(fs.createReadStream(path.join(folder, "renamed")), fs.createWriteStream(path.join(folder, "piped")));
  for await (const entry of await fsp.opendir(folder)) assert.ok(entry.name);
  assert.ok((await fsp.readdir(folder, { withFileTypes: true })).length);
  await fsp.rm(folder, { recursive: true });
  fs.rmSync(path.join(os.tmpdir(), "second"), { recursive: true });
}

async function language() {
  // (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
  const binary = Buffer.from("0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b", "hex");
  const { instance } = await WebAssembly.instantiate(binary);
  assert.equal(instance.exports.add(2, 40), 42);
  let sum = 0;
  for (let index = 0; index < 20_000_000; index += 1) sum = (sum + index) | 0;
  assert.ok(Number.isInteger(sum));
  assert.equal(vm.runInNewContext("a + 1", { a: 1 }), 2);
  assert.equal(new Intl.DateTimeFormat("de", { timeZone: "Asia/Tokyo" }).resolvedOptions().timeZone, "Asia/Tokyo");
  let garbage = [];
  for (let index = 0; index < 300_000; index += 1) garbage.push({ index });
  garbage = null;
  global.gc();
  assert.ok(v8.getHeapStatistics().used_heap_size);
  assert.ok(createRequire(self)("node:util"));
  const storage = new AsyncLocalStorage();
  await storage.run(1, async () => {
    await sleep(1);
    assert.equal(storage.getStore(), 1);
  });
}

async function surroundings() {
  assert.ok(os.cpus().length && os.totalmem() && os.freemem() && os.uptime() && os.hostname());
  assert.ok(os.userInfo().username);
  assert.ok(process.memoryUsage().rss && process.cpuUsage().user && process.resourceUsage().maxRSS);
  assert.ok(process.hrtime.bigint() && performance.now());
  process.title = "title";
  process.umask(0o22);
  crypto.randomUUID();
  crypto.randomBytes(16);
  crypto.getRandomValues(new Uint8Array(16));
  crypto.generateKeyPairSync("ed25519");
  await crypto.subtle.digest("SHA-256", new Uint8Array(1));
  const signalled = once(process, "SIGUSR2");
  // Waiting for a signal alone does not keep the process running.
  const timer = setInterval(() => {}, 1000);
  process.kill(process.pid, "SIGUSR2");
  await signalled;
  clearInterval(timer);
  assert.ok(new EventEmitter().listenerCount("x") === 0);
  setInterval(() => {}, 1000).unref();
  await new Promise((resolve) => setImmediate(resolve));
}

if (!isMainThread) {
  Atomics.add(workerData, 0, 1);
  parentPort.close();
} else if (process.argv[2] === "forked") {
  process.once("message", () => process.send("answer"));
} else {
  for (const part of [processes, threads, files, language, surroundings]) await part();
  console.log("all is well");
}
