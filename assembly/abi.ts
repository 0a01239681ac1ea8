// The wire between core and host. Both compilers read this file, so it holds untyped numeric constants only: no
// types, no enums, no imports. All integers on the wire are little-endian i32.

export const ABI_VERSION = 2;

// ---- Levels of the topology, and what "no such container" looks like -------------------------------------------------
export const LEVEL_HOST = 0;
export const LEVEL_RACK = 1;
export const LEVEL_CLUSTER = 2;
export const LEVEL_COUNT = 3;
export const NONE = -1;

// ---- Inventory: columns one after the other, each padded to 16 bytes -------------------------------------------------
// A row of a host column is one host. Rows of a rack are neighbours; a rack starts on a block, and what is left over of
// its last block is pad: rows with negative free capacity, which therefore never pass a capacity kernel.
export const BLOCK_SHIFT = 4;
export const BLOCK_ROWS = 16;
export const PAD_FREE = -2147483648;
export const UNLIMITED = 2147483647; // of a link: it takes any bandwidth and its cell is never changed

// Host columns (one i32 a row).
export const FREE_VCPUS = 0; // vCPU; PAD_FREE in pad rows; negative where more is used than there is
export const FREE_RAM = 1; // MiB
export const FREE_DISK = 2; // GiB
export const HOST_CLASS = 3; // row of the class columns
export const HOST_VMS = 4; // VMs on it, whoever put them there
export const HOST_OWNER = 5; // exclusivity class of its VMs, see OWNER_*
export const FREE_NIC = 6; // kbit/s, each direction; UNLIMITED; negative where more is reserved than there is
// Block columns: upper bounds of free capacity over its up hosts, -1 if it has none of the kind.
export const BLOCK_RACK = 7; // rack row
export const ACTIVE_VCPUS = 8; // over hosts that hold a VM
export const ACTIVE_RAM = 9;
export const ACTIVE_DISK = 10;
export const EMPTY_VCPUS = 11; // over hosts that hold none
export const EMPTY_RAM = 12;
export const EMPTY_DISK = 13;
// Rack columns. Hosts without a rack share a row whose RACK_REAL is 0, one per cluster.
export const RACK_BLOCK = 14; // its first block; one row more than racks, so that the next row is the end
export const RACK_CLUSTER = 15; // cluster row or NONE
export const RACK_REAL = 16; // 1, or 0: these hosts have no rack
export const RACK_VMS = 17;
export const RACK_OWNER = 18;
export const RACK_VCPUS = 19; // free capacity of its up hosts, summed, at most 2^31-1
export const RACK_RAM = 20;
export const RACK_DISK = 21;
export const RACK_UPLINK = 22; // free kbit/s, as FREE_NIC; UNLIMITED too where these hosts have no rack
// Cluster columns. Racks of a cluster are neighbours.
export const CLUSTER_RACK = 23; // its first rack; one row more than clusters
export const CLUSTER_VMS = 24;
export const CLUSTER_OWNER = 25;
// Class columns: hosts that no rule on fixed facts can tell apart share a class.
export const CLASS_UP = 26; // 1 or 0
export const CLASS_ZONE = 27; // zone number or NONE
export const CLASS_AGGREGATES = 28; // number of its set of aggregates and traits
export const CLASS_PHYSICAL_VCPUS = 29; // largest VM the machine itself can hold
export const CLASS_PHYSICAL_RAM = 30;
export const CLASS_VCPUS = 31; // capacity after overcommit and standby
export const CLASS_RAM = 32;
export const CLASS_DISK = 33;
// Totals: one row each, over all active up hosts, at most 2^31-1.
export const TOTAL_VCPUS = 34;
export const TOTAL_RAM = 35;
export const TOTAL_DISK = 36;

export const FIRST_BLOCK_COLUMN = 7;
export const FIRST_RACK_COLUMN = 14;
export const FIRST_CLUSTER_COLUMN = 23;
export const FIRST_CLASS_COLUMN = 26;
export const FIRST_TOTAL_COLUMN = 34;
export const COLUMN_COUNT = 37;

// Exclusivity class of a container: VMs may share a container exactly when they belong to the same exclusivity groups
// of its level, so each such set of groups is one number. 0: its VMs belong to none.
export const OWNER_NONE = 0;
export const OWNER_CLOSED = -1; // VMs of different sets live there: nobody may join

// ---- Request: words from the start of the request buffer -------------------------------------------------------------
export const REQUEST_VMS = 0; // number of VM records
export const REQUEST_VM_TABLE = 1; // word offset of the first
export const REQUEST_GROUPS = 2; // affinity and diversity groups
export const REQUEST_GROUP_TABLE = 3;
export const REQUEST_AGGREGATE_SETS = 4; // columns of the spec table
export const REQUEST_SPEC_TABLE = 5; // word offset; word [spec x sets + set] holds SPECS_ bits: what of the set satisfies the specs
export const REQUEST_FRESH_OWNER = 6; // exclusivity classes from this number on live nowhere yet
export const REQUEST_PATCHES = 7; // inventory cells to read differently during this solve
export const REQUEST_PATCH_TABLE = 8; // triples: column, row, value
export const REQUEST_PIPES = 9; // number of pipe records
export const REQUEST_PIPE_TABLE = 10;
export const REQUEST_HEADER = 11;

