import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { convert } from "../../../host/cli/config-convert.ts";
import { readConfig } from "../../../host/config.ts";
import { Random } from "../../support/random.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";
import { run } from "./command.ts";

const folder = scratchFolders();
const written = (text: string, name = "valet.conf"): string => {
  const path = join(folder(), name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};
const settings = (text: string) => convert([written(text)]).settings;

const VALET = `
[DEFAULT]
default_log_levels="api=DEBUG,valet=DEBUG"
use_stderr=False
controller = controller.example.org

[server]
host = 0.0.0.0
port = 8090
[messaging]
username=rabbit
password=ra$$bit:p@ss
host=\${controller}
timeout=5
[identity]
project_name=service
username = valet
password = "pass word"
auth_url=http://$controller:5000/v2.0/
interface=admin
[music]
hosts = music1,music2
keyspace = db
[engine]
priority=1
mode=live
rack_code_list=r
node_code_list=a,c,
   u,f
compute_trigger_frequency=1800
topology_trigger_frequency=3600
default_cpu_allocation_ratio=8
static_cpu_standby_ratio=20
static_mem_standby_ratio=20
static_local_disk_standby_ratio=0
logging_level = warning
colour = blue
[events_listener]
exchange=nova
exchange_type=TOPIC
auto_delete=no
[plugins]
x=y
`;

describe("a valet.conf", () => {
  test("becomes settings that a service starts with", () => {
    const path = written(VALET);
    const { settings } = convert([path]);
    expect(settings).toEqual({
      host: "0.0.0.0",
      valetPort: 8090,
      busUrl: "amqp://rabbit@controller.example.org:5672/",
      busPassword: "ra$bit:p@ss",
      busNotifications: true,
      busTimeoutSeconds: 5,
      busExchange: "nova",
      busExchangeType: "topic",
      busAutoDelete: false,
      identity: "keystone:http://controller.example.org:5000/v3",
      datacenter: "nova",
      keystoneUsername: "valet",
      keystonePassword: "pass word",
      keystoneProject: "service",
      refreshSeconds: 1800,
      rackCodeList: "r",
      nodeCodeList: "a,c,u,f",
      cpuRatio: 8,
      cpuStandby: 20,
      ramStandby: 20,
      diskStandby: 0,
      logLevel: "warn",
    });
    const file = written(JSON.stringify(settings), "ostro.json");
    expect(readConfig({ flags: {}, environment: {}, file })).toMatchObject(settings);
  });

  test("has every key named that was not taken, with the reason", () => {
    const path = written(VALET);
    const notes = convert([path]).notes.map((note) => note.replace(`${path}: `, ""));
    for (const start of [
      "[DEFAULT] default_log_levels means nothing any more: logs are",
      "[DEFAULT] controller is unknown, it was not taken",
      "[identity] auth_url: version 2.0 of Keystone is no more, http://controller.example.org:5000/v3 was taken",
      "[identity] interface means nothing any more: Keystone is asked at its auth_url",
      "[music] hosts means nothing any more: there is no Music",
      "[engine] priority means nothing any more: there is one kind of process",
      "[engine] colour is unknown, it was not taken",
      "[engine] *_trigger_frequency: everything is read at once, every 1800 s",
      "[plugins] is unknown, nothing of it was taken",
    ])
      expect(notes).toContainEqual(expect.stringContaining(start));
    expect(notes.join("\n")).not.toMatch(/p@ss|pass word|standby/);
  });

  test("that leaves the standby ratios out is told what the default was", () => {
    const { notes } = convert([written("[engine]\nstatic_cpu_standby_ratio=5\n")]);
    expect(notes.join()).toContain(
      "ramStandby, diskStandby left at 0, as in Valet of 2018; in that of 2017 the default",
    );
  });

  test("of a simulated data center becomes one", () => {
    expect(settings("[identity]\nauth_url=http://k:5000/v3\n[engine]\nmode=sim\n").datacenter).toBe("sim:4x16");
  });

  test.each([
    ["[server]\nport=eighty\n", /: \[server\] port: expected a whole number from 0 to 65535, got "eighty"$/],
    [
      "[identity]\nauth_url=auth_uri\n",
      /: \[identity\] auth_url: expected .*keystone:http\(s\):\/\/…, got "keystone:auth/,
    ],
    ["[messaging]\nhost=h\nport=99999\n", /port of the broker: expected one from 1 to 65535, got "99999"$/],
    [
      "[engine]\ncompute_trigger_frequency=often\n",
      /\[engine\] compute_trigger_frequency: expected seconds, got "often"$/,
    ],
    ["[engine]\ndefault_cpu_allocation_ratio=0\n", /default_cpu_allocation_ratio: expected a number from 0\.01/],
    ["[server]\nhost=$nobody\n", /\[server\] host: refers to a key that the file does not have$/],
    ["[server]\nhost=$host\n", /\[server\] host: refers to a key that the file does not have$/],
    ["[engine]\nmode=dead\n", /\[engine\] mode: expected live or sim, got "dead"$/],
    ["[server]\nhost\n", /valet\.conf:2: expected \[section\], and key = value below it$/],
    ["host=1\n", /valet\.conf:1: expected \[section\]/],
    ["[api]\nbind_port=http\n", /\[api\] bind_port: expected a whole number from 0 to 65535, got "http"$/],
    ["[podm]\nenable_periodic_sync=often\n", /\[podm\] enable_periodic_sync: expected true or false, got "often"$/],
    ["[nova]\nx=1\n", /neither valet\.conf, valence\.conf, nor ostro-listener's file, nor havalet's$/],
    ["", /neither valet\.conf/],
  ])("that says %j is refused with file, section and key", (text, message) => {
    expect(() => settings(text)).toThrow(
      expect.objectContaining({ code: "config.invalid", message: expect.stringMatching(message) }),
    );
  });
});

test("ostro-listener's file is read with its password, and names what it means no more", () => {
  const passwords = written("rabbit.example.org se cret\n", "passwd");
  const path = written(
    `[DEFAULT]\nexchange=nova\nhost=rabbit.example.org\nport=5671\nusername=guest\npasswdfile=${passwords}\nstore=true\nmusic=http://m:8080/\n`,
    "ostro-listener.conf",
  );
  const { settings, notes } = convert([path]);
  expect(settings).toEqual({
    busExchange: "nova",
    busUrl: "amqp://guest@rabbit.example.org:5671/",
    busPassword: "se cret",
  });
  expect(notes).toEqual([
    expect.stringContaining("[DEFAULT] store means nothing any more"),
    expect.stringContaining("[DEFAULT] music means nothing any more: there is no Music"),
  ]);
});

test.each([
  ["as it was", '[Ostro]\norder=5\nhost=valet1\nstart="ssh %(host)s x"\nstop=y\ntest=z\n'],
  ["as its page described it", ":Ostro\norder = 5\nhost = valet1\nstart_command=x\nstop_command=y\ntest_command=z\n"],
])("havalet's file, %s, becomes nothing, and why is told for each key", (_, text) => {
  const { settings, notes } = convert([written(text, "ha_valet.cfg")]);
  expect(settings).toEqual({});
  expect(notes).toHaveLength(5);
  expect(notes[0]).toContain("[Ostro] order means nothing any more: nobody needs to be watched");
});

test("whatever a file holds, it is converted or refused in words", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed);
    const bytes = [...VALET]
      .map((letter) => (random.chance(1 / 40) ? String.fromCharCode(random.between(0, 0x2ff)) : letter))
      .join("");
    try {
      convert([written(bytes)]);
    } catch (error) {
      expect(error).toMatchObject({ code: "config.invalid" });
    }
  }
});

