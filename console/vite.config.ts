import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The gateway serves the result at /console/; `npm run dev` passes calls on to one that runs here.
const gateway = process.env.ISTHMUS_MANAGEMENT ?? 'http://127.0.0.1:7080';
// Only calls: what the browser loads as a page comes from Vite.
const calls = { target: gateway, bypass: (request: { method?: string }) => (request.method === 'GET' ? '/console/' : undefined) };

export default defineConfig({
  base: '/console/',
  plugins: [react()],
  build: { outDir: '../python/isthmus/control/static', emptyOutDir: true, target: 'es2022', sourcemap: false },
  server: {
    proxy: { '^/$': calls, '/console/session': gateway, '/console/setup': gateway },
  },
});
