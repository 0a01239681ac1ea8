import { OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import type { GroupService, GroupView } from "../../services/groups.ts";
import type { Env } from "../context.ts";
import { operation, type ResourceContext, servePath } from "../resource.ts";
import { groupCreate, groupSchema, groupUpdate, membersAdd } from "./schemas.ts";

const created = { status: 201, text: "The group", schema: groupSchema } as const;
const done = { status: 204, text: "Done" } as const;

/** `/v1/groups`: named groups and the projects that may use them. */
export function groupsResource(groups: GroupService, shared: Omit<ResourceContext, "tag">): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>();
  const context = { ...shared, tag: "groups" };
  const serve = <Item>(path: string, spec: Omit<Parameters<typeof servePath<Item>>[4], "admin">) =>
    servePath(app, "/v1/groups", path, context, { ...spec, admin: true });
  const find = (param: (name: string) => string) => groups.find(param("group"));

  serve("/", {
    lookup: async () => null,
    methods: {
      GET: operation({
        summary: "List the groups",
        success: { status: 200, text: "The groups", schema: z.object({ groups: z.array(groupSchema) }) },
        errors: [],
        handle: async () => ({ status: 200, body: { groups: await groups.list() } }),
      }),
      POST: operation({
        summary: "Make a group",
        body: groupCreate,
        success: created,
        errors: [400, 413],
        handle: async ({ body }) => ({
          status: 201,
          body: await groups.create({
            name: body.name,
            type: body.type,
            level: body.level ?? null,
            description: body.description ?? "",
          }),
        }),
      }),
    },
  });

  serve<GroupView>("/{group}", {
    lookup: find,
    methods: {
      GET: operation({
        summary: "Show a group, by id or name",
        success: { status: 200, text: "The group", schema: z.object({ group: groupSchema }) },
        errors: [404],
        handle: async ({ item }) => ({ status: 200, body: { group: item } }),
      }),
      PUT: operation({
        summary: "Change the description of a group",
        body: groupUpdate,
        success: created,
        errors: [400, 404, 413],
        handle: async ({ item, body: { description } }) => ({
          status: 201,
          body: await groups.update(item.id, description === undefined ? {} : { description }),
        }),
      }),
      DELETE: operation({
        summary: "Delete a group that has no members",
        success: done,
        errors: [404, 409],
        handle: async ({ item }) => {
          await groups.remove(item.id);
          return { status: 204 };
        },
      }),
    },
  });

  serve<GroupView>("/{group}/members", {
    lookup: find,
    methods: {
      PUT: operation({
        summary: "Add projects to a group",
        body: membersAdd,
        success: created,
        errors: [400, 404, 409, 413],
        handle: async ({ item, body }) => ({ status: 201, body: await groups.addMembers(item.id, body.members) }),
      }),
      DELETE: operation({
        summary: "Remove all projects from a group",
        success: done,
        errors: [404, 409],
        handle: async ({ item }) => {
          await groups.removeMembers(item.id);
          return { status: 204 };
        },
      }),
    },
  });

  serve<{ group: GroupView; member: string }>("/{group}/members/{member}", {
    lookup: async (param) => {
      const group = await find(param);
      const member = param("member");
      if (!(await groups.hasMember(group.id, member))) {
        throw new AppError("group.member-missing", "Member not found in group");
      }
      return { group, member };
    },
    methods: {
      GET: operation({
        summary: "Is the project a member of the group?",
        success: { status: 204, text: "Yes" },
        errors: [404],
        handle: async () => ({ status: 204 }),
      }),
      DELETE: operation({
        summary: "Remove a project from a group",
        success: done,
        errors: [404, 409],
        handle: async ({ item }) => {
          await groups.removeMember(item.group.id, item.member);
          return { status: 204 };
        },
      }),
    },
  });
  return app;
}
