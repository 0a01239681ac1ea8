import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Connection, type Publisher } from "rabbitmq-client";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { allAllocations } from "../../../db/queries/inventory.ts";
import { readListenOptions, readPassword } from "../../../host/cli/listen-options.ts";
import { printed } from "../../../host/cli/message-print.ts";
import { simulatedDataCenter } from "../../../host/core/simulated.ts";
import { readMessage } from "../../../host/openstack/messages.ts";
import { InventoryService } from "../../../host/services/inventory.ts";
import { freshDatabase, storeKinds } from "../../support/postgres.ts";
import { rabbitUrl } from "../../support/rabbit.ts";
import { RECORDED_MESSAGES, recorded } from "../../support/recorded-messages.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";
import { run, start } from "./command.ts";

const folder = scratchFolders();
const fileOf = (name: string, text: string, mode = 0o600) => {
  const path = join(folder(), name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};

// The sample of the original.
const SAMPLE = `[DEFAULT]
exchange=nova
exchange_type=topic
auto_delete=false
host=localhost
port=5672
username=guest
passwdfile=/etc/ostro-listener/passwd
output_format=dict
store=true
music=http://127.0.0.1:8080/
replication_factor=1
`;

describe("the original's options", () => {
  test("its own sample file is taken, with what means nothing any more named", () => {
    const file = fileOf("ostro-listener.conf", SAMPLE);
    expect(readListenOptions({ conf_file: file }, {})).toEqual({
      exchange: "nova",
      exchangeType: "topic",
      autoDelete: false,
      host: "localhost",
      port: 5672,
      username: "guest",
      passwdfile: "/etc/ostro-listener/passwd",
      outputFormat: "dict",
      store: true,
      obsolete: ["music", "replication_factor"],
    });
  });

  test("either variable names the file, and an option goes before what stands in it", () => {
    const file = fileOf("a.conf", SAMPLE);
    for (const variable of ["OSTRO_LISTENER_CONFIG", "OSTRO_EVENT_LISTENER_CONFIG"]) {
      const flags = { exchange_type: "fanout", outputFormat: "json", store: "false" };
      expect(readListenOptions(flags, { [variable]: file })).toMatchObject({
        exchange: "nova",
        exchangeType: "fanout",
        outputFormat: "json",
        store: false,
      });
    }
  });

  test("an option without a value switches on", () => {
    expect(readListenOptions({ store: true, auto_delete: true }, {})).toMatchObject({ store: true, autoDelete: true });
  });

  test.each([
    [{ exchange_type: "direct" }, '--exchange_type: expected topic or fanout, got "direct"'],
    [{ output_format: "xml" }, '--output_format: expected yaml or json or dict, got "xml"'],
    [{ port: "0" }, '--port: expected a port from 1 to 65535, got "0"'],
    [{ store: "maybe" }, '--store: expected true or false or yes or no or 1 or 0, got "maybe"'],
  ])("%j is refused", (flags, message) => {
    expect(() => readListenOptions(flags, {})).toThrow(message);
  });

  test.each([
    ["[DEFAULT]\nport = many\n", ": port: expected a port from 1 to 65535"],
    ["[DEFAULT]\nexchagne = nova\n", ": unknown key exchagne (known: exchange, "],
    ["port = 1\n", ":1: expected [section], and key = value below it"],
  ])("a file with %j is refused, naming it and the place", (text, message) => {
    const file = fileOf("b.conf", text);
    expect(() => readListenOptions({ conf_file: file }, {})).toThrow(`${file}${message}`);
  });
});

describe("the file of passwords", () => {
  const lines = "mq1 one\nmq2 two words \n";

  test("gives the password of the host, blanks and all", () => {
    expect(readPassword(fileOf("passwd", lines), "mq2")).toBe("two words ");
  });

  test("is refused where others can read it, and nothing of it is shown", () => {
    const path = fileOf("passwd", lines, 0o640);
    const read = () => readPassword(path, "mq1");
    expect(read).toThrow(`${path}: others can read it (mode 640); chmod 600 ${path}`);
    expect(read).not.toThrow("one");
  });

  test("must have a line for the host", () => {
    expect(() => readPassword(fileOf("passwd", lines), "mq")).toThrow('no line "mq PASSWORD"');
    expect(() => readPassword("/nonexistent/passwd", "mq")).toThrow("/nonexistent/passwd: cannot be read (ENOENT)");
  });
});

describe("what is printed of a message", () => {
  const { body, routingKey } = RECORDED_MESSAGES.find(({ name }) => name === "rpc-build_and_run_instance-with-hints")!;
  const reading = readMessage(Buffer.from(body), routingKey);
  const expected = {
    timestamp: "1970-01-01T00:00:00.000Z",
    exchange: "nova",
    method: "build_and_run_instance",
    changes: reading.changes,
  };

  test("JSON is one line", () => {
    const text = printed("json", "nova", reading, 0);
    expect(text.split("\n")).toHaveLength(2);
    expect(JSON.parse(text)).toEqual(expected);
  });

  test("YAML is a document", () => {
    const text = printed("yaml", "nova", reading, 0);
    expect(text).toMatch(/^---\n/);
    expect(parse(text)).toEqual(expected);
  });

  test("a dict is what Python reads back, whatever the names are", () => {
    const odd = { ...reading, name: 'it\'s "odd" \\ ü\n', changes: [...reading.changes] };
    const text = printed("dict", "nova", odd, 0);
    const script = "import ast, json, sys; print(json.dumps(ast.literal_eval(sys.stdin.read())))";
    const back = execFileSync("python3", ["-c", script], { input: text, encoding: "utf8" });
    expect(JSON.parse(back)).toEqual({ ...expected, method: odd.name });
  });
});

describe.skipIf(rabbitUrl === null)("as a process on a real RabbitMQ", () => {
  const exchange = `ostro-test-${randomUUID()}`;
  let bus: Connection;
  let publisher: Publisher;
  const { hostname, port, username } = new URL(rabbitUrl ?? "amqp://guest@127.0.0.1:5672");
  let listener: ReturnType<typeof start> | null = null;

  beforeAll(() => {
    bus = new Connection(rabbitUrl!);
    publisher = bus.createPublisher({ confirm: true });
  });
  afterEach(async () => {
    listener?.child.kill("SIGKILL");
    await listener?.finished;
    listener = null;
  });
  afterAll(async () => {
    await bus.exchangeDelete({ exchange });
    await publisher.close();
    await bus.close();
  });

  const publish = (message: object, routingKey = "conductor") => {
    const body = JSON.stringify({ "oslo.version": "2.0", "oslo.message": JSON.stringify(message) });
    return publisher.send({ exchange, routingKey }, Buffer.from(body));
  };
  const following = () =>
    vi.waitFor(() => expect(listener!.output().err).toContain("following the message bus"), 10_000);

  test("prints what messages say, and neither tokens nor what says nothing", async () => {
    const passwords = fileOf("passwd", `${hostname} ${new URL(rabbitUrl!).password}\n`);
    const conf = fileOf("listener.conf", `[DEFAULT]\noutput_format = json\nmusic = http://x\nexchange = ${exchange}\n`);
    listener = start([
      ...["listen", "-c", conf, "-H", hostname, "-p", port || "5672", "-u", username, "-P", passwords, "-t", "topic"],
    ]);
    await following();
    await publish({ ...recorded("rpc-object_action-Service-save") });
    await publish({ ...recorded("rpc-set_host_enabled"), _context_auth_token: "a-token" }, "compute.h1");
    const [line] = await listener.printed(/^.*\n/m);
    expect(JSON.parse(line)).toMatchObject({
      exchange,
      method: "set_host_enabled",
      changes: [{ kind: "host", host: "h1", up: false, at: null }],
    });
    expect(listener.output().err).toContain("--music is not used: there is no Music, see --database");
    expect(JSON.stringify(listener.output())).not.toContain("a-token");
    listener.child.kill("SIGTERM");
    expect((await listener.finished).code).toBe(0);
  });

  test.skipIf(!storeKinds.includes("postgres"))("applies what messages say to the store of the service", async () => {
    const database = await freshDatabase("postgres");
    const store = await database.open();
    const inventory = await InventoryService.open(store, simulatedDataCenter("sim:1x2"));
    const [host] = inventory.inventory.hosts.keys();
    listener = start([...["listen", "-s", "-x", exchange, "--bus-url", rabbitUrl!, "--database", database.url!]]);
    await following();
    const message = recorded("rpc-object_action-Instance-save-active-None");
    message.args.objinst["nova_object.data"].host = host;
    await publish(message);
    const enabled = recorded("rpc-set_host_enabled");
    await publish(enabled, `compute.${host}`);
    await vi.waitFor(async () => {
      await inventory.catchUp();
      const allocations = await store.read((db) => allAllocations(db));
      expect(allocations.map((row) => row.host)).toEqual([host]);
      expect(inventory.inventory.hostState(host!)!.host.up).toBe(false);
    }, 10_000);
    expect(listener.output().out).toBe("");
    listener.child.kill("SIGTERM");
    expect((await listener.finished).code).toBe(0);
    await inventory.close();
    await database.remove();
  });
});

test("a wrong option ends with one line and exit code 2", async () => {
  const { code, err } = await run(["listen", "-t", "direct"]);
  expect([code, err]).toEqual([2, 'ostro: --exchange_type: expected topic or fanout, got "direct"\n']);
});
