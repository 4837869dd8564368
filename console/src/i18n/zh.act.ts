// 中文：随处可做的操作：命令面板、批量操作。
import type { enAct } from './en.act';

export const zhAct: Record<keyof typeof enAct, string> = {
  'palette.title': '搜索或跳转',
  'palette.hint': '页面、API、应用、插件…',
  'palette.nothing': '没有找到。',
  'palette.action': '创建',
  'bulk.selected': '已选择 {{count}} 个',
  'bulk.select': '选择 {{name}}',
  'bulk.all': '选择本页全部',
  'bulk.none': '取消选择',
  'bulk.publish': '发布 {{count}} 个 API',
  'bulk.abolish': '下线 {{count}} 个 API',
  'bulk.authorize': '为 {{count}} 个 API 授权应用',
  'bulk.delete': '删除 {{count}} 个 API',
  'bulk.abolishText': '调用者在该环境立即得到“找不到”。草稿保留。',
  'bulk.count': '将删除多少个？请输入数字。',
  'bulk.countProblem': '请输入 {{count}} 以确认。',
  'bulk.progress': '已完成 {{done}} / {{total}}，失败 {{failed}}。',
  'bulk.good': '完成',
  'bulk.bad': '失败',
  'bulk.retry': '重试失败项',
};
