// What Ironic has to know to drive a composed node through its redfish driver. Contract: drivers 5.1.

import { AppError } from "../../errors.ts";
import type { Facts, PodManagerAccess, Provisioning } from "../driver.ts";
import type { RedfishClient, Resource } from "../redfish/client.ts";
import { recordOf, textOf } from "../redfish/shapes.ts";
import { macsOf } from "./node-view.ts";
import { computerSystemOf } from "./nodes.ts";

/**
 * `driver_info` of `params` goes before what is known here: whoever registers may know a better address, or the file of the
 * CA at Ironic's host.
 * @throws AppError pod-manager.unsupported when the node names no system and `params` none either
 */
export async function provisioningOf(
  client: RedfishClient,
  access: PodManagerAccess,
  node: Resource,
  params: Facts,
  signal: AbortSignal,
): Promise<Provisioning> {
  const given = recordOf(params.driver_info);
  const system = computerSystemOf(client, node);
  if (system === null && given.redfish_system_id === undefined)
    throw new AppError(
      "pod-manager.unsupported",
      `${node.path} names no computer system.\nMaybe give driver_info.redfish_system_id, the path of the system.`,
    );
  const mac = textOf(params.mac);
  return {
    driver: textOf(params.driver) ?? "redfish",
    driverInfo: {
      redfish_address: client.origin,
      redfish_username: access.username,
      redfish_password: access.password,
      redfish_verify_ca: access.insecure !== true,
      ...(system === null ? {} : { redfish_system_id: system }),
      ...given,
    },
    macs: mac === null ? await macsOf(client, node, signal) : [mac],
  };
}
