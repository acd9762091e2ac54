/** One number with its name. */
import { Paper, Text } from '@mantine/core';
import type { ReactNode } from 'react';

interface FigureProps {
  readonly name: ReactNode;
  readonly value: ReactNode;
  readonly hint?: ReactNode;
}

/** The number on a paper of its own. */
export function Figure({ name, value, hint }: FigureProps) {
  return (
    <Paper p="md" component="dl" m={0}>
      <Text component="dt" size="sm" c="dimmed">
        {name}
      </Text>
      <Text component="dd" m={0} fz={26} fw={680} lh={1.25} className="numbers">
        {value}
      </Text>
      {hint === undefined ? null : (
        <Text component="dd" m={0} size="xs" c="dimmed">
          {hint}
        </Text>
      )}
    </Paper>
  );
}
