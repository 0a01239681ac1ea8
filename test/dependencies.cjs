// Who may import whom: the layer table of ARCHITECTURE.md as rules for dependency-cruiser. Run by test/dependencies.mjs.

/** Everything of ours that `from` imports must match `to`; npm packages and Node's modules are not looked at. */
function only(name, from, to) {
  return { name, severity: "error", from: { path: from }, to: { path: OURS, pathNot: to } };
}

const OURS = "^(assembly|host|db|bench|test)/";
const ERRORS = "host/errors[.]ts$";

module.exports = {
  forbidden: [
    only("core-imports-itself", "^assembly/", "^assembly/"),
    only("abi-imports-nothing", "^assembly/abi[.]ts$", "^$"),
    only("store-knows-no-host", "^db/", `^(db/|${ERRORS})`),
    only("glue-sees-only-the-wire", "^host/core/", `^(host/core/|assembly/abi[.]ts$|${ERRORS})`),
    only("drivers-see-no-store-or-core", "^host/drivers/", `^(host/drivers/|${ERRORS})`),
    only("cloud-clients-see-no-store-or-core", "^host/openstack/", `^(host/openstack/|${ERRORS})`),
    only("services-see-no-api", "^host/services/", `^(host/(services|core|drivers|openstack)/|db/|${ERRORS})`),
    only("handlers-see-only-services", "^host/api/", `^(host/(api|services)/|${ERRORS})`),
    only("commands-see-host-and-db", "^host/(cli/|cli[.]ts$|main[.]ts$)", "^(host|db)/"),
    only("plots-know-nothing-of-us", "^host/plot[.]ts$", "^$"),
    only("simulations-see-the-core", "^host/simulate/", `^host/(simulate|core)/|^host/plot[.]ts$|^${ERRORS}`),
    only("simulators-know-nothing-of-the-service", "^host/sim/", `^host/(sim/|listen[.]ts$)|^${ERRORS}`),
    only(
      "settings-and-logs-see-errors",
      "^host/(config|setting|listen|log|errors)[.]ts$",
      `^(host/setting[.]ts$|${ERRORS})`,
    ),
    only("metrics-see-the-core", "^host/metrics[.]ts$", `^(host/core/|${ERRORS})`),
    only("what-ships-sees-no-tests", "^(assembly|host|db)/", "^(assembly|host|db)/"),
    {
      name: "services-and-core-serve-no-http",
      comment: "An HTTP server belongs to host/api and host/listen.ts; one file asks others.",
      severity: "error",
      from: {
        path: "^(assembly|db|host/(core|services|drivers|openstack))/",
        pathNot: "^host/openstack/http-client[.]ts$",
      },
      to: { path: ["node_modules/(hono|@hono)/", "^(http|https|http2)$"] },
    },
    {
      name: "only-the-roots-wire",
      comment: "host/main.ts and the command line build objects; nobody imports them back.",
      severity: "error",
      from: { path: "^(assembly|db|host/(core|services|drivers|openstack|api))/" },
      to: { path: "^host/(main|cli|config|cloud)[.]ts$|^host/cli/" },
    },
    {
      name: "only-load-instantiates",
      comment: "One place that makes a core from bytes.",
      severity: "error",
      from: { path: "^(host|db)/", pathNot: "^host/core/load[.]ts$" },
      to: { path: "node_modules/@assemblyscript/" },
    },
    {
      name: "only-plots-draw",
      comment: "One place that loads the drawing library, and only when there is something to draw.",
      severity: "error",
      from: { path: OURS, pathNot: "^host/plot[.]ts$" },
      to: { path: "node_modules/vega" },
    },
    {
      name: "what-ships-needs-no-development-package",
      severity: "error",
      from: { path: "^(host|db)/", pathNot: "^db/drizzle[.]config[.]ts$" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "no-cycles",
      comment: "But for the audit of the check build, which looks back at what calls it; a release has neither.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { pathNot: "^assembly/audit[.]ts$" } },
    },
    {
      name: "everything-resolves",
      comment: "What was compiled may not be there yet; a process of its own imports that.",
      severity: "error",
      from: { path: OURS },
      to: { couldNotResolve: true, pathNot: "/dist/" },
    },
  ],
};
