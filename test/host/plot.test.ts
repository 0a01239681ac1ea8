import { describe, expect, test } from "vitest";
import { type Panel, plotSvg } from "../../host/plot.ts";

const panel: Panel = {
  title: "Plan time of 100 VMs",
  x: { title: "hosts", log: true },
  y: { title: "plan time (ms)", log: true },
  series: [
    {
      name: "measured",
      mark: "line-and-dots",
      points: [
        [1_000, 0.2],
        [100_000, 20],
      ],
    },
    {
      name: "goal",
      dashed: true,
      points: [
        [1_000, 0.5],
        [100_000, 0.5],
      ],
    },
  ],
};

/** What stands in the picture, in the order of the document. */
function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);
}

describe("plotSvg", () => {
  test("title, axes with their units and every series can be read in the picture", async () => {
    const read = texts(await plotSvg([panel]));
    expect(read).toEqual(expect.arrayContaining([panel.title, "hosts", "plan time (ms)", "measured", "goal"]));
  });

  test("a logarithmic axis is labelled at powers of ten, from below the least point to above the greatest", async () => {
    const read = texts(await plotSvg([panel]));
    expect(read.filter((text) => /^\d+k$/.test(text))).toEqual(["1k", "10k", "100k"]);
    expect(read.filter((text) => /^[\d.]+$/.test(text))).toEqual(["1", "10"]);
  });

  test("equal panels give equal bytes", async () => {
    expect(await plotSvg([panel, panel], { columns: 2 })).toBe(await plotSvg([panel, panel], { columns: 2 }));
  });

  test("points that a logarithmic axis cannot show are left out, and a panel without points is still a picture", async () => {
    const series = [
      {
        name: "alone",
        mark: "dots" as const,
        points: [
          [0, 5],
          [10, 5],
          [100, -1],
        ] as const,
      },
    ];
    const svg = await plotSvg([{ ...panel, series }]);
    expect(svg.match(/fill="#0072b2"/g) ?? []).toHaveLength(1);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(await plotSvg([{ ...panel, series: [] }])).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("a single series needs no legend", async () => {
    expect(texts(await plotSvg([{ ...panel, series: panel.series.slice(0, 1) }]))).not.toContain("measured");
  });
});
