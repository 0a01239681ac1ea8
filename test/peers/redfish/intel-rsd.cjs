// Runs Intel's own RSD simulator on loopback: node intel-rsd.cjs <folder of its "simulators"> <port>
// It would announce itself over SSDP and DHCP, bind all addresses, and need packages that are as old as itself: announcers
// and packages are replaced here, the simulator is as it was fetched.

const { randomUUID } = require("node:crypto");
const Module = require("node:module");
const net = require("node:net");
const { join } = require("node:path");

const [folder, port] = process.argv.slice(2);

const replaced = {
  uuid: { v1: randomUUID, v4: randomUUID },
  randomstring: { generate: (length) => "s".repeat(length) },
  debug: () => () => {},
  "./discovery_notifier": {
    DiscoveryNotifier: class {
      startResponding() {}
      stopResponding() {}
    },
  },
};
const load = Module._load;
Module._load = (request, ...others) => replaced[request] ?? load(request, ...others);

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (at, _address, ...others) {
  return listen.call(this, at, "127.0.0.1", ...others);
};

const { Psme } = require(join(folder, "services/psme.js"));
const psme = new Psme(Number(port), randomUUID(), [], { drawers: 1, sleds: 3, blades: 1 });
const rack = psme.ServiceRoot.AddRack();
rack.Contains = psme.Drawers;
const pod = psme.ServiceRoot.AddPod();
pod.Contains = [rack];
psme.Start();
console.log(`listening on ${psme.mock.getBaseUri()}`);
