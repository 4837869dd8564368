// Calls of the management API as the console makes them: a form, the session's cookie and its second token.
import { type Operations, OWN_OPERATIONS, OWN_VERSION, STANDARD_VERSION } from './operations.gen';

export type Name = keyof Operations;
export type Answer<N extends Name> = Operations[N]['answer'];
export type Params<N extends Name> = Operations[N]['params'];

/** What the gateway said no with, or that it did not answer (status 0). */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly requestId: string,
  ) {
    super(message);
  }
}

export interface Session {
  user: string;
  role: string;
  csrf: string;
  region: string;
  version: string;
}

let session: Session | null = null;
let whenSignedOut: () => void = () => {};
let whenExpired: () => void = () => {};

export const currentSession = () => session;

export function onSignedOut(listener: () => void) {
  whenSignedOut = listener;
}

/** The server no longer knows the session: whoever it was signs in again, and no page is left for it. */
export function onExpired(listener: () => void) {
  whenExpired = listener;
}

export async function call<N extends Name>(name: N, params: Params<N>): Promise<Answer<N>> {
  return (await callWatched(name, params)).answer;
}

/** With the engines that do not serve the change yet. */
export async function callWatched<N extends Name>(
  name: N,
  params: Params<N>,
): Promise<{ answer: Answer<N>; lagging: string[] }> {
  const form = new URLSearchParams({
    Action: name,
    Version: OWN_OPERATIONS.has(name) ? OWN_VERSION : STANDARD_VERSION,
  });
  for (const [field, value] of Object.entries(params)) {
    if (value !== undefined && value !== null) form.set(field, String(value));
  }
  const response = await send('/', { method: 'POST', body: form });
  const body = await readJson(response);
  if (!response.ok) {
    const code = text(body.Code) || `HTTP ${response.status}`;
    if (code === 'SignedOut') whenExpired();
    throw new ApiError(code, text(body.Message) || response.statusText, response.status, text(body.RequestId));
  }
  const lagging = (response.headers.get('x-isthmus-lagging') ?? '').split(',').filter(Boolean);
  return { answer: body as Answer<N>, lagging };
}

const PAGE = 100;
const AT_ONCE = 6;

/** Every page of a list: what `pick` takes from each answer, together; after the first page several at a time. */
export async function callAll<N extends Name, T>(
  name: N,
  params: Params<N>,
  pick: (answer: Answer<N>) => T[] | undefined,
  /** Gets what there is before all of it is there. */
  soFar?: (rows: T[]) => void,
): Promise<T[]> {
  const read = (page: number) => call(name, { ...params, PageNumber: page, PageSize: PAGE } as Params<N>);
  const first = await read(1);
  const rows = [...(pick(first) ?? [])];
  const pages = Math.ceil(((first as { TotalCount?: number }).TotalCount ?? rows.length) / PAGE);
  for (let page = 2; page <= pages; page += AT_ONCE) {
    soFar?.([...rows]);
    const numbers = Array.from({ length: Math.min(AT_ONCE, pages - page + 1) }, (_, index) => page + index);
    for (const answer of await Promise.all(numbers.map(read))) rows.push(...(pick(answer) ?? []));
  }
  return rows;
}

export async function loadSession(): Promise<Session | null> {
  const response = await send('/console/session', { method: 'GET' });
  session = response.ok ? ((await response.json()) as Session) : null;
  return session;
}

export async function signIn(user: string, password: string): Promise<Session> {
  return begin('/console/session', { user, password });
}

export async function setUp(token: string, user: string, password: string): Promise<Session> {
  return begin('/console/setup', { token, user, password });
}

export async function isSetupNeeded(): Promise<boolean> {
  const response = await send('/console/setup', { method: 'GET' });
  return response.ok && ((await response.json()) as { needed: boolean }).needed;
}

export async function signOut(): Promise<void> {
  await send('/console/session', { method: 'DELETE' });
  session = null;
  whenSignedOut();
}

async function begin(path: string, content: Record<string, string>): Promise<Session> {
  const headers = { 'content-type': 'application/json' };
  const response = await send(path, { method: 'POST', headers, body: JSON.stringify(content) });
  const body = await readJson(response);
  if (!response.ok) throw new ApiError(text(body.Code), text(body.Message), response.status, '');
  session = body as unknown as Session;
  return session;
}

async function send(path: string, options: RequestInit): Promise<Response> {
  const headers = new Headers(options.headers);
  if (session) headers.set('x-isthmus-csrf', session.csrf);
  try {
    return await fetch(path, { ...options, headers, credentials: 'same-origin' });
  } catch {
    throw new ApiError('Offline', '', 0, '');
  }
}

async function readJson(response: Response): Promise<Record<string, unknown>> {
  try {
    return (await response.json()) as Record<string, unknown>;
  } catch {
    return {};
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');
