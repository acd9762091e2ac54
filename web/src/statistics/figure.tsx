/** One number with its name. */
import { Paper } from '@mantine/core';
import type { ReactNode } from 'react';
import './figure.css';

interface FigureProps {
  readonly name: ReactNode;
  readonly value: ReactNode;
  readonly hint?: ReactNode;
}

/** The number on a paper of its own; beside its name on a phone, to save height. */
export function Figure({ name, value, hint }: FigureProps) {
  return (
    <Paper component="dl" className="figure numbers">
      <dt className="figure-name">{name}</dt>
      <dd className="figure-value">{value}</dd>
      {hint === undefined ? null : <dd className="figure-hint">{hint}</dd>}
    </Paper>
  );
}
