/** How many marks without a scan carry which reason. */
import { Paper, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Bar, BarChart, Cell, LabelList, ResponsiveContainer, XAxis, YAxis } from 'recharts';
import type { Unscanned } from '../api/integrity.ts';
import { FALLBACKS } from '../api/types.ts';

const BAR_HEIGHT = 34;
const NAME_WIDTH = 140;

/** The chart; its numbers are also a hidden list, for readers who do not see it. */
export function FallbackChart({ fallbacks }: { readonly fallbacks: Unscanned }) {
  const { t } = useTranslation();
  if (fallbacks.marks === 0) return null;
  const marksOf = new Map(fallbacks.reasons.map(({ fallback, marks }) => [fallback, marks]));
  const rows = [
    ...FALLBACKS.map((fallback) => ({
      name: t(`fallback.${fallback}`),
      marks: marksOf.get(fallback) ?? 0,
      fill: 'var(--mantine-primary-color-filled)',
    })),
    {
      name: t('integrity.unexplained'),
      marks: fallbacks.unexplained,
      fill: 'var(--late-solid)',
    },
  ];
  return (
    <Paper component="section" className="integrity-part" aria-labelledby="fallback-title">
      <Title order={2} size="h4" id="fallback-title">
        {t('integrity.unscannedWhy')}
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        {t('integrity.unscannedLead')}
      </Text>
      <ul className="hidden-visually" aria-labelledby="fallback-title">
        {rows.map(({ name, marks }) => (
          <li key={name}>{t('integrity.bar', { name, marks })}</li>
        ))}
      </ul>
      <div aria-hidden="true" className="fallback-chart">
        <ResponsiveContainer width="100%" height={rows.length * BAR_HEIGHT}>
          <BarChart
            layout="vertical"
            data={rows}
            margin={{ top: 0, right: 34, bottom: 0, left: 0 }}
            accessibilityLayer={false}
          >
            <XAxis type="number" hide allowDecimals={false} domain={[0, 'dataMax']} />
            <YAxis
              type="category"
              dataKey="name"
              width={NAME_WIDTH}
              tickLine={false}
              axisLine={false}
              interval={0}
              fontSize={13}
            />
            <Bar dataKey="marks" barSize={18} radius={[0, 4, 4, 0]} isAnimationActive={false}>
              {rows.map(({ name, fill }) => (
                <Cell key={name} fill={fill} />
              ))}
              <LabelList dataKey="marks" position="right" fontSize={13} />
            </Bar>
          </BarChart>
        </ResponsiveContainer>
      </div>
    </Paper>
  );
}
