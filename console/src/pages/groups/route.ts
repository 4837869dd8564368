// A stage variable as the form has it, and as the operation wants it.
import type { Answer } from '../../api/client';

type Item<T> = T extends Array<infer U> ? U : never;
export type Variable = Item<NonNullable<NonNullable<Answer<'DescribeApiStage'>['Variables']>['VariableItem']>>;

export interface Rule {
  condition: string;
  result: string;
}

export interface VariableForm {
  name: string;
  value: string;
  isRouted: boolean;
  location: string;
  parameter: string;
  rules: Rule[];
  /** Of the route, what the form has no input for. */
  kept: Record<string, unknown>;
}

export function readVariable(variable: Variable | undefined): VariableForm {
  const route = variable?.StageRouteModel;
  const { RouteRules: routeRules, Location: _, ServiceParameterName: __, ...kept } = route ?? {};
  const rules = routeRules?.RouteRuleItem ?? [];
  return {
    name: variable?.VariableName ?? '',
    value: variable?.VariableValue ?? '',
    isRouted: variable?.SupportRoute ?? false,
    location: (route?.Location ?? 'QUERY').toUpperCase(),
    parameter: route?.ServiceParameterName ?? '',
    rules: rules.length
      ? rules.map((rule) => ({ condition: rule.ConditionValue ?? '', result: rule.ResultValue ?? '' }))
      : [{ condition: '', result: '' }],
    kept,
  };
}

export function writeVariable(form: VariableForm) {
  const plain = { VariableName: form.name.trim(), VariableValue: form.value, SupportRoute: form.isRouted };
  if (!form.isRouted) return plain;
  const route = {
    ParameterCatalog: 'CUSTOM',
    ParameterType: 'String',
    RouteMatchSymbol: 'IN',
    ...form.kept,
    ServiceParameterName: form.parameter.trim(),
    Location: form.location,
    RouteRules: form.rules.map((rule) => ({ ConditionValue: rule.condition.trim(), ResultValue: rule.result })),
  };
  return { ...plain, StageRouteModel: JSON.stringify(route) };
}
