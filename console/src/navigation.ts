// The pages of the menu, in the walk-through's words and order; the palette finds them, too.
import {
  IconAdjustments,
  IconAffiliate,
  IconApi,
  IconBraces,
  IconBug,
  IconChartLine,
  IconFolders,
  IconHistory,
  IconInfoCircle,
  IconKey,
  IconLayoutDashboard,
  IconList,
  IconListSearch,
  IconNetwork,
  IconPuzzle,
  IconServer,
  IconServer2,
  IconShieldLock,
  IconStack2,
  IconUsers,
  IconWorld,
} from '@tabler/icons-react';
import type { Key } from './i18n';

export interface Entry {
  to: string;
  text: Key;
  icon: typeof IconApi;
}

export const NAVIGATION: Array<{ block?: Key; links: Entry[] }> = [
  { links: [{ to: '/', text: 'nav.overview', icon: IconLayoutDashboard }] },
  {
    block: 'nav.manage',
    links: [
      { to: '/groups', text: 'nav.groups', icon: IconFolders },
      { to: '/apis', text: 'nav.apis', icon: IconApi },
      { to: '/plugins', text: 'nav.plugins', icon: IconPuzzle },
      { to: '/vpcs', text: 'nav.vpcs', icon: IconNetwork },
      { to: '/domains', text: 'nav.domains', icon: IconWorld },
      { to: '/stages', text: 'nav.stages', icon: IconStack2 },
      { to: '/models', text: 'nav.models', icon: IconBraces },
      { to: '/backends', text: 'nav.backends', icon: IconServer2 },
      { to: '/datasets', text: 'nav.datasets', icon: IconList },
    ],
  },
  {
    block: 'nav.call',
    links: [
      { to: '/apps', text: 'nav.apps', icon: IconKey },
      { to: '/debug', text: 'nav.debug', icon: IconBug },
    ],
  },
  {
    block: 'nav.instances',
    links: [
      { to: '/instances', text: 'nav.shared', icon: IconServer },
      { to: '/dedicated', text: 'nav.dedicated', icon: IconAdjustments },
      { to: '/networks', text: 'nav.networks', icon: IconAffiliate },
      { to: '/access-lists', text: 'nav.accessLists', icon: IconShieldLock },
    ],
  },
  {
    block: 'nav.monitoring',
    links: [{ to: '/metrics', text: 'nav.metrics', icon: IconChartLine }],
  },
  {
    block: 'nav.logs',
    links: [
      { to: '/requests', text: 'nav.requests', icon: IconListSearch },
      { to: '/audit', text: 'nav.audit', icon: IconHistory },
    ],
  },
  {
    block: 'nav.settings',
    links: [
      { to: '/users', text: 'nav.users', icon: IconUsers },
      { to: '/about', text: 'nav.about', icon: IconInfoCircle },
    ],
  },
];
