/** JSON as the original command prints it: indented by 4, keys in order. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, inOrder, 4);
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
