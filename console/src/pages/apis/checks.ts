// What can be told wrong about a draft before it is sent, and in which step of the wizard its field is.
import type { Translate } from '../../i18n';
import { accessName, backendType, type Draft, placeholders } from './draft';

/** By field; the text names the field as well. */
export type Problems = Record<string, string>;

export function stepOf(field: string): number {
  if (field.startsWith('request.') || field.startsWith('parameters')) return 1;
  return field.startsWith('service.') ? 2 : 0;
}

export function check(draft: Draft, t: Translate): Problems {
  const found: Problems = {};
  if (!draft.groupId) found.groupId = `${t('api.group')}: ${t('error.required')}`;
  if (!draft.name.trim()) found.name = `${t('api.name')}: ${t('error.required')}`;
  const path = String(draft.request.RequestPath ?? '');
  if (!path.startsWith('/') || /[?#]/.test(path))
    found['request.RequestPath'] = `${t('wizard.path')}: ${t('wizard.pathProblem')}`;
  if (!draft.request.RequestProtocol)
    found['request.RequestProtocol'] = `${t('wizard.protocol')}: ${t('error.required')}`;
  for (const name of placeholders(path)) {
    if (!draft.parameters.some((row) => row.location === 'PATH' && row.name === name)) {
      found[`parameters.${name}`] = t('wizard.missingParameter', { name });
    }
  }
  return { ...found, ...backendProblems(draft, t) };
}

function backendProblems(draft: Draft, t: Translate): Problems {
  const found: Problems = {};
  if (draft.others.BackendEnable) {
    // Where it leads is its own business.
    if (!draft.others.BackendId) found['service.BackendId'] = `${t('kind.backend')}: ${t('error.required')}`;
    return found;
  }
  const kind = backendType(draft.service);
  const config = draft.service.VpcConfig as { VpcAccessId?: string } | undefined;
  if (kind === 'VPC' && !accessName(draft.service) && !config?.VpcAccessId) {
    found['service.VpcConfig'] = `${t('wizard.access')}: ${t('error.required')}`;
  }
  if (kind === 'HTTP' && !/^https?:\/\/.|#\w+#/.test(String(draft.service.ServiceAddress ?? ''))) {
    found['service.ServiceAddress'] = `${t('wizard.address')}: ${t('wizard.addressProblem')}`;
  }
  if (kind === 'FUNCTION') {
    const config = (draft.service.FunctionComputeConfig ?? {}) as Record<string, unknown>;
    const isHttp = String(config.FcType ?? '').toUpperCase() === 'HTTPTRIGGER';
    if (isHttp && !/^https?:\/\/./.test(String(config.FcBaseUrl ?? '')))
      found['service.FcBaseUrl'] = `${t('kind.baseUrl')}: ${t('wizard.addressProblem')}`;
    if (!isHttp && !config.FunctionName && !config.TriggerUrl && !config.FcBaseUrl)
      found['service.FunctionName'] = `${t('kind.function')}: ${t('error.required')}`;
  }
  const timeout = Number(draft.service.ServiceTimeout ?? 10000);
  if (kind !== 'MOCK' && !(timeout >= 1 && timeout <= 600000))
    found['service.ServiceTimeout'] = t('wizard.timeoutProblem');
  return found;
}
