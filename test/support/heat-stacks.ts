// The stacks among the Heat fixtures and what they need from outside: parameters and named groups.
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataCenter, GroupType, Level } from "../../host/core/model.ts";
import type { ApplicationContext } from "../../host/services/application.ts";
import type { KnownGroup } from "../../host/services/application-groups.ts";
import { TemplateFile } from "../../host/services/heat-document.ts";

const fixtures = fileURLToPath(new URL("../fixtures/heat/", import.meta.url));

/** Files that other templates nest; they are no stacks by themselves. */
const NESTED = /^(inner_|nested_inner_|nested_(affinity|diversity|exclusivity)_2|volume_with_attachment)/;

/** Paths of all templates that are a stack by themselves. */
export function stackFiles(): string[] {
  return ["valet-tempest", "heat-templates"].flatMap((folder) =>
    readdirSync(fixtures + folder)
      .filter((file) => /\.ya?ml$/.test(file) && !NESTED.test(file))
      .map((file) => `${fixtures}${folder}/${file}`),
  );
}

/** What Valet's tests pass: a flavor and a zone; the rest may stay open. */
export function parametersOf(path: string): Map<string, string> {
  const declared = Object.keys(new TemplateFile(path).section("parameters"));
  const flavors = declared.filter((name) => /flavor|instance_type/.test(name));
  const zones = declared.filter((name) => /^(avail-zone|availability_zone$)/.test(name));
  return new Map([
    ...flavors.map((name) => [name, "m1.tiny"] as const),
    ...zones.map((name) => [name, "nova"] as const),
  ]);
}

/** A group as Valet's tests made them: the type stands in its name, the level in the name of the template. */
function groupNamed(name: string, path: string): KnownGroup | undefined {
  const type = name === "template_group" ? "exclusivity" : /(affinity|diversity|exclusivity)_group/.exec(name)?.[1];
  if (!type) return undefined;
  const level: Level = basename(path).includes("rack") ? "rack" : "host";
  return { id: name, name, type: type as GroupType, level, members: ["demo"] };
}

export function contextFor(dataCenter: DataCenter, path: string): ApplicationContext {
  return {
    projectId: "demo",
    flavor: (wanted) => dataCenter.flavors.find(({ id, name }) => name === wanted || id === wanted),
    group: (name) => groupNamed(name, path),
    zones: new Set(dataCenter.hosts.map(({ zone }) => zone ?? "")),
  };
}
