import { expect, it } from 'vitest';
import { readVariable, type Variable, writeVariable } from './route';

it('keeps a plain variable as it is', () => {
  const shown: Variable = { VariableName: 'Server', VariableValue: 'a.example.com', SupportRoute: false };
  expect(writeVariable(readVariable(shown))).toEqual({
    VariableName: 'Server',
    VariableValue: 'a.example.com',
    SupportRoute: false,
  });
});

it('keeps a routed variable with its rules', () => {
  const shown: Variable = {
    VariableName: 'Unit',
    VariableValue: 'rest',
    SupportRoute: true,
    StageRouteModel: {
      Location: 'HEAD',
      ServiceParameterName: 'X-Unit',
      RouteRules: { RouteRuleItem: [{ ConditionValue: '1,2', ResultValue: 'one' }] },
    },
  };
  const written = writeVariable(readVariable(shown)) as { StageRouteModel: string };
  expect(JSON.parse(written.StageRouteModel)).toMatchObject({
    Location: 'HEAD',
    ServiceParameterName: 'X-Unit',
    RouteRules: [{ ConditionValue: '1,2', ResultValue: 'one' }],
  });
});
