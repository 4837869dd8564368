// One draft as others see it: the caller, and the backend. Used beside the wizard's form.
import { accessName, backendType, type Draft, type Fields } from './draft';

const text = (value: unknown) => (value === undefined || value === null ? '' : String(value));

/** What the backend gets, in words of the wire. */
export function backendView(draft: Draft): string {
  const kind = draft.others.BackendEnable ? 'ELSEWHERE' : backendType(draft.service);
  if (kind === 'MOCK') return `(mock) ${text(draft.service.MockStatusCode) || 200}\n${text(draft.service.MockResult)}`;
  const method = text(draft.service.ServiceHttpMethod) || text(draft.request.RequestHttpMethod);
  const target = targetOf(kind, draft);
  const lines = [`${method} ${text(draft.service.ServicePath) || '/'}`, `→ ${target}`];
  for (const row of draft.parameters.filter((one) => one.backendName)) {
    lines.push(`${row.backendLocation.toLowerCase()} ${row.backendName} ← ${row.location.toLowerCase()} ${row.name}`);
  }
  for (const one of draft.constants)
    lines.push(`${text(one.Location).toLowerCase()} ${text(one.ServiceParameterName)} = ${text(one.ConstantValue)}`);
  for (const one of draft.systems)
    lines.push(`${text(one.Location).toLowerCase()} ${text(one.ServiceParameterName)} ← ${text(one.ParameterName)}`);
  lines.push('X-Forwarded-For, X-Ca-Request-Id');
  return lines.join('\n');
}

/** A call as its caller makes it; the code is a placeholder. */
export function callerView(draft: Draft, domain: string, basePath: string): string {
  const base = basePath === '/' ? '' : basePath;
  const path = `${base}${text(draft.request.RequestPath)}`.replace(/\[([^\]]+)\]/g, '{$1}').replace(/\/\*$/, '/…');
  const method = text(draft.request.RequestHttpMethod);
  const query = draft.parameters
    .filter((row) => row.location === 'QUERY' && row.required)
    .map((row) => `${row.name}=…`);
  const lines = [
    `curl${method === 'GET' || method === 'ANY' ? '' : ` -X ${method}`} "http://${domain || '<domain>'}${path}${query.length ? `?${query.join('&')}` : ''}"`,
  ];
  if (draft.authType === 'APP' && draft.appCode.startsWith('HEADER'))
    lines.push('  -H "Authorization: APPCODE <AppCode>"');
  else if (draft.authType === 'APP') lines.push('  -H "X-Ca-Key: <AppKey>" -H "X-Ca-Signature: …"');
  return lines.join(' \\\n');
}

function targetOf(kind: string, draft: Draft): string {
  const { service } = draft;
  if (kind === 'ELSEWHERE') return `backend ${text(draft.others.BackendId) || '…'}`;
  if (kind === 'VPC') return `VPC access ${accessName(service) || '…'}`;
  const config = (service.FunctionComputeConfig ?? {}) as Fields;
  if (kind === 'FUNCTION')
    return `function ${text(config.FcBaseUrl) || text(config.TriggerUrl) || text(config.FunctionName) || '…'}`;
  return text(service.ServiceAddress) || '…';
}
