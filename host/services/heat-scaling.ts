// Groups of equal resources at their initial size.

import { MOST_RESOURCES } from "./application.ts";
import { isObject, quote } from "./application-fault.ts";
import { SERVER } from "./application-resources.ts";
import type { TemplateFile, Where } from "./heat-document.ts";
import { resolve, type Scope } from "./heat-functions.ts";
import { needed, Unset } from "./heat-parameters.ts";
import type { Work } from "./heat-work.ts";

const RESOURCE_GROUP = "OS::Heat::ResourceGroup";
/** Its members have random names. */
export const SCALING_GROUP = "OS::Heat::AutoScalingGroup";
export const SCALED: ReadonlySet<string> = new Set([RESOURCE_GROUP, SCALING_GROUP]);

/** Groups of servers that a launch configuration describes, in CloudFormation's words. */
export const INSTANCE_GROUPS: ReadonlySet<string> = new Set([
  "OS::Heat::InstanceGroup",
  "AWS::AutoScaling::AutoScalingGroup",
]);

/**
 * The definitions of a group's members; their functions are evaluated, `%index%` is replaced.
 * @param names of the members that there are; undefined: none yet, it begins with its initial size
 */
export function scaled(
  type: string,
  properties: Record<string, unknown>,
  file: TemplateFile,
  where: Where,
  work: Work,
  names?: readonly string[],
): { name: string; definition: unknown; where: Where }[] {
  const field = type === RESOURCE_GROUP ? "resource_def" : "resource";
  const at = [...where, "properties", field];
  const definition = properties[field];
  if (!isObject(definition)) throw file.fault(at, `is ${quote(definition)}, it must be a map with a type`);
  if (type === SCALING_GROUP) {
    const members = names ?? counted(size(properties, ["desired_capacity", "min_size"], file, where));
    return members.map((name) => ({ name, definition, where: at }));
  }
  const index = typeof properties.index_var === "string" ? properties.index_var : "%index%";
  return (names ?? counted(size(properties, ["count"], file, where, 1))).map((name) => ({
    name,
    definition: withIndex(definition, index, name, () => work.spend(1, file, where)),
    where: at,
  }));
}

function counted(length: number): string[] {
  return Array.from({ length }, (_, number) => String(number));
}

/**
 * The servers of an instance group.
 * @param idOf what get_resource of a resource of the same stack gives
 */
export function launched(
  type: string,
  properties: Record<string, unknown>,
  scope: Scope,
  where: Where,
  idOf: (name: string) => string,
): { type: string; properties: Record<string, unknown> }[] {
  const { file } = scope;
  const wanted = properties.LaunchConfigurationName;
  const found = Object.entries(file.section("resources")).find(([name]) => name === wanted || idOf(name) === wanted);
  const at = [...where, "properties", "LaunchConfigurationName"];
  if (!found) throw file.fault(at, `${quote(wanted)} is no launch configuration of this template`);
  const [name, launch] = found;
  const launchAt = ["resources", name, "properties"];
  const launchProperties = isObject(launch) ? resolve(launch.properties ?? {}, scope, launchAt) : undefined;
  const flavor = isObject(launchProperties) ? launchProperties.InstanceType : undefined;
  needed(flavor, file, [...launchAt, "InstanceType"]);
  const zones = Array.isArray(properties.AvailabilityZones) ? properties.AvailabilityZones : [];
  const fields = type === "OS::Heat::InstanceGroup" ? ["Size"] : ["DesiredCapacity", "MinSize"];
  return Array.from({ length: size(properties, fields, file, where) }, (_, number) => {
    const zone: unknown = zones[number % zones.length];
    const zoned = zone === undefined || zone === "" ? {} : { availability_zone: zone };
    return { type: SERVER, properties: { flavor, ...zoned } };
  });
}

function size(
  properties: Record<string, unknown>,
  fields: readonly string[],
  file: TemplateFile,
  where: Where,
  fallback?: number,
): number {
  const field = fields.find((one) => properties[one] !== undefined && properties[one] !== null);
  if (field === undefined) {
    if (fallback !== undefined) return fallback;
    throw file.fault([...where, "properties"], `has no ${fields.join(" and no ")}`);
  }
  const at = [...where, "properties", field];
  const given = properties[field];
  const value = given instanceof Unset ? (given.suggestion ?? needed(given, file, at)) : given;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0)
    throw file.fault(at, `is ${quote(value)}, it must be a whole number from 0`);
  if (number > MOST_RESOURCES)
    throw file.fault(at, `is ${number}; the stack has more than ${MOST_RESOURCES} resources`);
  return number;
}

function withIndex(value: unknown, index: string, number: string, spend: () => void): unknown {
  spend();
  if (typeof value === "string") return value.replaceAll(index, number);
  if (Array.isArray(value)) return value.map((item) => withIndex(item, index, number, spend));
  if (!isObject(value) || value instanceof Unset) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withIndex(item, index, number, spend)]));
}
