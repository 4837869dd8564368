// Every page with its path. Pages behind the sign-in share the shell; each is loaded when it is first opened.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { currentSession, loadSession, onSignedOut } from './api/client';
import { NotFound, PageDefect } from './pages/Failures';
import { readPlace } from './pages/monitoring/place';
import { readFilters } from './pages/requests/records';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>) => ({ to: typeof search.to === 'string' ? search.to : undefined }),
  component: lazyRouteComponent(() => import('./pages/SignIn'), 'SignIn'),
});

const welcome = createRoute({
  getParentRoute: () => root,
  path: '/welcome',
  component: lazyRouteComponent(() => import('./pages/Welcome'), 'Welcome'),
});

const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ location }) => {
    const session = currentSession() ?? (await loadSession());
    if (!session) throw redirect({ to: '/sign-in', search: { to: location.pathname } });
  },
  component: lazyRouteComponent(() => import('./Shell'), 'Shell'),
  errorComponent: PageDefect,
});

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

interface DebugSearch {
  api?: string;
  stage?: string;
  draft?: boolean;
  replay?: string;
}

/** Of the wizard; the first is not written. */
const stepOf = (value: unknown) => ([2, 3, 4].includes(Number(value)) ? Number(value) : undefined);

const overview = createRoute({
  getParentRoute: () => inside,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/Overview'), 'Overview'),
});
const vpcs = createRoute({
  getParentRoute: () => inside,
  path: '/vpcs',
  component: lazyRouteComponent(() => import('./pages/Vpcs'), 'Vpcs'),
});
const groups = createRoute({
  getParentRoute: () => inside,
  path: '/groups',
  component: lazyRouteComponent(() => import('./pages/groups/Groups'), 'Groups'),
});
const group = createRoute({
  getParentRoute: () => inside,
  path: '/groups/$groupId',
  validateSearch: (search: Record<string, unknown>): { tab?: string } => ({ tab: text(search.tab) }),
  component: lazyRouteComponent(() => import('./pages/groups/GroupDetail'), 'GroupDetail'),
});
const apis = createRoute({
  getParentRoute: () => inside,
  path: '/apis',
  component: lazyRouteComponent(() => import('./pages/apis/Apis'), 'Apis'),
});
const newApi = createRoute({
  getParentRoute: () => inside,
  path: '/apis/new',
  validateSearch: (search: Record<string, unknown>): { group?: string; step?: number } => ({
    group: text(search.group),
    step: stepOf(search.step),
  }),
  component: lazyRouteComponent(() => import('./pages/apis/Wizard'), 'NewApi'),
});
const api = createRoute({
  getParentRoute: () => inside,
  path: '/apis/$groupId/$apiId',
  validateSearch: (search: Record<string, unknown>) => ({ tab: text(search.tab), publish: text(search.publish) }),
  component: lazyRouteComponent(() => import('./pages/apis/ApiDetail'), 'ApiDetail'),
});
const editApi = createRoute({
  getParentRoute: () => inside,
  path: '/apis/$groupId/$apiId/edit',
  validateSearch: (search: Record<string, unknown>): { step?: number } => ({ step: stepOf(search.step) }),
  component: lazyRouteComponent(() => import('./pages/apis/Wizard'), 'EditApi'),
});
const apps = createRoute({
  getParentRoute: () => inside,
  path: '/apps',
  component: lazyRouteComponent(() => import('./pages/apps/Apps'), 'Apps'),
});
const app = createRoute({
  getParentRoute: () => inside,
  path: '/apps/$appId',
  component: lazyRouteComponent(() => import('./pages/apps/AppDetail'), 'AppDetail'),
});
const debug = createRoute({
  getParentRoute: () => inside,
  path: '/debug',
  validateSearch: (search: Record<string, unknown>): DebugSearch => ({
    api: text(search.api),
    stage: text(search.stage),
    draft: search.draft === true || undefined,
    replay: text(search.replay),
  }),
  component: lazyRouteComponent(() => import('./pages/Debug'), 'Debug'),
});
const plugins = createRoute({
  getParentRoute: () => inside,
  path: '/plugins',
  component: lazyRouteComponent(() => import('./pages/plugins/Plugins'), 'Plugins'),
});
const newPlugin = createRoute({
  getParentRoute: () => inside,
  path: '/plugins/new',
  validateSearch: (search: Record<string, unknown>) => ({ type: text(search.type) }),
  component: lazyRouteComponent(() => import('./pages/plugins/PluginDetail'), 'NewPlugin'),
});
const plugin = createRoute({
  getParentRoute: () => inside,
  path: '/plugins/$pluginId',
  validateSearch: (search: Record<string, unknown>) => ({ tab: text(search.tab) }),
  component: lazyRouteComponent(() => import('./pages/plugins/PluginDetail'), 'PluginDetail'),
});
const backends = createRoute({
  getParentRoute: () => inside,
  path: '/backends',
  component: lazyRouteComponent(() => import('./pages/backends/Backends'), 'Backends'),
});
const backend = createRoute({
  getParentRoute: () => inside,
  path: '/backends/$backendId',
  component: lazyRouteComponent(() => import('./pages/backends/BackendDetail'), 'BackendDetail'),
});
const datasets = createRoute({
  getParentRoute: () => inside,
  path: '/datasets',
  component: lazyRouteComponent(() => import('./pages/datasets/Datasets'), 'Datasets'),
});
const dataset = createRoute({
  getParentRoute: () => inside,
  path: '/datasets/$datasetId',
  component: lazyRouteComponent(() => import('./pages/datasets/Datasets'), 'Dataset'),
});
const networks = createRoute({
  getParentRoute: () => inside,
  path: '/networks',
  component: lazyRouteComponent(() => import('./pages/networks/Networks'), 'Networks'),
});
const accessLists = createRoute({
  getParentRoute: () => inside,
  path: '/access-lists',
  component: lazyRouteComponent(() => import('./pages/instances/AccessLists'), 'AccessLists'),
});
const accessList = createRoute({
  getParentRoute: () => inside,
  path: '/access-lists/$listId',
  component: lazyRouteComponent(() => import('./pages/instances/AccessLists'), 'AccessList'),
});
const domains = createRoute({
  getParentRoute: () => inside,
  path: '/domains',
  component: lazyRouteComponent(() => import('./pages/domains/Domains'), 'Domains'),
});
const stages = createRoute({
  getParentRoute: () => inside,
  path: '/stages',
  component: lazyRouteComponent(() => import('./pages/Stages'), 'Stages'),
});
const models = createRoute({
  getParentRoute: () => inside,
  path: '/models',
  validateSearch: (search: Record<string, unknown>) => ({ group: text(search.group) }),
  component: lazyRouteComponent(() => import('./pages/models/Models'), 'Models'),
});
const instances = createRoute({
  getParentRoute: () => inside,
  path: '/instances',
  component: lazyRouteComponent(() => import('./pages/instances/Instances'), 'Instances'),
});
const dedicated = createRoute({
  getParentRoute: () => inside,
  path: '/dedicated',
  component: lazyRouteComponent(() => import('./pages/instances/Instances'), 'DedicatedInstances'),
});
const metrics = createRoute({
  getParentRoute: () => inside,
  path: '/metrics',
  validateSearch: readPlace,
  component: lazyRouteComponent(() => import('./pages/monitoring/Monitoring'), 'Monitoring'),
});
const requests = createRoute({
  getParentRoute: () => inside,
  path: '/requests',
  validateSearch: readFilters,
  component: lazyRouteComponent(() => import('./pages/requests/Requests'), 'Requests'),
});
const users = createRoute({
  getParentRoute: () => inside,
  path: '/users',
  component: lazyRouteComponent(() => import('./pages/Users'), 'Users'),
});
const audit = createRoute({
  getParentRoute: () => inside,
  path: '/audit',
  component: lazyRouteComponent(() => import('./pages/Audit'), 'Audit'),
});
const about = createRoute({
  getParentRoute: () => inside,
  path: '/about',
  component: lazyRouteComponent(() => import('./pages/About'), 'About'),
});

