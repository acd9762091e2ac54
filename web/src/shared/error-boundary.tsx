/** Catches a screen that breaks while it draws, so that the rest of the product stays usable. */
import { Button } from '@mantine/core';
import { IconMoodConfuzed } from '@tabler/icons-react';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from './states.tsx';

interface Props {
  readonly children: ReactNode;
  /** A change of this value, for example of the address, tries again. */
  readonly resetKey: string;
}

interface State {
  readonly brokenAt: string | null;
}

/** Shows a way on instead of a white page. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { brokenAt: null };

  override componentDidCatch(): void {
    this.setState({ brokenAt: this.props.resetKey });
  }

  static getDerivedStateFromError(): Partial<State> {
    return { brokenAt: '' };
  }

  override componentDidUpdate(previous: Props): void {
    if (previous.resetKey !== this.props.resetKey && this.state.brokenAt !== null) {
      this.setState({ brokenAt: null });
    }
  }

  override render(): ReactNode {
    return this.state.brokenAt === null ? this.props.children : <Broken />;
  }
}

function Broken() {
  const { t } = useTranslation();
  return (
    <Empty
      icon={IconMoodConfuzed}
      title={t('problem.unexpected')}
      text={t('problem.unexpectedHint')}
      action={<Button onClick={() => window.location.reload()}>{t('common.reload')}</Button>}
    />
  );
}
