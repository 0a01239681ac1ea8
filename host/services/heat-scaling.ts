// Groups of equal resources at their initial size.

import { isObject, quote } from "./application-fault.ts";
import { SERVER } from "./application-resources.ts";
import type { TemplateFile, Where } from "./heat-document.ts";
import { resolve, type Scope } from "./heat-functions.ts";
import { needed, Unset } from "./heat-parameters.ts";

const RESOURCE_GROUP = "OS::Heat::ResourceGroup";
const SCALING_GROUP = "OS::Heat::AutoScalingGroup";
export const SCALED: ReadonlySet<string> = new Set([RESOURCE_GROUP, SCALING_GROUP]);

/** Groups of servers that a launch configuration describes, in CloudFormation's words. */
export const INSTANCE_GROUPS: ReadonlySet<string> = new Set([
  "OS::Heat::InstanceGroup",
  "AWS::AutoScaling::AutoScalingGroup",
]);

/** The definitions of a group's members; their functions are evaluated, `%index%` is replaced. */
export function scaled(
  type: string,
  properties: Record<string, unknown>,
  file: TemplateFile,
  where: Where,
): { definition: unknown; where: Where }[] {
  const field = type === RESOURCE_GROUP ? "resource_def" : "resource";
  const at = [...where, "properties", field];
  const definition = properties[field];
  if (!isObject(definition)) throw file.fault(at, `is ${quote(definition)}, it must be a map with a type`);
  if (type === SCALING_GROUP) {
    const count = size(properties, ["desired_capacity", "min_size"], file, where);
    return Array.from({ length: count }, () => ({ definition, where: at }));
  }
  const index = typeof properties.index_var === "string" ? properties.index_var : "%index%";
  return Array.from({ length: size(properties, ["count"], file, where, 1) }, (_, number) => ({
    definition: withIndex(definition, index, String(number)),
    where: at,
  }));
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
  return number;
}

function withIndex(value: unknown, index: string, number: string): unknown {
  if (typeof value === "string") return value.replaceAll(index, number);
  if (Array.isArray(value)) return value.map((item) => withIndex(item, index, number));
  if (!isObject(value) || value instanceof Unset) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withIndex(item, index, number)]));
}
