// Does the PostgreSQL of TEST_DATABASE_URL answer? Prints its version; exit 1 if not. --wait: asks for half a minute.

import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";

const ATTEMPTS = process.argv.includes("--wait") ? 30 : 1;

async function version() {
  const sql = postgres(process.env.TEST_DATABASE_URL ?? "", { max: 1, connect_timeout: 3 });
  try {
    const [row] = await sql`select version()`;
    return row.version;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

for (let left = ATTEMPTS; left > 0; left--) {
  try {
    console.log(await version());
    process.exit();
  } catch (error) {
    if (left === 1) console.error(`PostgreSQL does not answer: ${error.message || error.code}`);
    else await sleep(1000);
  }
}
process.exit(1);
