"""The never-list: what no column may hold, under the names it goes by (mission, "What GridLink will not do")."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_WORDS: Final = (
    "ethnicity", "ethnic", "ethnicgroup", "nationality_ethnic", "nation", "minzu", "mz", "民族", "族别", "种族", "race",
    "religion", "religious", "faith", "belief", "zongjiao", "宗教", "信仰",
    "political", "politics", "party", "partymember", "zzmm", "政治面貌", "党派", "党员",
    "biometric", "biometrics", "fingerprint", "face", "facial", "faceid", "iris", "voiceprint", "dna", "gait", "blood",
    "bloodtype", "生物", "指纹", "人脸", "面部", "虹膜", "声纹", "基因", "步态", "掌纹", "血型", "照片特征",
    "imei", "imsi", "mac", "macaddress", "deviceid", "device", "wifi", "bluetooth", "设备", "手机串号", "串号",
    "trajectory", "track", "trace", "movement", "gps", "轨迹", "行踪", "定位",
    "calllog", "call", "calls", "communication", "sms", "wechat", "qq", "chat", "通话", "通信", "通讯记录", "聊天",
    "微信",
)  # fmt: skip
_WHOLE: Final = frozenset(word.replace("_", "") for word in _WORDS)
_CHINESE: Final = tuple(word for word in _WORDS if not word.isascii())


def is_forbidden(column: str) -> bool:
    """Whether a column's name speaks of something that must never be kept, however it is spelt."""
    folded = unicodedata.normalize("NFKC", column).casefold()
    spaced = re.sub(r"([a-z])([A-Z])", r"\1_\2", unicodedata.normalize("NFKC", column)).casefold()
    parts = {part for part in re.split(r"[^0-9a-z\u3400-\U0003ffff]+", spaced) if part}
    joined = re.sub(r"[^0-9a-z\u3400-\U0003ffff]+", "", folded)
    return joined in _WHOLE or not parts.isdisjoint(_WHOLE) or any(word in joined for word in _CHINESE)
