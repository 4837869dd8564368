// A refusal on the debug page: which layer, what happened, what to do, and the way to the form that mends it.
import { Alert, Button, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Answer } from '../../api/client';
import { type Key, type Translate, useTexts } from '../../i18n';
import type { Called } from '../DebugAnswer';
import { useRefusalWords } from './refusalWords';

type Refusal = NonNullable<Answer<'DebugApi'>['Refusal']>;

/** The inputs of the debug page's own form. */
export const INPUTS = {
  path: 'debug-path',
  auth: 'debug-auth',
  headers: 'debug-headers',
  body: 'debug-body',
} as const;

/** What to change in a request that is wrong itself. */
const MENDED_IN: Record<string, keyof typeof INPUTS> = {
  I400HD: 'headers',
  I400BD: 'body',
  I400PA: 'path',
  I413RL: 'body',
  I431HD: 'headers',
  I413UL: 'path',
  A400MA: 'auth',
  A403IS: 'auth',
  I400JR: 'auth',
  I400JD: 'auth',
  A403JT: 'auth',
  A403JE: 'auth',
  S403JU: 'auth',
  A403PR: 'headers',
  I400I5: 'headers',
  I400NC: 'headers',
  S403NU: 'headers',
  S403TE: 'headers',
  I400MP: 'path',
  I400IP: 'path',
  I404CH: 'headers',
};

export function Refused({ refusal, called, id }: { refusal: Refusal; called: Called; id: string | undefined }) {
  const { t } = useTexts();
  const { title, fix, layer } = useRefusalWords()(refusal.Code ?? '', refusal);
  return (
    <Alert color="red" role="alert" title={`${refusal.Code} · ${title}`}>
      <Stack gap={6}>
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {refusal.Message}
        </Text>
        <Text size="sm">
          <b>{t('debug.layer')}:</b> {layer}
        </Text>
        <Text size="sm">
          <b>{t('debug.fix')}:</b> {fix}
        </Text>
        <Way refusal={refusal} called={called} id={id} />
      </Stack>
    </Alert>
  );
}

function Way({ refusal, called, id }: { refusal: Refusal; called: Called; id: string | undefined }) {
  const { t } = useTexts();
  const shown = { size: 'xs', variant: 'default', w: 'fit-content' } as const;
  if (refusal.Link === 'request') {
    const input = MENDED_IN[refusal.Code ?? ''] ?? 'path';
    return (
      <Button {...shown} onClick={() => document.getElementById(INPUTS[input])?.focus()}>
        {t('debug.change', { field: t(`debug.${input}` as Key) })}
      </Button>
    );
  }
  const place = placeOf(refusal.Link ?? '', { ...called, requestId: id });
  if (!place) return null;
  return (
    <Button {...shown} renderRoot={(props) => <Link {...props} to={place.to as '/'} search={place.search as never} />}>
      {t('debug.open', { place: place.name(t) })}
    </Button>
  );
}

interface Place {
  to: string;
  search?: Record<string, string | number>;
  name: (t: Translate) => string;
}

interface About extends Pick<Called, 'groupId' | 'apiId' | 'appId'> {
  requestId?: string;
}

/** The page that mends a refusal, by the name of its place; none for what is mended on this page. */
export function placeOf(link: string, about: About): Place | undefined {
  const api = `/apis/${about.groupId}/${about.apiId}`;
  const group = `/groups/${about.groupId}`;
  const places: Record<string, Place | undefined> = {
    api: { to: `${api}/edit`, name: (t) => t('nav.apis') },
    'api.request': { to: `${api}/edit`, search: { step: 2 }, name: (t) => t('wizard.request') },
    'api.backend': { to: `${api}/edit`, search: { step: 3 }, name: (t) => t('wizard.backend') },
    'api.publish': { to: api, search: { publish: 'yes' }, name: (t) => t('api.publish') },
    'api.authorize': { to: api, search: { tab: 'authorization' }, name: (t) => t('api.authorization') },
    'api.plugins': { to: api, search: { tab: 'plugins' }, name: (t) => t('api.plugins') },
    app: { to: about.appId ? `/apps/${about.appId}` : '/apps', name: (t) => t('nav.apps') },
    group: { to: group, name: (t) => t('api.group') },
    variables: { to: group, search: { tab: 'environments' }, name: (t) => t('group.environments') },
    domains: { to: group, search: { tab: 'domains' }, name: (t) => t('group.domains') },
    instance: { to: '/instances', name: (t) => t('nav.shared') },
    vpc: { to: '/vpcs', name: (t) => t('nav.vpcs') },
    plugins: { to: '/plugins', name: (t) => t('nav.plugins') },
    log: about.requestId
      ? { to: '/requests', search: { id: about.requestId }, name: (t) => t('nav.requests') }
      : undefined,
  };
  return places[link];
}
