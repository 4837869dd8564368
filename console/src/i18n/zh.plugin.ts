// 中文：插件。
import type { enPlugin } from './en.plugin';

export const zhPlugin: Record<keyof typeof enPlugin, string> = {
  'plugin.savesAtOnce': '保存后在所有绑定处立即生效。',
  'plugin.bindLater': '绑定到 API 或分组之前，它不起作用。',
  'plugin.saved': '{{name}} 已保存。',
  'plugin.gone': '没有这个插件。',
  'plugin.add': '添加 {{name}}',
  'plugin.up': '上移 {{name}}',
  'plugin.down': '下移 {{name}}',
  'plugin.newName': '新名称',
  'plugin.incomplete': '尚不完整',
  'plugin.problem.required': '必填',
  'plugin.problem.unknown': '此类型没有该字段',
  'plugin.problem.choice': '不在可选值之中',
  'plugin.problem.range': '超出范围',
  'plugin.problem.type': '形式不正确',
  'plugin.boundTo': '绑定对象',
  'plugin.boundToLead': '它作用的位置。绑定和解绑立即生效，无需发布。',
  'plugin.boundNowhere': '它还没有作用于任何地方。',
  'plugin.detachText': '它在该处立即停止作用。',
  'plugin.target': '作用于',
  'plugin.wholeGroup': '整个分组',
  'plugin.oneOfType': '该处已绑定的同类型插件将被取代。',
  'plugin.someApis': '单个 API',
};
