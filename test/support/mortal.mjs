// A process that dies at a chosen point of an operation. Plain JavaScript: also run outside of the test runner.

/**
 * The store and the pod managers as a process sees them that dies by `die` at `point`. Afterwards nothing of it is done.
 *
 * @param {import("./mortal.d.mts").Around} around
 * @param {import("./mortal.d.mts").Point} point
 * @param {() => Promise<never>} die
 */
export function mortal({ store, connect }, { kind, step, method, when }, die) {
  let dead = false;
  let recording = false;
  const end = () => {
    dead = true;
    return die();
  };
  const asked = async (ask) => {
    if (dead) return await die();
    const answer = await ask();
    if (!recording) return answer;
    recording = false;
    return await end();
  };
  const call = (one, name) => async (facts, signal) => {
    const here = one.name === step && name === method;
    if (here && when === "before") return await end();
    const result = await one[name](facts, signal);
    if (here && when === "after") return await end();
    // What the store is asked next is to record it.
    recording = here && when === "recorded";
    return result;
  };
  const steps = (all) =>
    all?.map((one) => ({ name: one.name, run: call(one, "run"), look: call(one, "look"), undo: call(one, "undo") }));
  return {
    store: {
      kind: store.kind,
      read: (use) => asked(() => store.read(use)),
      transaction: (use, options) => asked(() => store.transaction(use, options)),
      ping: () => store.ping(),
      close: () => store.close(),
    },
    connect: async (podManagerId) => {
      const podManager = await connect(podManagerId);
      const operations = { ...podManager.operations, [kind]: steps(podManager.operations[kind]) };
      return new Proxy(podManager, {
        get: (target, key) => {
          if (key === "operations") return operations;
          const value = target[key];
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
}

/** A pod manager whose step of this name does what it does, and then says that it failed. */
export function failing(podManager, kind, step, error) {
  const operations = {
    ...podManager.operations,
    [kind]: podManager.operations[kind].map((one) => ({
      name: one.name,
      run: async (facts, signal) => {
        const result = await one.run(facts, signal);
        if (one.name === step) throw error;
        return result;
      },
      look: (facts, signal) => one.look(facts, signal),
      undo: (facts, signal) => one.undo(facts, signal),
    })),
  };
  return new Proxy(podManager, {
    get: (target, key) => {
      if (key === "operations") return operations;
      const value = target[key];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Every point at which an operation with these steps can be interrupted. */
export function pointsOf(kind, names, undoable) {
  const points = [];
  for (const step of names)
    for (const method of undoable ? ["run", "undo"] : ["run"])
      for (const when of ["before", "after", "recorded"]) points.push({ kind, step, method, when });
  return points;
}
