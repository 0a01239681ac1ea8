// The plots of a report.

import type { Panel, Series } from "../plot.ts";
import type { Sample } from "./history.ts";
import type { Replay } from "./replay.ts";

/** By the name of the picture's file. */
export function chartsOf(replay: Replay): Readonly<Record<string, Panel>> {
  const { samples, seconds } = replay.history;
  const start = samples[0]?.time ?? 0;
  const [unit, size] = unitOf(seconds);
  const x = { title: `time since the first arrival (${unit})`, to: seconds / size };
  const over = (name: string, value: (sample: Sample) => number): Series => ({
    name,
    mark: "steps",
    points: samples.map((sample) => [(sample.time - start) / size, value(sample)]),
  });
  return {
    utilisation: {
      title: "What is in use",
      x,
      y: { title: "share of all hosts that are up (%)", to: 100 },
      series: [
        over("vCPU", ({ vcpus }) => vcpus * 100),
        over("RAM", ({ ram }) => ram * 100),
        over("disk", ({ disk }) => disk * 100),
      ],
    },
    hosts: {
      title: "Hosts that run something",
      x,
      y: { title: "hosts" },
      series: [
        over("in use", ({ hosts }) => hosts),
        over("fewest that could do (lower bound)", ({ leastHosts }) => leastHosts),
      ],
    },
    refusals: {
      title: "Refused so far",
      x,
      y: { title: "VMs" },
      series: [over("refused", ({ refused }) => refused)],
    },
    "plan-time": planTime(replay),
  };
}

function planTime({ planTime, applications }: Replay): Panel {
  const points: [number, number][] = [];
  if (applications > 0)
    for (let percent = 0.5; percent <= 100; percent += 0.5) points.push([planTime.percentile(percent) / 1e6, percent]);
  return {
    title: "How long plans took",
    x: { title: "plan time (ms)", log: true },
    y: { title: "applications planned within it (%)", to: 100 },
    series: [{ name: "plans", points }],
  };
}

/** In which the whole trace is readable, and its seconds. */
function unitOf(seconds: number): [unit: string, seconds: number] {
  if (seconds >= 3 * 86_400) return ["d", 86_400];
  if (seconds >= 3 * 3_600) return ["h", 3_600];
  return seconds >= 3 * 60 ? ["min", 60] : ["s", 1];
}
