// How a network is attached: as the form has it, and as the operation wants it.
export const MODES = ['host', 'connector', 'wireguard', 'socks5', 'http_connect'] as const;

export interface AttachmentForm {
  mode: string;
  device: string;
  source: string;
  socket: string;
  peer_key: string;
  endpoint: string;
  addresses: string;
  host: string;
  port: string;
  user: string;
  password: string;
}

export type Attachment = Record<string, unknown>;

type Field = Exclude<keyof AttachmentForm, 'mode'>;

export const FIELDS: Record<string, Field[]> = {
  host: ['device', 'source'],
  connector: ['socket'],
  wireguard: ['socket', 'peer_key', 'endpoint', 'addresses'],
  socks5: ['host', 'port', 'user', 'password'],
  http_connect: ['host', 'port', 'user', 'password'],
};

export function readAttachment(text: string | undefined): Attachment {
  try {
    return JSON.parse(text ?? '{}') as Attachment;
  } catch {
    return {};
  }
}

export function toForm(kept: Attachment): AttachmentForm {
  const text = (name: string) => (kept[name] === undefined || kept[name] === null ? '' : String(kept[name]));
  return {
    mode: text('mode') || 'connector',
    device: text('device'),
    source: text('source'),
    socket: text('socket'),
    peer_key: text('peer_key'),
    endpoint: text('endpoint'),
    addresses: text('addresses').replaceAll(',', ', '),
    host: text('host'),
    port: text('port'),
    user: text('user'),
    password: text('password'),
  };
}

/** Fields of the same mode that the form does not know stay; a masked password goes back as it came. */
export function fromForm(form: AttachmentForm, kept: Attachment): Attachment {
  const made: Attachment = kept.mode === form.mode ? { ...kept } : {};
  for (const name of FIELDS[form.mode] ?? []) {
    const value = form[name].trim();
    delete made[name];
    if (value === '') continue;
    if (name === 'addresses') made[name] = value.split(/[\s,]+/).filter(Boolean);
    else made[name] = name === 'port' ? Number(value) : value;
  }
  return { ...made, mode: form.mode };
}

/** In one line. */
export function inWords(kept: Attachment): string {
  const { mode, ...rest } = kept;
  const shown = toForm(kept);
  if (mode === 'connector') return `connector ${shown.socket}`;
  if (mode === 'wireguard') return `wireguard ${shown.endpoint}`;
  if (mode === 'socks5' || mode === 'http_connect') return `${mode} ${shown.host}:${shown.port}`;
  return [mode, ...Object.values(rest)].filter(Boolean).join(' ');
}
