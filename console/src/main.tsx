// Entry: languages, theme, queries, who is signed in; then the router.
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './style.css';
import { createTheme, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api/client';
import { startLanguages } from './i18n';
import { router } from './router';

const theme = createTheme({
  primaryColor: 'indigo',
  // Lighter shades of the default fall short of the contrast that text on a button needs.
  primaryShade: { light: 8, dark: 7 },
  defaultRadius: 'md',
  fontFamily: 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Zen Hei", sans-serif',
  headings: { fontWeight: '650' },
  // A menu holds items and nothing else; the first has the focus.
  components: { Menu: { defaultProps: { withInitialFocusPlaceholder: false } } },
});

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A gateway on this computer answers without any network, too.
      networkMode: 'always',
      staleTime: 5_000,
      // What the gateway has decided is not asked again; a lost connection is, twice.
      retry: (count, error) => count < 2 && error instanceof ApiError && error.status === 0,
    },
    mutations: { networkMode: 'always' },
  },
});

async function start() {
  await startLanguages();
  const root = document.getElementById('root');
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <Notifications position="bottom-center" />
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

void start();
