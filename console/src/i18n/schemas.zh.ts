// 插件字段的中文说明，以服务器给出的英文说明为键；英文改变后，测试要求重新翻译。
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: 服务器的占位符
export const schemas: Record<string, string> = {
  'Preflight requests are answered by the gateway, and answers get the headers that let a browser hand them to the page.':
    '预检请求由网关直接应答，其他响应带上让浏览器把内容交给页面所需的响应头。',
  'Whether pages may send cookies and other credentials of the browser.': '页面能否发送浏览器的 Cookie 等凭证。',
  'Request headers that pages may send, separated by commas; `*` allows whatever is asked for. Without it the usual ones and those of a signed request are allowed.':
    '页面可以发送的请求头，以逗号分隔；`*` 表示允许浏览器所请求的全部。不填时允许常用请求头和签名请求的请求头。',
  'Methods that pages may use, separated by commas; GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH without it.':
    '页面可以使用的方法，以逗号分隔；不填为 GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH。',
  'Origins that may call, separated by commas: `*` (all, the default), `api.foo.com`, `*.foo.com`, `https://foo.com:8443`. Without a scheme both `http` and `https` fit; without a port only the usual one does.':
    '可以调用的来源，以逗号分隔：`*`（全部，默认）、`api.foo.com`、`*.foo.com`、`https://foo.com:8443`。不写协议时 `http` 和 `https` 都符合；不写端口时只符合默认端口。',
  'Response headers that pages may read, separated by commas.': '页面可以读取的响应头，以逗号分隔。',
  'How long a browser may remember the answer to a preflight request, in seconds; 172800 without it.':
    '浏览器可以记住预检应答多少秒；不填为 172800。',
  'Lets only some addresses call, or turns some away.': '只允许某些地址调用，或拒绝某些地址。',
  'With ALLOW: the item is about this app alone, and other apps are not bound by it. Ignored with REFUSE.':
    'ALLOW 时：该条目只针对此应用，其他应用不受其限制。REFUSE 时忽略。',
  'Addresses and CIDR blocks, IPv4 and IPv6.': '地址和 CIDR 网段，IPv4 和 IPv6 均可。',
  'Id of a data set of the type IP_WHITELIST_CIDR with more blocks.':
    '类型为 IP_WHITELIST_CIDR 的数据集 ID，其中有更多网段。',
  "`XFF:n` takes the caller's address from that entry of `X-Forwarded-For` (0 is the first, -1 the last) instead of the connection. Only for callers behind a proxy of yours that writes the entry.":
    '`XFF:n` 表示从 `X-Forwarded-For` 的第 n 项取调用方地址（0 为第一项，-1 为最后一项），而不是取连接的地址。仅当调用方在您自己的代理之后、且该项由代理写入时使用。',
  'ALLOW: only the addresses of `items` may call. REFUSE: they may not.':
    'ALLOW：只有 `items` 中的地址可以调用。REFUSE：这些地址不可以调用。',
  'A request needs a token that one of the keys signed and that has not expired. It may be bound to an API that asks for an app too, and replaces the OpenID Connect settings of an API.':
    '请求需要携带令牌：由某个密钥签名，且未过期。也可以绑定到要求应用认证的 API，并取代 API 的 OpenID Connect 设置。',
  'Its name towards the backend. What a client sends under this name never arrives.':
    '发给后端时的名称。客户端以该名称发送的内容不会到达后端。',
  'A key that verifies tokens. Members with another purpose (`x5c`, `key_ops`) are ignored.':
    '验证令牌的密钥。用于其他目的的成员（`x5c`、`key_ops`）会被忽略。',
  'The only algorithm the key is for; without it, all that fit the key.':
    '该密钥唯一适用的算法；不填则为密钥能使用的所有算法。',
  'EC: P-256 or P-384; OKP: Ed25519.': 'EC：P-256 或 P-384；OKP：Ed25519。',
  'RSA: the exponent.': 'RSA：公钥指数。',
  'oct: the shared secret.': 'oct：共享密钥。',
  "The name by which a token's header chooses the key.": '令牌头部据以选择密钥的名称。',
  'RSA, EC, OKP or oct.': 'RSA、EC、OKP 或 oct。',
  'RSA: the modulus.': 'RSA：模数。',
  '`sig`, when it is there.': '填写时只能为 `sig`。',
  'EC and OKP: the point.': 'EC 和 OKP：曲线上的点。',
  "EC: the point's second coordinate.": 'EC：点的第二个坐标。',
  'Id of a data set of the type JWT_BLOCKING: tokens with one of its values are refused.':
    '类型为 JWT_BLOCKING 的数据集 ID：携带其中某个值的令牌会被拒绝。',
  'The claim whose value is looked up there, `jti` without it.': '在该数据集中查找其值的声明；不填为 `jti`。',
  'Whether a request without a token goes on, without claims.': '没有令牌的请求是否放行（此时没有声明）。',
  'Claims that the backend gets.': '发给后端的声明。',
  'Whether expired tokens are good too, and tokens that never expire.': '是否接受已过期的令牌和永不过期的令牌。',
  'The key that verifies tokens.': '验证令牌的密钥。',
  "More keys; a token's `kid` chooses.": '更多密钥；由令牌的 `kid` 选择。',
  'Name of the parameter that has the token. A leading `Bearer ` is not part of it.':
    '携带令牌的参数名称。开头的 `Bearer ` 不算在内。',
  'Where the parameter is: header, query or cookie. Without it, where the API declares the parameter, else a header.':
    '该参数的位置：header、query 或 cookie。不填时为 API 声明该参数的位置，否则为请求头。',
  'Whether a token can be used only once; it then needs the claim `jti`.':
    '令牌是否只能使用一次；此时令牌必须带有声明 `jti`。',
  'A request needs the name and the password of one of the users.': '请求需要某个用户的用户名和密码。',
  "A text; numbers are read as one, so write `'0123'` where zeros in front matter.":
    "文本；数字按文本读取，前面的零有意义时请写成 `'0123'`。",
  'Without a colon.': '不能包含冒号。',
  'The service is called before the backend; the request goes on only when the condition holds for its answer.':
    '先于后端调用该服务；只有当其应答满足条件时，请求才继续。',
  'Where the request has it; what is not there is not sent.': '请求中的位置；没有的参数不发送。',
  '`http://host:port` or `https://host:port`, for the type HTTP.':
    '`http://主机:端口` 或 `https://主机:端口`，用于类型 HTTP。',
  'POST without it.': '不填为 POST。',
  '`/` without it.': '不填为 `/`。',
  'In milliseconds, at most 10000, which it is without it.': '毫秒，最大 10000，不填也为 10000。',
  'Name of a VPC access, for the type HTTP-VPC.': 'VPC 授权的名称，用于类型 HTTP-VPC。',
  '`HTTP` or `HTTPS`, for the type HTTP-VPC; HTTP without it.': '`HTTP` 或 `HTTPS`，用于类型 HTTP-VPC；不填为 HTTP。',
  'What the service gets of the request.': '从请求中发给该服务的内容。',
  'HTTP: the service has an address. HTTP-VPC: it is reached through a VPC access.':
    'HTTP：服务有地址。HTTP-VPC：通过 VPC 授权访问。',
  'How long an answer holds for the same parameters, in seconds, at most 600; 0 means no memory.':
    '同样的参数，应答保留多少秒，最大 600；0 表示不保留。',
  "`X-Ca-Error-Message` of a refusal; `${name}` stands for a parameter's value.":
    '拒绝时的 `X-Ca-Error-Message`；`${name}` 代表参数的值。',
  'Status of a refusal, 403 without it.': '拒绝时的状态码；不填为 403。',
  "Names for parts of the service's answer (`StatusCode`, `Header:…`, `BodyJsonField:…`) and of the request. Other plug-ins read them as `Parameter:name`.":
    '为该服务应答的各部分（`StatusCode`、`Header:…`、`BodyJsonField:…`）和请求的各部分命名。其他插件以 `Parameter:名称` 读取。',
  "Whether the service gets the request's body as its own.": '是否把请求体原样发给该服务。',
  "Whether the service gets the request's path, in the header `X-Ca-Remote-Auth-Raw-Path`.":
    '是否在请求头 `X-Ca-Remote-Auth-Raw-Path` 中把请求路径发给该服务。',
  'Holds when the request may pass, for example `$statusCode = 200`.': '成立时放行请求，例如 `$statusCode = 200`。',
  'Whether a word in front (`Bearer`) is taken off what comes from the header `Authorization`.':
    '是否去掉取自请求头 `Authorization` 的内容前面的单词（`Bearer`）。',
  'A request that does not fit is refused before anything is sent, with every violation and its place.':
    '不符合的请求在转发之前被拒绝，并列出每一处不符及其位置。',
  'Schema of the body: JSON, or a form as an object of its fields.': '请求体的 Schema：JSON，或作为字段对象的表单。',
  'Whether POST, PUT and PATCH must have a body.': 'POST、PUT 和 PATCH 是否必须有请求体。',
  'Schema of an object of those headers that it names in `properties` or `required`, in any case.':
    '请求头对象的 Schema，只针对其 `properties` 或 `required` 中列出的请求头，不区分大小写。',
  "Schema of the path's parameters as an object.": '路径参数对象的 Schema。',
  'Schema of the query as an object of its parameters.': '查询参数对象的 Schema。',
  'Rules are tried in order; the first whose outcome is ALLOW or DENY decides, and at the end of the list the request is allowed.':
    '按顺序尝试各规则；第一个结果为 ALLOW 或 DENY 的规则起决定作用，全部尝试完仍无结果则放行。',
  'Each part replaces that of the answer when it is there.': '填写的各部分取代应答中的相应部分。',
  'Id of a data set of the type PARAMETER_ACCESS.': '类型为 PARAMETER_ACCESS 的数据集 ID。',
  "With `assertInDataset`: the condition is that this parameter's value is in the data set.":
    '与 `assertInDataset` 一起使用：条件为该参数的值在数据集中。',
  'Needed unless `assertParameterName` is used.': '除非使用 `assertParameterName`，否则必填。',
  "`X-Ca-Error-Message` of the answer; `${name}` stands for a parameter's value.":
    '应答的 `X-Ca-Error-Message`；`${name}` 代表参数的值。',
  'Outcome when it does not hold.': '条件不成立时的结果。',
  'Outcome when the condition holds.': '条件成立时的结果。',
  "Body of the answer; `${name}` stands for a parameter's value.": '应答的响应体；`${name}` 代表参数的值。',
  "Headers of the answer; `${name}` stands for a parameter's value.": '应答的响应头；`${name}` 代表参数的值。',
  'Names for what the conditions and texts look at.': '为条件和文本所查看的内容命名。',
  'Two forms. With `unit`: limits of the API, of each account and of each app. With `rules` or `defaultLimit`: limits by parameters.':
    '两种形式。使用 `unit`：限制 API、每个账号和每个应用。使用 `rules` 或 `defaultLimit`：按参数限制。',
  'Names from `parameters`, with commas: each combination of their values is counted for itself.':
    '`parameters` 中的名称，以逗号分隔：其值的每种组合分别计数。',
  'Which requests the rule is for; all without it.': '该规则针对哪些请求；不填为全部。',
  'Calls in a unit of time.': '单位时间内的调用次数。',
  'Unique; shown in the message. Counts go on under a name when the definition changes.':
    '唯一，会显示在消息中。修改定义后，同名规则继续计数。',
  'In place of `defaultRetryAfterBySecond`.': '取代 `defaultRetryAfterBySecond`。',
  'In place of `defaultTimeUnit`.': '取代 `defaultTimeUnit`。',
  'Id of the app or of the account.': '应用或账号的 ID。',
  'In place of `appDefault` or `userDefault`; at most `apiDefault`, which holds all the same.':
    '取代 `appDefault` 或 `userDefault`；不超过 `apiDefault`，后者始终有效。',
  'APP or USER.': 'APP 或 USER。',
  'Calls of one API in a unit of time. Every API that the plug-in is bound to is counted for itself.':
    '一个 API 在单位时间内的调用次数。插件绑定的每个 API 分别计数。',
  'Calls of one app; at most `userDefault`.': '一个应用的调用次数；不超过 `userDefault`。',
  'What becomes of a call over a limit per SECOND: it waits for the next second (QUEUE, the default), or is turned away at once (QUICK_RETURN).':
    '每 SECOND 的调用超限时如何处理：等到下一秒（QUEUE，默认），或立即拒绝（QUICK_RETURN）。',
  'By parameters: the limit of requests that no rule is for.': '按参数：没有规则针对的请求的上限。',
  'By parameters: `Retry-After` of a refusal, in seconds.': '按参数：拒绝时的 `Retry-After`，单位秒。',
  'By parameters: the unit of `defaultLimit`, and of rules without one; MINUTE without it.':
    '按参数：`defaultLimit` 以及未写单位的规则的时间单位；不填为 MINUTE。',
  'By parameters: names for what conditions look at and what is counted by.':
    '按参数：为条件所查看、计数所依据的内容命名。',
  'By parameters: tried from top to bottom; the first whose condition holds counts the request.':
    '按参数：从上到下尝试；第一个条件成立的规则为该请求计数。',
  'By parameters: whether APIs with this plug-in are counted together (PLUGIN, the default) or each for itself (API).':
    '按参数：绑定该插件的 API 合并计数（PLUGIN，默认），还是分别计数（API）。',
  'Other limits for some accounts and apps.': '为某些账号和应用设置不同的上限。',
  'What the limits are counted in.': '上限的时间单位。',
  'Calls of one account, over all its apps; at most `apiDefault`.':
    '一个账号的所有应用合计的调用次数；不超过 `apiDefault`。',
  "Routes are tried from top to bottom; the first whose condition holds is taken, and what its `backend` names replaces the same part of the API's backend. Conditions may use the API's parameters and system parameters by name, without declaring them.":
    '从上到下尝试各路由；采用第一个条件成立的路由，其 `backend` 中填写的部分取代 API 后端的相应部分。条件可以直接使用 API 的参数名和系统参数名，无需声明。',
  'For example `$CaAppId = 123456 or Random() < 0.05`.': '例如 `$CaAppId = 123456 or Random() < 0.05`。',
  'Sent to the backend when this route is taken.': '采用该路由时发给后端。',
  'Letters and digits; the backend gets it as `X-Ca-Routing-Name`.':
    '字母和数字；后端在 `X-Ca-Routing-Name` 中收到它。',
  'Parts of a backend; what is left out stays as the API has it.': '后端的各部分；不填的部分与 API 相同。',
  'Body for the type MOCK.': '类型为 MOCK 时的响应体。',
  '`Host` for the type HTTP.': '类型为 HTTP 时的 `Host`。',
  'Status for the type MOCK, 200 without it.': '类型为 MOCK 时的状态码；不填为 200。',
  'In milliseconds.': '单位毫秒。',
  '`HTTP` or `HTTPS`, for the type HTTP-VPC.': '`HTTP` 或 `HTTPS`，用于类型 HTTP-VPC。',
  '`Host` for the type HTTP-VPC.': '类型为 HTTP-VPC 时的 `Host`。',
  '`header` or `query`.': '`header` 或 `query`。',
  'When `errorCondition` holds for an answer, the first mapping that fits replaces its status, message, headers and body, as far as the mapping names them.':
    '应答满足 `errorCondition` 时，第一个符合的映射取代其状态码、消息、响应头和响应体中它所填写的部分。',
  'One mapping: which errors, and what they become.': '一个映射：针对哪些错误，变成什么。',
  'Fits when the parameter named by `errorCode` has this value.': '`errorCode` 所指参数等于该值时符合。',
  'Fits when it holds.': '成立时符合。',
  'For an error that no mapping fits; without it such an answer stays as it is.':
    '没有映射符合的错误采用它；不填时这样的应答保持不变。',
  'Name of the parameter that mappings compare with their `code`.': '各映射的 `code` 与之比较的参数名称。',
  "Which answers are errors, for example `$statusCode = 200 and $resultCode <> 'OK'`.":
    "哪些应答算作错误，例如 `$statusCode = 200 and $resultCode <> 'OK'`。",
  'Names for what the conditions and texts look at: StatusCode, ErrorCode, Header, BodyJsonField, System, Token.':
    '为条件和文本所查看的内容命名：StatusCode、ErrorCode、Header、BodyJsonField、System、Token。',
  'The request part acts after parameters were mapped, the answer part after `errorMapping`; within each part adding comes first, then putting, then removing.':
    '请求部分在参数映射之后起作用，应答部分在 `errorMapping` 之后起作用；每个部分先添加，再设置，最后移除。',
  'Nothing when it is null or left out.': '为 null 或不填则不做任何事。',
  'Added to the backend request unless a parameter of this name is there.': '后端请求中没有该名称的参数时添加。',
  'Added to the answer unless it has a header of this name.': '应答中没有该名称的响应头时添加。',
  'Set in the backend request, whatever is there.': '在后端请求中设置，无论原来是什么。',
  'Set in the answer, whatever is there.': '在应答中设置，无论原来是什么。',
  'Taken out of the backend request.': '从后端请求中移除。',
  'Taken out of the answer.': '从应答中移除。',
  'Status of every answer.': '所有应答的状态码。',
  "Keeps answers to GET requests; never on a group's automatic domain.":
    '缓存 GET 请求的应答；分组的二级域名上从不缓存。',
  'Ids of apps.': '应用的 ID。',
  'off: nobody; all: everybody; app: the apps in `apps`.': 'off：谁都不可以；all：所有调用方；app：`apps` 中的应用。',
  'Headers that are kept besides Content-Type, Content-Encoding and Content-Language.':
    '除 Content-Type、Content-Encoding 和 Content-Language 之外还保留的响应头。',
  'Whether callers may ask for a fresh answer with `Cache-Control`.': '调用方能否用 `Cache-Control` 要求新的应答。',
  "How long an answer is used, in seconds, unless the backend's `Cache-Control` says otherwise; at most 172800.":
    '应答使用多少秒，除非后端的 `Cache-Control` 另有规定；最大 172800。',
  'Whether each app has answers of its own.': '每个应用是否有各自的应答。',
  'Request headers, as the backend gets them: each combination of values has an answer of its own.':
    '后端所收到的请求头：其值的每种组合有各自的应答。',
  'Parameters of the query, by their names at the backend: each combination of values has an answer of its own. Without this field every query has its own answer; with it, all other parameters make no difference.':
    '查询参数（使用后端的参数名）：其值的每种组合有各自的应答。不填时每个不同的查询串有各自的应答；填写后，其他参数不起作用。',
  'Signs requests to backends with a key that both sides know.': '用双方都知道的密钥为发往后端的请求签名。',
  'Name of the key, 6 to 20 characters; the backend gets it and may use it to choose the secret.':
    '密钥的名称，6 到 20 个字符；后端会收到它，可以据此选择密钥。',
  '6 to 30 characters, shown to nobody.': '6 到 30 个字符，不会显示给任何人。',
  'APIGW_BACKEND.': '固定为 APIGW_BACKEND。',
  'Counts timeouts (`timeoutThreshold`), or answers that a condition holds for (`errorThreshold` with `errorCondition`). In place of the breaker that every API has.':
    '统计超时次数（`timeoutThreshold`），或满足条件的应答次数（`errorThreshold` 与 `errorCondition`）。取代每个 API 自带的熔断。',
  "Answers while it is open; parts that are left out are those of the API's backend.":
    '熔断期间由它应答；不填的部分与 API 的后端相同。',
  'For example `$StatusCode == 503` or `$LatencyMilliSeconds > 500`; `$LatencySeconds` is known, too.':
    '例如 `$StatusCode == 503` 或 `$LatencyMilliSeconds > 500`；也可以使用 `$LatencySeconds`。',
  'So many answers for which `errorCondition` holds open it.': '满足 `errorCondition` 的应答达到该次数时熔断。',
  'How long it stays open before one request tries the backend again, in seconds.':
    '熔断多少秒之后，由一个请求再次尝试后端。',
  'So many timeouts of the backend open it.': '后端超时达到该次数时熔断。',
  'How long is counted before counting begins anew, in seconds.': '统计多少秒之后重新开始计数。',
  'Compresses an answer for a caller whose `Accept-Encoding` takes one of the codings, unless it is compressed already.':
    '调用方的 `Accept-Encoding` 接受其中某种编码时压缩应答，已压缩的除外。',
  'The codings in the order of preference, where a caller takes several equally: br, zstd, gzip.':
    '调用方同等接受多种编码时的优先顺序：br、zstd、gzip。',
  'Answers that are known to be shorter, in bytes, stay as they are.': '已知短于该字节数的应答保持不变。',
  'Content types that are compressed; `*` at the end of one stands for any rest. `text/event-stream` only when it is named in full.':
    '压缩哪些内容类型；末尾的 `*` 代表任意内容。`text/event-stream` 只有完整写出时才压缩。',
  'Rules act in their order, each on what the one before left.': '各规则按顺序起作用，每个规则处理前一个规则的结果。',
  'What is masked in a body: `D:n` a number of n digits, `HEX:n` n hexadecimal digits, `EMAIL` an address, `ID_CARD` the 18 characters of an identity card. For bodies only.':
    '请求体或响应体中脱敏的内容：`D:n` 为 n 位数字，`HEX:n` 为 n 位十六进制数字，`EMAIL` 为邮箱地址，`ID_CARD` 为 18 位身份证号。仅用于请求体和响应体。',
  'Tells rules apart.': '用于区分各规则。',
  'Names of the headers, query parameters or claims whose values are masked; not for bodies.':
    '其值需要脱敏的请求头、查询参数或声明的名称；不用于请求体和响应体。',
  'How much is masked: `ALL`, `KEEP_LEFT:n`, `KEEP_RIGHT:n`, `KEEP_CENTER:start,length` (start from 0).':
    '脱敏多少：`ALL`、`KEEP_LEFT:n`、`KEEP_RIGHT:n`、`KEEP_CENTER:start,length`（start 从 0 开始）。',
};
