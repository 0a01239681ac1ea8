// Runs three of Intel's own RSD simulators on loopback: node intel-rsd.cjs <folder of its "simulators">
// Prints their addresses as lines NAME=URL: a drawer of systems (PSME), pooled PCIe drives (PNC), a storage service (RSS).
// They would announce themselves over SSDP and DHCP, bind all addresses, and need packages as old as themselves: announcers
// and packages are replaced here, the simulators are as they were fetched.

const { randomUUID } = require("node:crypto");
const Module = require("node:module");
const net = require("node:net");
const { join, resolve } = require("node:path");

const folder = resolve(process.argv[2]);
const quiet = { startResponding: () => {}, stopResponding: () => {} };
const replaced = {
  uuid: { v1: randomUUID, v4: randomUUID },
  randomstring: { generate: (length) => "s".repeat(length) },
  debug: () => () => {},
  "./discovery_notifier": {
    DiscoveryNotifier: function DiscoveryNotifier() {
      return quiet;
    },
  },
};
const load = Module._load;
Module._load = (request, ...others) => replaced[request] ?? load(request, ...others);

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function () {
  return listen.call(this, 0, "127.0.0.1");
};

const simulator = (file, name) => require(join(folder, "services", file))[name];
const Psme = simulator("psme.js", "Psme");
const Pnc = simulator("pnc.js", "Pnc");
const StorageService = simulator("storage_service.js", "StorageService");

const psme = new Psme(0, randomUUID(), [], { drawers: 1, sleds: 3, blades: 1 });
const rack = psme.ServiceRoot.AddRack();
rack.Contains = psme.Drawers;
psme.ServiceRoot.AddPod().Contains = [rack];
const started = { PSME: psme, PNC: new Pnc(0, randomUUID(), []), RSS: new StorageService(0, randomUUID(), []) };
for (const [name, service] of Object.entries(started))
  service.mock.startListening(() => console.log(`${name}=${service.mock.getBaseUri()}`));