const behind = [
  overview,
  vpcs,
  groups,
  group,
  apis,
  newApi,
  api,
  editApi,
  apps,
  app,
  debug,
  plugins,
  newPlugin,
  plugin,
  domains,
  stages,
  models,
  backends,
  backend,
  datasets,
  dataset,
  networks,
  accessLists,
  accessList,
  instances,
  dedicated,
  metrics,
  requests,
  users,
  audit,
  about,
];
// Pages of nobody's region.
const BEFORE = ['/sign-in', '/welcome'];

export const router = createRouter({
  routeTree: root.addChildren([signIn, welcome, inside.addChildren(behind)]),
  basepath: '/console',
  // As the vendor's consoles have it; there is one region, and a link without it leads to it.
  rewrite: {
    input: ({ url }) => {
      url.pathname = url.pathname.replace(/^\/r\/[^/]+/, '') || '/';
      return url;
    },
    output: ({ url }) => {
      const region = currentSession()?.region;
      if (region && !BEFORE.includes(url.pathname)) url.pathname = `/r/${encodeURIComponent(region)}${url.pathname}`;
      return url;
    },
  },
  defaultErrorComponent: PageDefect,
  defaultPreload: false,
  scrollRestoration: true,
});

onSignedOut(() => {
  void router.navigate({ to: '/sign-in', search: { to: router.state.location.pathname } });
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
