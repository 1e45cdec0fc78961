import { Columns } from '../readings/columns';
import { path } from './path';

const box = { width: 100, height: 28 };
const window = { from: 0, to: 100 };

function columns(at: number[], value: number[]): Columns {
  const filled = new Columns();
  filled.merge(at, value);
  return filled;
}

describe('path', () => {
  it('draws from low to high within the box', () => {
    expect(path(columns([0, 50, 100], [1, 2, 3]), window, box, false).line).toBe('M0.0 24.0L50.0 14.0L100.0 4.0');
  });

  it('draws a state as steps up to the present', () => {
    expect(path(columns([0, 50], [0, 1]), window, box, true).line).toBe('M0.0 24.0L50.0 24.0L50.0 4.0L100 4.0');
  });

  it('draws a state that was last said before the window', () => {
    expect(path(columns([-20, -10], [0, 1]), window, box, true).line).toBe('M0.0 4.0L100 4.0');
  });

  it('draws the mean of what is too dense to be seen', () => {
    const dense = Array.from({ length: 1_000 }, (_, index) => index / 10);
    const { line } = path(
      columns(
        dense,
        dense.map((at) => at % 0.2),
      ),
      window,
      box,
      false,
    );
    expect(line.split('L').length).toBe(90);
  });

  it('draws nothing of what lies before the window, and a flat line in the middle', () => {
    expect(path(columns([-20, -10], [1, 2]), window, box, false).line).toBe('');
    expect(path(columns([0, 10], [5, 5]), window, box, false).line).toBe('M0.0 14.0L10.0 14.0');
  });
});
