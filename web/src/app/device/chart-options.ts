import type uPlot from 'uplot';

export interface Look {
  readonly steps: boolean;
  readonly stepPaths: uPlot.Series.PathBuilder | undefined;
  readonly color: (name: string) => string;
  readonly hovered: (index: number | null) => void;
}

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const seconds = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

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
        values: (_chart, splits, _axis, _space, step) =>
          splits.map((at) => (step < 60_000 ? seconds : time).format(at)),
      },
      look.steps
        ? { ...axis, size: 44, splits: () => [0, 1], values: () => ['no', 'yes'] }
        : {
            ...axis,
            size: widest,
            space: 36,
            values: (_chart, splits) => splits.map((value) => value.toLocaleString('en')),
          },
    ],
    hooks: {
      setCursor: [
        (chart) => {
          look.hovered(chart.cursor.idx ?? null);
        },
      ],
    },
  };
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
