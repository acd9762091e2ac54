/** What the API said against a form, above its fields. */
import { Alert } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { FailureText } from './states.tsx';

/** Nothing while there is no failure. */
export function FormFailure({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null;
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} role="alert">
      <FailureText error={error} />
    </Alert>
  );
}