describe("a valence.conf", () => {
  const VALENCE = `
[DEFAULT]
log_file = /var/log/valence/valence.log
log_level = warning
[api]
bind_port = 8282
bind_host = 127.0.0.1
enable_ssl_api = True
workers = 4
max_limit = 500
[etcd]
host = 127.0.0.1
[ironic_client]
username = ironic
password = pass word
project = service
auth_url = http://controller:5000/v2.0/
user_domain_id = default
insecure = true
[podm]
url = https://podm:8443
username = admin
password = Passw0rd
verify_ca = False
base_ext = redfish/v1/
enable_periodic_sync = yes
sync_interval = 45
`;

  test("becomes settings that a service starts with, and what it has no use for is told", () => {
    const path = written(VALENCE, "valence.conf");
    const { settings, notes } = convert([path]);
    expect(settings).toEqual({
      logLevel: "warn",
      valencePort: 8282,
      host: "127.0.0.1",
      maxLimit: 500,
      ironic: "keystone:http://controller:5000/v3",
      ironicUsername: "ironic",
      ironicPassword: "pass word",
      ironicProject: "service",
      ironicUserDomain: "Default",
      podmUrl: "https://podm:8443",
      podmUsername: "admin",
      podmPassword: "Passw0rd",
      podmVerifyCa: "false",
      podmBaseExt: "/redfish/v1/",
      syncPeriodic: true,
      syncSeconds: 45,
    });
    const file = written(JSON.stringify(settings), "ostro.json");
    expect(readConfig({ flags: {}, environment: {}, file })).toMatchObject(settings);
    for (const told of [
      /\[DEFAULT\] log_file means nothing any more/,
      /\[api\] workers means nothing any more: one process/,
      /\[api\] enable_ssl_api: https needs a certificate, give --tls-cert and --tls-key/,
      /\[etcd\] host means nothing any more: there is no etcd/,
      /\[ironic_client\] insecure: certificates are verified/,
      /\[ironic_client\] auth_url: version 2\.0/,
    ])
      expect(notes).toContainEqual(expect.stringMatching(told));
    expect(notes.join()).not.toMatch(/pass word|Passw0rd/);
  });
});

describe("ostro config import", () => {
  test("prints the settings without secrets, and says where these go", async () => {
    const { code, out, err } = await run(["config", "import", written(VALET)]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ valetPort: 8090, keystoneUsername: "valet" });
    expect(out).not.toMatch(/pass|secret/i);
    expect(err).toContain("keystonePassword is not printed: give --out FILE or --with-secrets, or set OSTRO_KEYSTONE");
    expect((await run(["config", "import", "--with-secrets", written(VALET)])).out).toContain('"pass word"');
  });

  test("writes them to a file that only its owner can read, never over another", async () => {
    const out = join(folder(), "ostro.json");
    expect((await run(["config", "import", written(VALET), "--out", out])).code).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(out, "utf8"))).toHaveProperty("busPassword");
    const again = await run(["config", "import", written("[server]\nport=1\n"), "--out", out]);
    expect([again.code, again.err]).toEqual([2, `ostro: --out ${out}: exists already\n`]);
  });
});
