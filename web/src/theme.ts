/** The look shared by every screen: calm greys, one accent, readable contrasts in light and dark. */
import {
  createTheme,
  Modal,
  Paper,
  Skeleton,
  Tooltip,
  type CSSVariablesResolver,
} from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 7 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  autoContrast: true,
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: '650' },
  colors: {
    dark: [
      '#d3d6da',
      '#b4b9bf',
      '#9aa0a7',
      '#6b7178',
      '#3a3e44',
      '#2c3035',
      '#1d2024',
      '#16181b',
      '#101214',
      '#0b0c0e',
    ],
  },
  components: {
    Modal: Modal.extend({
      defaultProps: { centered: true, radius: 'lg', overlayProps: { backgroundOpacity: 0.45 } },
    }),
    Paper: Paper.extend({ defaultProps: { withBorder: true, radius: 'lg' } }),
    Skeleton: Skeleton.extend({ defaultProps: { radius: 'md' } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: true } }),
  },
});

/** Mantine's dimmed text misses 4.5:1 on light grey; `body` is its colour of papers, too. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-dimmed': '#5a6169',
    '--mantine-color-default-border': '#e2e5e9',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-placeholder': '#70777f',
  },
  dark: {
    '--mantine-color-body': '#16181b',
    '--mantine-color-dimmed': '#9aa0a7',
    '--mantine-color-default-border': '#2c3035',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-placeholder': '#868c93',
  },
});
