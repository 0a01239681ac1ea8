// Charts as SVG, for reports and the README: panels of line charts, drawn by Vega without a browser or a canvas.

import type { GroupMark, Mark, Scale, Spec, Axis as VegaAxis } from "vega";

export interface Axis {
  /** With the unit in brackets, e.g. `plan time (ms)`. */
  readonly title: string;
  /** Logarithmic; points at or below zero are left out. */
  readonly log?: boolean;
  /** The axis reaches at least from and to here. Default: from 0, unless logarithmic, to a round number. */
  readonly from?: number;
  readonly to?: number;
}

export interface Series {
  readonly name: string;
  /** x ascending. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** How points are joined; `steps`: a value holds until the next point. `dots` joins nothing. Default `line`. */
  readonly mark?: "line" | "line-and-dots" | "steps" | "dots";
  /** Dashed, for bounds and goals beside what was measured. */
  readonly dashed?: boolean;
}

export interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  /** At most eight can be told apart. */
  readonly series: readonly Series[];
}

export interface PlotOptions {
  /** Panels beside each other. Default 1. */
  readonly columns?: number;
  /** Of the area inside the axes of one panel, px. */
  readonly width?: number;
  readonly height?: number;
}

/** Okabe and Ito's colours, told apart by colour-blind readers too (https://jfly.uni-koeln.de/color/); yellow is too pale for lines. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555", "#000000"];
const FONT = "DejaVu Sans, Verdana, Arial, sans-serif";
const TEXT = "#222222";
/** Of one name in a legend, so that legends are no wider than their panels. */
const LEGEND_COLUMN_PX = 200;
/** Below this many decades a logarithmic axis is labelled at 1, 2 and 5 of each. */
const FEW_DECADES = 2;

