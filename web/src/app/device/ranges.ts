import { LONGEST } from './join';

export const RANGES = [
  { label: '5 min', span: 5 * 60_000 },
  { label: '15 min', span: 15 * 60_000 },
  { label: '1 h', span: 3_600_000 },
  { label: '6 h', span: LONGEST },
] as const;
