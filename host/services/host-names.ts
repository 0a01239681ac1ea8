// Racks from the naming convention of hosts, e.g. pdk15r05c001 stands in rack pdk15r05: <region letters><region digits>
// <rack code><rack digits><node code><node digits>, then a dot and a domain or nothing.

/** The settings of Valet with their names there in snake case. */
export interface NamingConvention {
  /** num_of_region_chars: how many characters begin a name, whatever they are. */
  readonly regionChars: number;
  /** rack_code_list: characters that may begin the rack's part. */
  readonly rackCodes: string;
  /** node_code_list: characters that may begin the node's part; commas count for nothing. */
  readonly nodeCodes: string;
}

export type NameParts =
  | { readonly ok: true; readonly region: string; readonly rack: string; readonly nodeCode: string }
  /** `message`: as Valet of 2017 put it. */
  | { readonly ok: false; readonly message: string };

/**
 * As Valet of 2017 read names, quirks included: the first characters are not looked at, and the count of fields is told
 * before what was wrong with one of them.
 */
export function partsOf(name: string, { regionChars, rackCodes, nodeCodes }: NamingConvention): NameParts {
  // Where the rack's and the node's part begin; 0: not found yet.
  let rackAt = 0;
  let nodeAt = 0;
  let fields = 0;
  let fault: string | null = null;
  let end = name.length;
  for (let at = regionChars; at < name.length; at++) {
    const char = name[at]!;
    if (char >= "0" && char <= "9") continue;
    end = at;
    if (at === regionChars) fault = `invalid region name = ${name.slice(0, at + 1)}`;
    else if (rackAt === 0) {
      if (isCode(char, rackCodes)) {
        rackAt = at;
        fields++;
        end = name.length;
        continue;
      }
      fault = `invalid rack_char = ${char}`;
    } else if (at === rackAt + 1) fault = `invalid rack name = ${name.slice(0, at + 1)}`;
    else if (nodeAt === 0) {
      fields++; // the rack's part is whole, whatever follows it
      if (isCode(char, nodeCodes)) {
        nodeAt = at;
        fields++;
        end = name.length;
        continue;
      }
      fault = `invalid node_char = ${char}`;
    } else if (char !== ".") fields++; // something follows the node's digits that is no domain
    break;
  }
  if (end <= nodeAt + 1) fault = `invalid node name = ${name.slice(0, end)}`;
  if (fields !== 3) fault = `invalid number of identification fields = ${fields}`;
  if (fault !== null) return { ok: false, message: fault };
  return { ok: true, region: name.slice(0, rackAt), rack: name.slice(0, nodeAt), nodeCode: name[nodeAt]! };
}

function isCode(char: string, codes: string): boolean {
  return char !== "," && codes.includes(char);
}
