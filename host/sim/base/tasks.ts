import { type Answer, type Json, Refusal } from "./answer.ts";
import type { SimClock } from "./clock.ts";
import { collection, type Resources } from "./resources.ts";

const TASKS = "/redfish/v1/TaskService/Tasks";
const MONITORS = "/redfish/v1/TaskService/TaskMonitors";
const MOST_TASKS = 1_000;

interface Task {
  readonly id: string;
  readonly name: string;
  /** Body of the request that began it; {}: it is not told. */
  readonly payload: Json;
  readonly startedAt: number;
  endedAt: number | null;
  answer: Answer | null;
  stop: () => void;
}

/** Work that a service answers with 202: a task, and a monitor that gives the work's own answer once. */
export class Tasks {
  readonly #clock: SimClock;
  readonly #tasks = new Map<string, Task>();
  #made = 0;

  constructor(clock: SimClock, resources: Resources) {
    this.#clock = clock;
    resources.add("/redfish/v1/TaskService", { get: () => this.#service() });
    resources.add(TASKS, {
      get: () =>
        collection(
          TASKS,
          "TaskCollection",
          "Tasks",
          [...this.#tasks.keys()].map((id) => `${TASKS}/${id}`),
        ),
    });
    resources.add(`${TASKS}/:id`, { get: ({ id }) => this.#shown(this.#tasks.get(id!)) });
    resources.add(`${MONITORS}/:id`, {
      get: () => null,
      delete: ({ params }) => this.#cancel(params.id!),
      writableUnseen: true,
    });
  }

  /** Answers 202 at once and does `work` in `ms`; the task shows the body of the request that began it. */
  start(name: string, ms: number, work: () => Answer, payload: Json = {}): Answer {
    const id = String(++this.#made);
    const startedAt = this.#clock.now();
    const task: Task = { id, name, payload, startedAt, endedAt: null, answer: null, stop: () => {} };
    task.stop = this.#clock.after(ms, () => {
      task.answer = tried(work);
      task.endedAt = this.#clock.now();
    });
    this.#tasks.set(id, task);
    const [oldest] = this.#tasks.keys();
    if (this.#tasks.size > MOST_TASKS) this.#tasks.delete(oldest!);
    return this.#running(task);
  }

  /** What a monitor says; null: it is none, or was asked after its end. */
  monitor(path: string): Answer | null {
    const id = path.startsWith(`${MONITORS}/`) ? path.slice(MONITORS.length + 1) : "";
    const task = this.#tasks.get(id);
    if (task === undefined) return null;
    if (task.answer === null) return this.#running(task);
    this.#tasks.delete(id);
    return task.answer;
  }

  #running(task: Task): Answer {
    const headers = { Location: `${MONITORS}/${task.id}`, "Retry-After": "1" };
    return { status: 202, headers, body: this.#shown(task)! };
  }

  #cancel(id: string): Answer {
    const task = this.#tasks.get(id);
    if (task === undefined) throw new Refusal(404, `There is no task ${id}`);
    task.stop();
    this.#tasks.delete(id);
    return { status: 204 };
  }

  #shown(task: Task | undefined): Json | null {
    if (task === undefined) return null;
    const { id, name, payload, answer, startedAt, endedAt } = task;
    const failed = answer !== null && answer.status >= 400;
    const error = (answer?.body as { error?: { message?: unknown } } | undefined)?.error;
    return {
      "@odata.id": `${TASKS}/${id}`,
      "@odata.type": "#Task.v1_4_3.Task",
      Id: id,
      Name: name,
      TaskState: answer === null ? "Running" : failed ? "Exception" : "Completed",
      TaskStatus: failed ? "Critical" : "OK",
      PercentComplete: answer === null ? 0 : 100,
      StartTime: new Date(startedAt).toISOString(),
      ...(endedAt === null ? {} : { EndTime: new Date(endedAt).toISOString() }),
      TaskMonitor: `${MONITORS}/${id}`,
      ...(Object.keys(payload).length === 0 ? {} : { Payload: { JsonBody: JSON.stringify(payload) } }),
      Messages: failed
        ? [{ MessageId: "Base.1.0.GeneralError", Message: String(error?.message), Severity: "Critical" }]
        : [],
    };
  }

  #service(): Json {
    return {
      "@odata.id": "/redfish/v1/TaskService",
      "@odata.type": "#TaskService.v1_1_4.TaskService",
      Id: "TaskService",
      Name: "Task Service",
      ServiceEnabled: true,
      Status: { State: "Enabled", Health: "OK" },
      Tasks: { "@odata.id": TASKS },
    };
  }
}

function tried(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    throw error;
  }
}