/** One SVG document; equal panels give equal text. */
export async function plotSvg(panels: readonly Panel[], options: PlotOptions = {}): Promise<string> {
  // Vega takes a third of a second to load: nobody but who draws should wait for it.
  const { parse, View } = await import("vega");
  const { columns = 1, width = 600, height = 240 } = options;
  const spec: Spec = {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    background: "white",
    padding: 12,
    layout: { columns, padding: { column: 36, row: 36 }, bounds: "full", align: "each" },
    marks: panels.map((panel, i) => panelMark(panel, `panel${i}`, width, height)),
    config: { axis: { labelFont: FONT, titleFont: FONT }, legend: { labelFont: FONT }, title: { font: FONT } },
  };
  const view = new View(parse(spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}

function panelMark({ title, x, y, series }: Panel, name: string, width: number, height: number): GroupMark {
  const visible = series.map((each) => ({ ...each, points: each.points.filter(drawnOn(x, y)) }));
  const points = visible.flatMap((each) => each.points);
  const names = series.map((each) => each.name);
  return {
    type: "group",
    name,
    encode: { update: { width: { value: width }, height: { value: height } } },
    title: { text: title, anchor: "start", frame: "group", fontSize: 14, color: TEXT, offset: 8 },
    signals: [
      { name: "width", value: width },
      { name: "height", value: height },
    ],
    data: visible.map((each, i) => ({ name: `series${i}`, values: each.points.map(([at, value]) => ({ at, value })) })),
    scales: [
      scale("x", x, domainOf(x, points, 0), [0, width]),
      scale("y", y, domainOf(y, points, 1), [height, 0]),
      { name: "colour", type: "ordinal", domain: names, range: COLOURS },
      { name: "dash", type: "ordinal", domain: names, range: series.map((each) => (each.dashed ? [5, 4] : [1, 0])) },
    ],
    axes: [axis("bottom", "x", x, domainOf(x, points, 0), width), axis("left", "y", y, domainOf(y, points, 1), height)],
    ...(series.length > 1 && {
      legends: [
        {
          stroke: "colour",
          strokeDash: "dash",
          symbolType: "stroke",
          symbolSize: 300,
          symbolStrokeWidth: 2,
          labelFontSize: 12,
          labelLimit: 400,
          labelColor: TEXT,
          orient: "top",
          direction: "horizontal",
          columns: Math.max(1, Math.floor(width / LEGEND_COLUMN_PX)),
          columnPadding: 18,
          offset: 6,
        },
      ],
    }),
    marks: visible.flatMap((each, i) => seriesMarks(each, `series${i}`)),
  };
}

function seriesMarks({ name, mark = "line", dashed }: Series, data: string): Mark[] {
  const place = { x: { scale: "x", field: "at" }, y: { scale: "y", field: "value" } };
  const colour = { scale: "colour", value: name };
  const line: Mark = {
    type: "line",
    from: { data },
    encode: {
      update: {
        ...place,
        stroke: colour,
        strokeWidth: { value: 1.75 },
        strokeJoin: { value: "round" },
        interpolate: { value: mark === "steps" ? "step-after" : "linear" },
        ...(dashed && { strokeDash: { value: [5, 4] } }),
      },
    },
  };
  const dots: Mark = {
    type: "symbol",
    from: { data },
    encode: { update: { ...place, fill: colour, size: { value: mark === "dots" ? 12 : 40 } } },
  };
  if (mark === "dots") return [dots];
  return mark === "line-and-dots" ? [line, dots] : [line];
}

function scale(name: string, { log, to }: Axis, domain: readonly [number, number], range: [number, number]): Scale {
  return {
    name,
    type: log ? "log" : "linear",
    domain: [...domain],
    range,
    nice: !log && to === undefined,
    ...(!log && { zero: false }),
  };
}

function axis(
  orient: "bottom" | "left",
  name: string,
  { title, log }: Axis,
  domain: readonly [number, number],
  px: number,
): VegaAxis {
  return {
    orient,
    scale: name,
    title,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelColor: TEXT,
    titleColor: TEXT,
    titlePadding: 8,
    grid: true,
    gridColor: "#e4e4e4",
    domainColor: "#999999",
    tickColor: "#999999",
    labelOverlap: true,
    format: log && domain[0] >= 1 ? "~s" : ",.6~g",
    ...(log ? { values: logTicks(domain) } : { tickCount: Math.ceil(px / (orient === "bottom" ? 80 : 45)) }),
  };
}

/** From and to; a logarithmic one ends at 1, 2 or 5 times a power of ten. */
function domainOf(axis: Axis, points: Series["points"], which: 0 | 1): [number, number] {
  let low = axis.from ?? (axis.log ? Number.POSITIVE_INFINITY : 0);
  let high = axis.to ?? Number.NEGATIVE_INFINITY;
  for (const point of points) {
    low = Math.min(low, point[which]);
    high = Math.max(high, point[which]);
  }
  if (axis.log) {
    if (!(low <= high)) return [1, 10];
    const [from, to] = [stepBelow(low), stepAbove(high)];
    return from === to ? [from / 10, to] : [from, to];
  }
  return high > low ? [low, high] : [low, low + 1];
}

function logTicks([low, high]: readonly [number, number]): number[] {
  const steps = Math.log10(high / low) < FEW_DECADES ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const step of steps) ticks.push(Number(`${step}e${power}`));
  return ticks.filter((tick) => tick >= low && tick <= high);
}

function stepBelow(value: number): number {
  const power = Math.floor(Math.log10(value) + 1e-9);
  const step = [5, 2, 1].find((step) => Number(`${step}e${power}`) <= value * (1 + 1e-9)) ?? 1;
  return Number(`${step}e${power}`);
}

function stepAbove(value: number): number {
  const power = Math.floor(Math.log10(value) + 1e-9);
  const step = [1, 2, 5, 10].find((step) => Number(`${step}e${power}`) >= value * (1 - 1e-9)) ?? 10;
  return Number(`${step}e${power}`);
}

function drawnOn(x: Axis, y: Axis): (point: readonly [number, number]) => boolean {
  return ([at, value]) => (!x.log || at > 0) && (!y.log || value > 0);
}
