import type { Columns } from '../readings/columns';
import { averaged, held, type Window } from './curve';

interface Box {
  readonly width: number;
  readonly height: number;
}

/** Room above and below, so that the stroke is not cut. */
const MARGIN = 4;

/** An SVG line through the readings of a window, and the area below it. A state is drawn as steps, and holds from before. */
export function path(columns: Columns, window: Window, box: Box, steps: boolean): { line: string; area: string } {
  const { at, values } = (steps ? held : averaged)(columns, window);
  if (at.length === 0) {
    return { line: '', area: '' };
  }
  const low = steps ? 0 : Math.min(...values);
  const high = steps ? 1 : Math.max(...values);
  const x = (time: number) => fixed(((time - window.from) / (window.to - window.from)) * box.width);
  const y = (value: number) =>
    fixed(
      high === low ? box.height / 2 : box.height - MARGIN - ((value - low) / (high - low)) * (box.height - 2 * MARGIN),
    );

  const corners = at.map((time, index) => {
    const across = x(time);
    const up = y(values[index] ?? low);
    const before = y(values[index - 1] ?? low);
    return steps && index > 0 ? `${across} ${before}L${across} ${up}` : `${across} ${up}`;
  });
  const end = steps ? `L${box.width} ${y(values.at(-1) ?? 0)}` : '';
  const line = `M${corners.join('L')}${end}`;
  const right = steps ? box.width : x(at.at(-1) ?? 0);
  return { line, area: `${line}L${right} ${box.height}L${x(at[0] ?? 0)} ${box.height}Z` };
}

function fixed(value: number): string {
  return value.toFixed(1);
}
