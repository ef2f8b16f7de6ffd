"""What providers write in error messages. The kinds of an error are told apart by these patterns only."""

import re

# The request exceeds the model's context.
CONTEXT = re.compile(
    r"context_length_exceeded|exceed_context_size|string_above_max_length|maximum context length|max_model_len"
    r"|context (?:window|size|length)[^.]{0,60}exceed|exceed[^.]{0,80}context (?:window|size|length)"
    r"|longer than the (?:model'?s?|maximum)|context length is only|(?:prompt|input|request|message) is too long"
    r"|input token count|`inputs` tokens|too many (?:input |prompt )?tokens|range of input length"
    r"|(?:prompt|input|messages?)(?: tokens?| length)?[^.]{0,40} exceeds?\b[^.]{0,60}(?:length|limit|maximum|tokens)"
    r"|(?:长度|上下文|tokens?)[^。]{0,30}(?:超|过长)|超[过出][^。]{0,30}(?:长度|上下文|tokens?)",
    re.IGNORECASE,
)
# A content filter rejected the request.
FILTERED = re.compile(
    r"content[_ ]filter|content[_ ]policy|content management policy|moderation_blocked|flagged_input"
    r"|data_inspection_failed|inappropriate content|prohibited_content|sensitive (?:content|words?|information)"
    r"|violat\w*[^.]{0,40}(?:polic|guideline|safety)|(?:polic|guideline)\w*[^.]{0,20}violat|敏感|违规|不合规"
    r"|content exists risk|considered high[ -]risk|(?:harmful|unsafe|prohibited) (?:content|prompt)|风险|审核",
    re.IGNORECASE,
)
# The endpoint refuses a parameter, as opposed to its value.
REFUSES = re.compile(
    r"unsupported|not support|n't support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed|not enabled"
    r"|extra_forbidden|cannot both|not both|deprecated|not available|only .{0,60}(?:supported|allowed)"
    r"|not accept|n't accept|additional propert|extra (?:field|input|propert|argument|parameter)|not implemented"
    r"|cannot be (?:set|used|specified)|invalid (?:argument|parameter|field|key|property) ?(?:name)?[:'\"]",
    re.IGNORECASE,
)
# A message about the roles of messages. The request without a system message decides whether that is the reason.
ROLES = re.compile(
    r"\broles?\b|alternat|jinja|chat.template|角色|\br[ôo]les?\b|\brol(?:len?)?\b|\bpapel|\bрол[ьияе]|ロール|役割|역할",
    re.IGNORECASE,
)
SYSTEM = re.compile(
    r"\bsystem|\bdeveloper\b|user messages?\b|first message|系统|syst[èe]m|\bsistema|\bсистем|システム|시스템",
    re.IGNORECASE,
)
# No money is left, whatever else the message says.
_NO_MONEY = re.compile(
    r"insufficient[_ -]?(?:\w+[_ -])?(?:quota|balance|funds?|credits?|resource package)"
    r"|(?:balance|credits?|funds?)\b[^.]{0,40}\b(?:insufficient|too low|exhausted|depleted|used up|negative|expired"
    r"|not (?:enough|sufficient)|ran out|run out|empty)"
    r"|(?:out of|run out of|ran out of|not enough|no(?: more)?|lacks?|used all[^.]{0,20}|zero|negative|low)"
    r" (?:\w+ )?(?:balance|credits?|funds)\b"
    r"|payment (?:is )?(?:required|overdue|failed)|arrear"
    r"|billing[_ ](?:hard[_ ]limit|not[_ ]active)|spend(?:ing)?[_ ](?:limit|cap)"
    r"|exceeded_current_quota|account[^.]{0,40}\b(?:suspended|deactivated|not active|inactive|overdue)"
    r"|monthly included credits|余额|欠费|残高|잔액|недостаточно (?:средств|кредит)|исчерпан\w* баланс"
    r"|(?:solde|saldo|guthaben|cr[ée]dit\w*|cr[ée]ditos?|fon[dt]o?s)\b[^.]{0,40}(?:insuf\w+|[ée]puis|agotad|esgotad|esaurit"
    r"|aufgebraucht|erschöpft|reicht nicht|nicht ausreich|negativ)"
    r"|insuf\w+[^.]{0,20}\b(?:solde|saldo|cr[ée]dit|fon[dt])|(?:nicht genug|kein) guthaben",
    re.IGNORECASE,
)
# Perhaps no money, perhaps a limit of requests per minute, whose messages advertise higher tiers.
_QUOTA = re.compile(
    r"quota[^.]{0,30}(?:exceed|exhaust|reach|used up|run out|ran out|deplet)"
    r"|(?:exceed|exhaust|reach|used (?:up|all)|run out|ran out|deplet|no)\w*[^.]{0,30}quota|billing|payment"
    r"|(?:more|add|purchase|buy) (?:\w+ )?(?:credits|funds)\b|recharge|top[ -]?up|额度|配额|充值",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"per[ _-]?(?:second|sec\b|minute|min\b|hour|day|base_model)|\b[RT]P[MDS]\b|rate[ _-]?limit(?!error)"
    r"|too many requests|(?:try|retry)(?:ing)?(?: again)?(?: in| after)\b|retry_?delay|slow down|concurren|overload"
    r"|capacity|频率|速率|并发|每分钟",
    re.IGNORECASE,
)
# Numbers of tokens; more digits than these are no number of tokens.
LIMIT = re.compile(r"(?:context length|max_model_len|must be|maximum)\D{0,40}?(?<!\d)(\d{1,9})(?!\d)", re.IGNORECASE)
PROMPT = re.compile(
    r"(?<!\d)(\d{1,9})(?: tokens)? (?:in the (?:messages|prompt)|from the input|input tokens|`inputs` tokens)"
)
REPLY_LIMIT = re.compile(
    r"(?:at most |> |max_tokens is \[1, )(\d{1,9})(?: completion tokens|, which is the maximum|\])"
)


def out_of_money(text: str) -> bool:
    """Return True if an error message says that no balance, credit or quota is left, so that no retry helps."""
    return bool(_NO_MONEY.search(text) or (_QUOTA.search(text) and not _RATE.search(text)))
