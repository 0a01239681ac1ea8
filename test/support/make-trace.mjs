// Makes a trace for `ostro simulate` on the simulated data center.
//   node test/support/make-trace.mjs VMS SEED [--hosts 64] [--load 0.9] > trace.csv
// Arrivals are Poisson, lifetimes exponential (a day on average), every tenth application has three VMs kept on
// different hosts. The load is the share of all vCPUs that would be in use on average if nothing were refused.

const [vms, seed] = process.argv.slice(2, 4).map(Number);
const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
};
if (!(vms > 0) || !Number.isInteger(seed)) {
  console.error("usage: make-trace.mjs VMS SEED [--hosts 64] [--load 0.9]");
  process.exit(2);
}

/** Flavors of the simulated data center with their vCPUs and how often one is asked for. */
const FLAVORS = [
  ["m1.tiny", 1, 0.25],
  ["m1.small", 1, 0.3],
  ["m1.medium", 2, 0.25],
  ["m1.large", 4, 0.15],
  ["bflavor2", 3, 0.05],
];
const VCPUS_OF_A_HOST = 16;
const LIFETIME = 86_400;
const MEMBERS = 3;

const meanVcpus = FLAVORS.reduce((sum, [, vcpus, share]) => sum + vcpus * share, 0);
const running = (option("load", 0.9) * option("hosts", 64) * VCPUS_OF_A_HOST) / meanVcpus;
const meanMembers = 0.9 + 0.1 * MEMBERS;
const meanGap = (LIFETIME / running) * meanMembers;

/** Mulberry32. */
let state = seed >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const exponential = (mean) => Math.ceil(-mean * Math.log(1 - random()));

function flavor() {
  let at = random();
  for (const [name, , share] of FLAVORS) {
    at -= share;
    if (at < 0) return name;
  }
  return FLAVORS[0][0];
}

const lines = ["time,id,flavor,lifetime,app,groups"];
let time = 0;
for (let made = 0, application = 0; made < vms; application++) {
  const members = random() < 0.1 ? MEMBERS : 1;
  const name = members > 1 ? `app${application}` : "";
  const size = flavor();
  const lifetime = exponential(LIFETIME);
  for (let member = 0; member < members && made < vms; member++)
    lines.push([time.toFixed(1), `vm${made++}`, size, lifetime, name, name && `host:DIV:${name}-apart`].join(","));
  time += -meanGap * Math.log(1 - random());
  if (lines.length >= 10_000) {
    process.stdout.write(`${lines.join("\n")}\n`);
    lines.length = 0;
  }
}
if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
