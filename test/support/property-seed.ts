/**
 * Where random properties start. Fixed, so that a failure is the same everywhere; another start explores:
 * OSTRO_PROPERTY_SEED=$RANDOM npx vitest run test/properties
 */
export const propertySeed = Number(process.env.OSTRO_PROPERTY_SEED ?? 2017);
