import type uPlot from 'uplot';

import { nearest, type Pointer } from './nearest';
import { timeLabel } from './time-labels';
import { valueLabel } from './value-labels';

export interface Look {
  readonly steps: boolean;
  readonly stepPaths: uPlot.Series.PathBuilder | undefined;
  readonly color: (name: string) => string;
  readonly hovered: (index: number | null) => void;
  /** Told at each drawing how wide the plot is, in device pixels. */
  readonly drawn: (width: number) => void;
}

const FONT = '12px system-ui, sans-serif';
export const HEIGHT = 200;

/** A calm line: few grid lines, no frame, no legend; the figure around it says name, unit and value. */
export function options(width: number, look: Look): uPlot.Options {
  const axis = {
    font: FONT,
    stroke: () => look.color('--quiet'),
    ticks: { show: false },
    grid: { stroke: () => look.color('--grid'), width: 1 },
  };
  const stepped = look.stepPaths ? { paths: look.stepPaths } : {};
  return {
    width,
    height: HEIGHT,
    ms: 1,
    pxAlign: 0,
    legend: { show: false },
    padding: [10, 8, 0, 0],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: 'device', setSeries: false },
      dataIdx: (chart, series, closest, at) =>
        series === 0 ? closest : nearest(chart.data[0], chart.data[1], closest, pointer(chart, at)),
      points: { size: 8, width: 2, fill: () => look.color('--card') },
    },
    scales: {
      x: { time: true, auto: false },
      y: look.steps ? { range: [-0.08, 1.08] } : { range: (_chart, low, high) => around(low, high) },
    },
    series: [
      {},
      {
        stroke: () => look.color('--line'),
        fill: () => look.color('--line-area'),
        width: 1.75,
        points: { show: false },
        ...stepped,
      },
    ],
    axes: [
      {
        ...axis,
        size: 28,
        space: 80,
        values: (_chart, splits, _axis, _space, step) => splits.map((at) => timeLabel(at, step)),
      },
      look.steps
        ? { ...axis, size: 44, splits: () => [0, 1], values: () => ['no', 'yes'] }
        : {
            ...axis,
            size: widest,
            space: 36,
            values: (_chart, splits, _axis, _space, step) => splits.map((value) => valueLabel(value, step)),
          },
    ],
    hooks: {
      setCursor: [
        (chart) => {
          look.hovered(chart.cursor.idxs?.[1] ?? null);
        },
      ],
      draw: [
        (chart) => {
          look.drawn(Math.round(chart.bbox.width));
        },
      ],
    },
  };
}

function pointer(chart: uPlot, at: number): Pointer {
  const reach = chart.posToVal(1, 'x') - chart.posToVal(0, 'x');
  return { at, value: chart.posToVal(chart.cursor.top ?? 0, 'y'), reach };
}

/** A little more than the values span; a flat line lies in the middle of one per cent. There may be no values. */
function around(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) {
    return [0, 1];
  }
  const room = low === high ? Math.max(Math.abs(low) / 100, 1) : (high - low) * 0.12;
  return [low - room, high + room];
}

/** Room for the longest number beside the axis, so that none is cut. */
function widest(_chart: uPlot, labels: string[] | null): number {
  return Math.max(40, 16 + 7 * Math.max(0, ...(labels ?? []).map((label) => label.length)));
}
