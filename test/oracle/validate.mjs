// Checks and scores an answer to a placement problem (FORMAT.md) without knowing any solver. Plain Node, no dependencies.
//   node validate.mjs problem.json result.json     prints one line of JSON; exit 0 valid or refused, 1 a rule broken, 2 a bad file
// As a module: import { score, problemFaults } from './validate.mjs'
import { readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

const RESOURCES = ["vcpus", "mem_mb", "disk_gb"];
const LEVELS = ["host", "rack", "cluster"];

/** What makes a problem file unusable, in words; empty when it is sound. */
export function problemFaults(p) {
  const faults = [],
    names = new Set();
  if (p.format !== "placement-problem/1") faults.push(`format: ${p.format}`);
  const whole = (v, where) => {
    if (!Number.isSafeInteger(v) || v < 0) faults.push(`${where}: ${v} is not a whole number >= 0`);
  };
  for (const h of p.hosts ?? []) {
    if (names.has(h.name)) faults.push(`host ${h.name} twice`);
    names.add(h.name);
    for (const r of RESOURCES) {
      whole(h.capacity?.[r], `host ${h.name} capacity.${r}`);
      whole(h.used?.[r] ?? 0, `host ${h.name} used.${r}`);
    }
  }
  const app = p.app ?? {},
    vms = new Set((app.vms ?? []).map((v) => v.name)),
    vols = new Set((app.volumes ?? []).map((v) => v.name));
  const groups = new Map((app.groups ?? []).map((g) => [g.name, g]));
  if (vms.size !== (app.vms ?? []).length) faults.push("a VM name twice");
  for (const v of app.vms ?? []) for (const r of RESOURCES) whole(v[r], `vm ${v.name} ${r}`);
  for (const e of p.existing ?? []) if (!names.has(e.host)) faults.push(`existing ${e.id}: unknown host ${e.host}`);
  for (const q of app.pipes ?? [])
    for (const end of [q.a, q.b]) if (!vms.has(end)) faults.push(`pipe end ${end} is no VM`);
  const seen = new Map();
  const walk = (g) => {
    // nesting: known members, no circle, level not higher, no DIV/EX in DIV/EX
    if (seen.get(g.name) === "open") return void faults.push(`group ${g.name}: circular`);
    if (seen.has(g.name)) return;
    seen.set(g.name, "open");
    for (const m of g.members) {
      const sub = groups.get(m);
      if (!sub) {
        if (!vms.has(m) && !vols.has(m)) faults.push(`group ${g.name}: unknown member ${m}`);
        continue;
      }
      if (LEVELS.indexOf(sub.level) > LEVELS.indexOf(g.level))
        faults.push(`group ${sub.name}: level above ${g.name}'s`);
      if (sub.type !== "affinity" && g.type !== "affinity") faults.push(`group ${sub.name}: ${sub.type} in ${g.type}`);
      walk(sub);
    }
    seen.set(g.name, "done");
  };
  for (const g of groups.values()) walk(g);
  return faults;
}

/** One required value of an extra spec against one value of an aggregate's metadata; operators as in ostro-semantics 4.3. */
function specHolds(required, actual) {
  const words = String(required).trim().split(/\s+/),
    [op, ...rest] = words,
    arg = rest.join(" "),
    n = Number(arg),
    a = Number(actual);
  switch (op) {
    case "=":
    case ">=":
      return a >= n;
    case "<=":
      return a <= n;
    case "==":
      return a === n;
    case "!=":
      return a !== n;
    case "s==":
      return actual === arg;
    case "s!=":
      return actual !== arg;
    case "s<":
      return actual < arg;
    case "s<=":
      return actual <= arg;
    case "s>":
      return actual > arg;
    case "s>=":
      return actual >= arg;
    case "<in>":
      return actual.includes(arg);
    case "<all-in>":
      return rest.every((w) => actual.includes(w));
    case "<or>":
      return String(required)
        .split("<or>")
        .map((w) => w.trim())
        .filter(Boolean)
        .includes(actual);
    default:
      return actual === String(required);
  }
}
/** The keys that concern aggregates: no scope, or aggregate_instance_extra_specs; `valet` never does. */
const relevant = (specs) =>
  Object.entries(specs ?? {})
    .map(([k, v]) => [k.replace(/^aggregate_instance_extra_specs:/, ""), v])
    .filter(([k]) => !k.includes(":") && k !== "valet");

/** Metrics and violations of `placements` ({vm: host}); an unplaced VM is a violation. */
export function score(p, placements) {
  const bad = [],
    viol = (m) => {
      if (bad.length < 50) bad.push(m);
    };
  const app = p.app ?? {},
    vms = app.vms ?? [],
    existing = p.existing ?? [],
    groups = new Map((app.groups ?? []).map((g) => [g.name, g]));
  const hosts = new Map(p.hosts.map((h) => [h.name, h])),
    volumes = new Map((app.volumes ?? []).map((v) => [v.name, v])),
    vmNames = new Set(vms.map((v) => v.name));
  const hostOf = new Map();
  for (const [name, host] of Object.entries(placements)) {
    if (!vmNames.has(name)) viol(`placed ${name}, which was not asked for`);
    else if (!hosts.has(host)) viol(`${name} on unknown host ${host}`);
    else hostOf.set(name, hosts.get(host));
  }
  const container = (host, level) =>
    level === "host" ? host.name : host[level] && host[level] !== "none" ? host[level] : null;
  const load = new Map(); // host name -> {vcpus, mem_mb, disk_gb, count}
  const add = (host, need, count) => {
    const u = load.get(host.name) ?? { vcpus: 0, mem_mb: 0, disk_gb: 0, count: 0 };
    for (const r of RESOURCES) u[r] += need[r] ?? 0;
    u.count += count;
    load.set(host.name, u);
  };
  for (const v of vms) {
    const h = hostOf.get(v.name);
    if (!h) {
      viol(`unplaced ${v.name}`);
      continue;
    }
    if (h.status !== "up") viol(`${v.name} on ${h.name}, which is ${h.status}`);
    if (v.az && v.az !== h.az) viol(`zone of ${v.name}`);
    if (v.fixed && v.fixed !== h.name) viol(`${v.name} was fixed to ${v.fixed}`);
    if (v.candidates && !v.candidates.includes(h.name)) viol(`${v.name} outside its candidates`);
    if (v.excluded?.includes(h.name)) viol(`${v.name} on an excluded host`);
    const physical = h.physical ?? h.capacity; // a VM may not be larger than the machine, whatever the overcommit
    if (v.vcpus > physical.vcpus || v.mem_mb > physical.mem_mb) viol(`${v.name} is larger than ${h.name}`);
    const specs = relevant(v.extra_specs);
    if (
      specs.length &&
      !(h.aggregates ?? []).some((a) =>
        specs.every(([k, req]) =>
          String(p.aggregates?.[a]?.metadata?.[k] ?? "\0")
            .split(",")
            .some((x) => specHolds(req, x.trim())),
        ),
      )
    )
      viol(`aggregate of ${v.name}`);
    add(h, v, 1);
  }
  for (const vol of volumes.values())
    if (vol.local && hostOf.has(vol.attached_to)) add(hostOf.get(vol.attached_to), { disk_gb: vol.size_gb }, 0);
  for (const [name, u] of load) {
    const h = hosts.get(name);
    for (const r of RESOURCES) if ((h.used?.[r] ?? 0) + u[r] > h.capacity[r]) viol(`${r} of ${name}`);
  }

  // groups are plain sets of VMs; a volume in a group stands for the VM it is attached to
  const leaves = (m, path = []) => {
    if (vmNames.has(m)) return [m];
    if (volumes.has(m)) return volumes.get(m).attached_to ? [volumes.get(m).attached_to] : [];
    if (path.includes(m) || !groups.has(m)) return [];
    return groups.get(m).members.flatMap((x) => leaves(x, [...path, m]));
  };
  const up = existing.filter((e) => hosts.get(e.host)?.status === "up"); // members on unavailable hosts do not count
  const where = (name, level) => container(hostOf.get(name), level);
  const livingIn = (key, level) =>
    up.filter((e) => (e.groups ?? []).includes(key)).map((e) => container(hosts.get(e.host), level));
  for (const g of groups.values()) {
    const members = [...new Set(leaves(g.name))].filter((x) => hostOf.has(x));
    for (const x of members) if (where(x, g.level) === null) viol(`${g.name}: ${x} on a host without a ${g.level}`);
    if (g.type === "affinity") {
      if (
        new Set([
          ...members.map((x) => where(x, g.level)),
          ...(members.length ? livingIn(`${g.level}:AFF:${g.name}`, g.level) : []),
        ]).size > 1
      )
        viol(`affinity ${g.name}`);
    } else if (g.type === "diversity") {
      const owner = new Map(livingIn(`${g.level}:DIV:${g.name}`, g.level).map((c) => [c, "\0existing"]));
      for (const m of g.members)
        for (const x of new Set(leaves(m))) {
          if (!hostOf.has(x)) continue;
          const c = where(x, g.level);
          if (owner.has(c) && owner.get(c) !== m) viol(`diversity ${g.name}: ${x}`);
          owner.set(c, m);
        }
    } else {
      const set = new Set(members),
        used = new Set(members.map((x) => where(x, g.level)));
      for (const v of vms)
        if (!set.has(v.name) && hostOf.has(v.name) && used.has(where(v.name, g.level)))
          viol(`exclusivity ${g.name}: ${v.name} inside`);
      for (const e of existing)
        if (used.has(container(hosts.get(e.host), g.level)) && !(e.groups ?? []).includes(`${g.level}:EX:${g.name}`))
          viol(`exclusivity ${g.name}: existing ${e.id} inside`);
    }
  }
  const ownerOf = new Map(); // "level|container" -> the exclusivity group that lives there
  for (const e of existing)
    for (const k of e.groups ?? []) {
      const [level, type, ...name] = k.split(":");
      if (type === "EX") ownerOf.set(`${level}|${container(hosts.get(e.host), level)}`, name.join(":"));
    }
  for (const v of vms)
    if (hostOf.has(v.name))
      for (const level of LEVELS) {
        const owner = ownerOf.get(`${level}|${where(v.name, level)}`);
        if (
          owner !== undefined &&
          ![...groups.values()].some(
            (g) => g.type === "exclusivity" && g.level === level && g.name === owner && leaves(g.name).includes(v.name),
          )
        )
          viol(`${v.name} enters ${level} exclusive to ${owner}`);
      }

  // bandwidth: both NICs when the hosts differ, both uplinks when the racks differ
  let bandwidth = 0;
  const nic = new Map(),
    uplink = new Map(),
    plus = (m, k, x) => m.set(k, (m.get(k) ?? 0) + x);
  for (const q of app.pipes ?? []) {
    const a = hostOf.get(q.a),
      b = hostOf.get(q.b);
    if (!a || !b || a === b) continue;
    const far = a.rack !== b.rack;
    bandwidth += q.mbps * (far ? 4 : 2);
    for (const h of [a, b]) {
      plus(nic, h.name, q.mbps);
      if (far) plus(uplink, h.rack, q.mbps);
    }
  }
  for (const [n, x] of nic) {
    const h = hosts.get(n);
    if (h.bw_mbps != null && (h.bw_used_mbps ?? 0) + x > h.bw_mbps) viol(`nic of ${n}`);
  }
  for (const r of p.racks ?? [])
    if (uplink.has(r.name) && r.uplink_mbps != null && (r.uplink_used_mbps ?? 0) + uplink.get(r.name) > r.uplink_mbps)
      viol(`uplink of ${r.name}`);

  const before = new Map();
  for (const e of existing) plus(before, e.host, 1);
  const touched = [...load.keys()].filter((n) => load.get(n).count > 0);
  let left = 0; // basis points of free vCPU + RAM + disk on touched hosts, rounded down per resource
  for (const n of touched) {
    const h = hosts.get(n),
      u = load.get(n);
    for (const r of RESOURCES)
      if (h.capacity[r] > 0) left += Math.floor((10000 * (h.capacity[r] - (h.used?.[r] ?? 0) - u[r])) / h.capacity[r]);
  }
  return {
    valid: bad.length === 0,
    placed: hostOf.size,
    vms: vms.length,
    hosts_activated: touched.filter((n) => !before.get(n)).length,
    reserved_bw_mbps: bandwidth,
    hosts_touched: touched.length,
    racks_touched: new Set(touched.map((n) => hosts.get(n).rack)).size,
    left_bp: left,
    violations: bad,
  };
}

/** Does what the result says of itself agree with what is seen? */
export function claims(result, seen) {
  const wrong = [];
  for (const [k, v] of Object.entries(result.objective ?? {}))
    if (k in seen && seen[k] !== v) wrong.push(`objective.${k} says ${v}, is ${seen[k]}`);
  for (const [k, v] of Object.entries(result.bound ?? {}))
    if (k in seen && v > seen[k] && k === "hosts_activated")
      wrong.push(`bound.${k} ${v} above the answer's ${seen[k]}`);
  return wrong;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  let p, r;
  try {
    p = JSON.parse(readFileSync(process.argv[2]));
    r = JSON.parse(readFileSync(process.argv[3]));
  } catch (e) {
    console.error(String(e));
    process.exit(2);
  }
  const faults = problemFaults(p);
  if (faults.length) {
    console.error(`problem: ${faults.slice(0, 5).join("; ")}`);
    process.exit(2);
  }
  if (!r.ok) {
    console.log(JSON.stringify({ solver: r.solver, refused: true, reason: r.reason, ms: r.ms }));
    process.exit(0);
  }
  const s = score(p, r.placements ?? {}),
    wrong = claims(r, s);
  console.log(JSON.stringify({ solver: r.solver, ms: r.ms, ...s, claims: wrong }));
  process.exit(s.valid && wrong.length === 0 ? 0 : 1);
}