// Bits of a word of the spec table.
export const SPECS_FIT_AGGREGATE = 1; // one aggregate of the set satisfies all keys that concern aggregates
export const SPECS_LACK_TRAITS = 2; // a required trait is not in the set, or a forbidden one is

// A VM record. Rules on host classes may read the words before VM_DISK only: VMs equal in them share the answers.
export const VM_VCPUS = 0;
export const VM_RAM = 1; // MiB
export const VM_ZONE = 2; // zone number, or NONE: any
export const VM_SPECS = 3; // row of the spec table, or NONE: no specs
export const VM_DISK = 4; // GiB
export const VM_CANDIDATES = 5; // word offset of ascending host rows
export const VM_CANDIDATE_COUNT = 6; // NONE: every host is one
export const VM_EXCLUDED = 7; // word offset of ascending host rows
export const VM_EXCLUDED_COUNT = 8;
export const VM_FIXED = 9; // 1: decided already; its only candidate host is VM_FIXED_ROW
export const VM_FIXED_ROW = 10;
export const VM_OWNERS = 11; // exclusivity class per level
export const VM_WORDS = 14;
export const VM_CLASS_WORDS = 4;

export const GROUP_KIND = 0; // KIND_*
export const GROUP_LEVEL = 1;
export const GROUP_MEMBERS = 2; // word offset of pairs: VM, ordinal of the direct member it stands below
export const GROUP_MEMBER_COUNT = 3; // number of pairs
export const GROUP_ORDINALS = 4; // number of direct members
export const GROUP_LIVING = 5; // word offset of container rows where the group lives already
export const GROUP_LIVING_COUNT = 6;
export const GROUP_WORDS = 7;
export const KIND_AFFINITY = 0;
export const KIND_DIVERSITY = 1;

// A pipe reserves bandwidth between two VMs of the request, or between one and a VM that lives in the data center.
export const PIPE_A = 0; // VM
export const PIPE_B = 1; // VM, or NONE: the other end lives already
export const PIPE_ROW = 2; // host row of the living end; NONE without one
export const PIPE_KBPS = 3; // more than 0
export const PIPE_WORDS = 4;

// ---- Result: words from the pointer that `result()` returns ----------------------------------------------------------
export const RESULT_STATUS = 0; // STATUS_*
export const RESULT_ACTIVATED = 1; // hosts that held no VM before
export const RESULT_TOUCHED = 2;
export const RESULT_RACKS = 3;
export const RESULT_LEFT = 4; // basis points, i64 over two words
export const RESULT_BOUND_ACTIVATED = 6;
export const RESULT_BOUND_TOUCHED = 7;
export const RESULT_ATTEMPTS = 8;
export const RESULT_BLOCKS = 9;
export const RESULT_MOVES = 10;
export const RESULT_REFUSED_VM = 11;
export const RESULT_REFUSED_RULE = 12; // row of the catalogue that emptied the list, or NONE
export const RESULT_PLACED_BEFORE = 13; // VMs that had a host when the refused one found none
export const RESULT_RESERVED = 14; // kbit/s x links crossed, i64 over two words
export const RESULT_BOUND_RESERVED = 16; // the same
export const RESULT_BOUND_RACKS = 18;
export const RESULT_PROVEN = 19; // 1: a plan that no other beats in all levels but the last, or a refusal that the log proves
export const RESULT_REFUSED = 20; // hosts refused per rule, MAX_RULES words
export const RESULT_HOSTS = 52; // host row per VM

export const MAX_RULES = 32;

// ---- Account of one VM of a whole plan: words from the pointer that `account()` returns -------------------------------
export const ACCOUNT_REFUSED = 0; // hosts refused per rule, MAX_RULES words
export const ACCOUNT_ALLOWED = 32; // hosts that no rule refuses, the chosen one among them
export const ACCOUNT_CHOSEN = 33; // a choice
export const ACCOUNT_RUNNER_UP = 41; // a choice; its row is NONE if no other host is allowed
export const ACCOUNT_WORDS = 49;

// A choice: a host, and what the VM adds to each level of the objective on it.
export const CHOICE_ROW = 0;
export const CHOICE_ACTIVATED = 1;
export const CHOICE_TOUCHED = 2;
export const CHOICE_RACKS = 3;
export const CHOICE_RESERVED = 4; // kbit/s x links crossed, i64 over two words
export const CHOICE_LEFT = 6; // basis points, i64 over two words; below zero where it fills a touched host

export const STATUS_PLACED = 1;
export const STATUS_REFUSED = 2; // repair gave up or no host at all; RESULT_REFUSED_* tell
export const STATUS_SEARCHING = 0; // more attempts may help
export const STATUS_BUILDING = 3; // the first plan is not finished
