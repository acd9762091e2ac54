/** Builds the dashboard into `dist`; in development serves it beside the API at `BASE_URL`. */
import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import presetMantine from 'postcss-preset-mantine';
import { defineConfig } from 'vite';

const target = process.env['BASE_URL'] ?? 'http://localhost:3000';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  css: { postcss: { plugins: [presetMantine()] } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // Inlined files would become data: URLs, which the content policy allows for images alone.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      '/api': { target, changeOrigin: false },
      '/socket.io': { target, ws: true, changeOrigin: false },
    },
  },
});
