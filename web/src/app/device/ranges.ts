import { LONGEST } from './join';

const DAY = 24 * 3_600_000;

/** Of those up to `LONGEST` every reading is fetched, of longer ones what their pixels show and the newest rows. */
export const RANGES = [
  { label: '5 min', span: 5 * 60_000 },
  { label: '15 min', span: 15 * 60_000 },
  { label: '1 h', span: 3_600_000 },
  { label: '6 h', span: LONGEST },
  { label: '1 day', span: DAY },
  { label: '1 week', span: 7 * DAY },
  { label: '1 month', span: 31 * DAY },
  { label: '1 year', span: 366 * DAY },
] as const;
