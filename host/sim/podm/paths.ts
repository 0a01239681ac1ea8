const ROOT = "/redfish/v1";

/** Where things are, as the links of the service say. */
export const PATHS = {
  root: ROOT,
  chassis: `${ROOT}/Chassis`,
  systems: `${ROOT}/Systems`,
  nodes: `${ROOT}/Nodes`,
  fabrics: `${ROOT}/Fabrics`,
  managers: `${ROOT}/Managers`,
  services: `${ROOT}/Services`,
  storageServices: `${ROOT}/StorageServices`,
} as const;

/** The one storage service. */
export const STORAGE_SERVICE = "RSS1";

export const chassisPath = (id: string) => `${PATHS.chassis}/${id}`;
export const systemPath = (id: string) => `${PATHS.systems}/${id}`;
export const nodePath = (id: string) => `${PATHS.nodes}/${id}`;
export const fabricPath = (id: string) => `${PATHS.fabrics}/${id}`;
export const managerPath = (id: string) => `${PATHS.managers}/${id}`;
