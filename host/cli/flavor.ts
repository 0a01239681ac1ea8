import type { Command } from "commander";
import { AppError } from "../errors.ts";
import { given, hardwareCommand, segment, subcommand } from "./hardware.ts";
import { addProperties, type PropertyFlags, propertiesOf } from "./properties.ts";

interface Flags extends PropertyFlags {
  readonly name?: string;
  readonly description?: string;
}

const FIELDS = { UUID: "uuid", NAME: "name", DESCRIPTION: "description", PROPERTIES: "properties" };

/** `ostro flavor`: descriptions of nodes to compose. */
export function addFlavor(program: Command): void {
  const group = hardwareCommand(program, "flavor", "Manage the flavors of composed nodes.");
  subcommand(group, "list", "list the flavors", async (api) => {
    api.showList(await api.list("/v1/flavors"), FIELDS);
  });
  addProperties(
    subcommand<Flags>(group, "create <name>", "make a flavor of what is given", async (api, [name], flags) => {
      const body = given({ name, description: flags.description, properties: propertiesOf(flags) ?? {} });
      api.show(await api.one("POST", "/v1/flavors", body));
    }).option("--description <text>", "what it is for"),
  );
  subcommand(group, "show <flavor>", "show a flavor, by id or name", async (api, [ident = ""]) => {
    api.show(await api.one("GET", `/v1/flavors/${segment(await api.idOf("flavors", ident))}`));
  });
  addProperties(
    subcommand<Flags>(
      group,
      "update <flavor>",
      "change what is given; properties are replaced as a whole",
      async (api, [ident = ""], flags) => {
        const { name, description } = flags;
        const changes = given({ name, description, properties: propertiesOf(flags) });
        if (Object.keys(changes).length === 0)
          throw new AppError("config.invalid", "nothing to change: give an option, see --help");
        api.show(await api.one("PATCH", `/v1/flavors/${segment(await api.idOf("flavors", ident))}`, changes));
      },
    )
      .option("--name <name>", "the new one")
      .option("--description <text>", "what it is for"),
  );
  subcommand(group, "delete <flavor>", "delete a flavor", async (api, [ident = ""]) => {
    const answer = await api.ask("DELETE", `/v1/flavors/${segment(await api.idOf("flavors", ident))}`);
    api.say(answer, `Flavor ${ident} is deleted.`);
  });
}
