/** How many students lie in which range of attendance. */
import { Paper, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import {
  Bar,
  BarChart,
  Cell,
  LabelList,
  ReferenceLine,
  ResponsiveContainer,
  XAxis,
  YAxis,
} from 'recharts';
import type { CourseStudent } from '../api/types.ts';

/** Five percent points: wide enough for a class of sixty, narrow enough that limits are edges. */
const BIN_PERCENT = 5;

interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Students per range from the lowest that occurs; 100 % belongs to the last range. */
function spreadOf(students: readonly Pick<CourseStudent, 'value_bp'>[]): readonly Bin[] {
  const starts = students
    .map(({ value_bp: value }) => value)
    .filter((value) => value !== null)
    .map((value) =>
      Math.min(Math.floor(value / 100 / BIN_PERCENT) * BIN_PERCENT, 100 - BIN_PERCENT),
    );
  if (starts.length === 0) return [];
  const lowest = Math.min(...starts, 50);
  return Array.from({ length: (100 - lowest) / BIN_PERCENT }, (_, index) => {
    const from = lowest + index * BIN_PERCENT;
    return { from, to: from + BIN_PERCENT, count: starts.filter((start) => start === from).length };
  });
}

interface SpreadChartProps {
  readonly students: readonly CourseStudent[];
  readonly threshold: number;
}

/** The chart; its numbers are also a hidden list, for readers who do not see it. */
export function SpreadChart({ students, threshold }: SpreadChartProps) {
  const { t } = useTranslation();
  const bins = spreadOf(students);
  if (bins.length === 0) return null;
  const rows = bins.map((bin) => ({ ...bin, name: `${bin.from}–${bin.to}` }));
  // Drawn at the left edge of the first range that reaches the limit.
  const limit = rows.find(({ from }) => from >= threshold)?.name;
  return (
    <Paper p="md" mt="md">
      <Text size="sm" fw={620} mb="xs" id="spread-title">
        {t('statistics.spread')}
      </Text>
      <ul className="hidden-visually" aria-labelledby="spread-title">
        {bins
          .filter(({ count }) => count > 0)
          .map(({ from, to, count }) => (
            <li key={from}>
              {t('statistics.spreadSentence', {
                from,
                to,
                students: t('common.studentsCount', { count }),
              })}
            </li>
          ))}
      </ul>
      <div aria-hidden="true" className="spread-chart">
        <ResponsiveContainer width="100%" height={170}>
          <BarChart
            data={rows}
            margin={{ top: 18, right: 4, bottom: 0, left: 4 }}
            accessibilityLayer={false}
          >
            <XAxis dataKey="name" tickLine={false} interval="preserveStartEnd" fontSize={12} />
            <YAxis hide allowDecimals={false} />
            {limit === undefined ? null : (
              <ReferenceLine
                x={limit}
                position="start"
                stroke="var(--mantine-color-text)"
                strokeDasharray="4 3"
              />
            )}
            <Bar dataKey="count" radius={[4, 4, 0, 0]} isAnimationActive={false}>
              {rows.map(({ from, name }) => (
                <Cell
                  key={name}
                  fill={from < threshold ? 'var(--absent-solid)' : 'var(--present-solid)'}
                />
              ))}
              <LabelList dataKey="count" position="top" formatter={labelOf} fontSize={12} />
            </Bar>
          </BarChart>
        </ResponsiveContainer>
        <Text size="xs" c="dimmed" ta="center">
          {t('statistics.spreadAxis')}
        </Text>
      </div>
    </Paper>
  );
}

/** Zero is told by the missing bar. */
const labelOf = (value: unknown): string => (value === 0 ? '' : String(value));
