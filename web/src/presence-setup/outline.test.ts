import { describe, expect, it } from '@jest/globals';
import { lineOfCorner, readOutline, readPoint, showOutline } from './outline.ts';

describe('a pasted point', () => {
  it.each([
    ['17.385000, 78.486700', 17.385, 78.4867],
    ['  17.385\t78.4867 ', 17.385, 78.4867],
    ['(-33.85; 151.2)', -33.85, 151.2],
    ['[17.385,78.4867],', 17.385, 78.4867],
  ])('%s is latitude and longitude', (text, lat, lng) => {
    expect(readPoint(text)).toEqual({ lat, lng });
  });

  it.each(['', '17.385', '17.385, east', '1, 2, 3', '17,385 78,4867'])('%s is none', (text) => {
    expect(readPoint(text)).toBeNull();
  });
});

describe('a pasted outline', () => {
  const text = '17.1, 78.1\n\n17.2, 78.2\n17.3, 78.3\n';

  it('is its points; empty lines do not count', () => {
    const points = [
      { lat: 17.1, lng: 78.1 },
      { lat: 17.2, lng: 78.2 },
      { lat: 17.3, lng: 78.3 },
    ];
    expect(readOutline(text)).toEqual({ points });
    expect(readOutline(showOutline(points))).toEqual({ points });
    expect(readOutline(' \n')).toEqual({ points: null });
    expect(showOutline(null)).toBe('');
  });

  it('names the line that is no point, and the line of a refused corner', () => {
    expect(readOutline('17.1, 78.1\n\nhere')).toEqual({ badLine: 3 });
    expect([0, 1, 2].map((corner) => lineOfCorner(text, corner))).toEqual([1, 3, 4]);
  });
});
