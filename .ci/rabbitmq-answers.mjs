// Does the RabbitMQ of TEST_AMQP_URL answer? Exit 1 if not. --wait: asks for half a minute.

import { Connection } from "rabbitmq-client";

const WAIT_MS = process.argv.includes("--wait") ? 30_000 : 3_000;

const connection = new Connection({ url: process.env.TEST_AMQP_URL ?? "", retryLow: 500, retryHigh: 1000 });
let reason = "no answer";
connection.on("error", (error) => {
  reason = error.message || error.code;
});
try {
  await connection.onConnect(WAIT_MS, true);
  console.log("RabbitMQ answers");
} catch {
  console.error(`RabbitMQ does not answer: ${reason}`);
  process.exitCode = 1;
} finally {
  connection.unsafeDestroy();
}
