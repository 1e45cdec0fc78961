import { decimals, display } from './display';

describe('display', () => {
  it.each([
    [21, 'number', '21'],
    [-3.25, 'number', '-3.25'],
    [21.400000000000002, 'number', '21.4'],
    [1013.25, 'number', '1013.3'],
    [48211.118, 'number', '48,211'],
    [0.12345, 'number', '0.1235'],
    [0.00012, 'number', '0.00012'],
    [-0.0000025, 'number', '-0.0000025'],
    [2.54321e-12, 'number', '2.54E-12'],
    [0, 'number', '0'],
    [1, 'boolean', 'yes'],
    [false, 'boolean', 'no'],
    ['9007199254740993', 'text', '9007199254740993'],
  ] as const)('shows %s of kind %s as %s', (value, kind, text) => {
    expect(display(value, kind)).toBe(text);
  });

  it('keeps the decimals that a series is shown with', () => {
    expect(decimals(20.9)).toBe(1);
    expect(display(21, 'number', 1)).toBe('21.0');
    expect(display(123456, 'number', 2)).toBe('123,456');
    expect(decimals(0.0000025)).toBe(7);
    expect(display(0, 'number', 7)).toBe('0.0000');
    expect(decimals(2.5e-12)).toBe(0);
  });
});
