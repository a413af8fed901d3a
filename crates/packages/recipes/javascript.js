// Runs npm inside the walls: a task of Stockade, whose inputs are the variables `step`, `registry`, `certificates`,
// `added`, `packages`, `install`, `remove` and `scripts`. Progress goes to stderr, the installed files as an archive to
// stdout, and what they are is the result.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const FOLDER = "/tmp/set";
const CERTIFICATES = "/tmp/certificates.pem";

const beside = path.resolve(path.dirname(process.execPath), "..");
const places = [`${beside}/lib/node_modules/npm`, "/usr/lib/node_modules/npm", "/usr/share/nodejs/npm"];
const client = places.map((place) => `${place}/bin/npm-cli.js`).find((file) => fs.existsSync(file));
if (client === undefined) {
  throw new Error("there is no npm beside this Node.js: install npm, or name a Node.js that has one with `--node`");
}

const environment = {
  PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
  HOME: "/tmp",
  npm_config_registry: registry,
  npm_config_cache: "/tmp/npm-cache",
  npm_config_update_notifier: "false",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_progress: "false",
  npm_config_loglevel: "http",
  npm_config_allow_git: "none",
  // An interpreter that is shown elsewhere than it was installed may have its libraries beside it.
  ...(beside !== "/usr" && { LD_LIBRARY_PATH: `${beside}/lib` }),
};
if (certificates) {
  fs.writeFileSync(CERTIFICATES, certificates);
  environment.NODE_EXTRA_CA_CERTS = CERTIFICATES;
}

function run(program, options, stdout) {
  const ended = spawnSync(program, options, {
    cwd: FOLDER,
    env: environment,
    stdio: ["ignore", stdout, 2],
    maxBuffer: 1 << 26,
  });
  if (ended.status !== 0) {
    const name = program === process.execPath ? "npm" : program;
    throw new Error(`${name} has failed with ${ended.error?.message ?? `exit status ${ended.status ?? ended.signal}`}`);
  }
  return ended.stdout;
}

function npm(options, stdout = 2) {
  return run(process.execPath, [client, ...options], stdout);
}

fs.mkdirSync(FOLDER);
if (step === "hosts") {
  const found = new Set();
  for (const name of install) {
    const answer = npm(["view", name, "dist.tarball", "--json"], "pipe").toString();
    for (const address of [JSON.parse(answer || "[]")].flat()) {
      const { protocol, host } = new URL(address);
      found.add(`${protocol}//${host}`);
    }
  }
  return [...found];
}

const root = { name: "packages", version: "0.0.0", dependencies: added };
fs.writeFileSync(`${FOLDER}/package.json`, JSON.stringify({ ...root, private: true }));
if (Object.keys(packages).length > 0) {
  const lock = { ...root, lockfileVersion: 3, requires: true, packages: { "": root, ...packages } };
  fs.writeFileSync(`${FOLDER}/package-lock.json`, JSON.stringify(lock));
}
const options = scripts ? [] : ["--ignore-scripts"];
if (install.length === 0 && remove.length === 0) {
  npm(["ci", ...options]);
}
if (remove.length > 0) {
  npm(["uninstall", ...options, ...remove]);
}
if (install.length > 0) {
  npm(["install", ...options, "--save-exact", ...install]);
}
const installed = JSON.parse(fs.readFileSync(`${FOLDER}/package-lock.json`, "utf8")).packages;
run("tar", ["--create", "--file=-", "--owner=0", "--group=0", "--hard-dereference", "node_modules"], 1);
return { packages: installed };
