"""The never-list: what no column may hold, under the names it goes by (mission, "What GridLink will not do")."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NAMES: Final = frozenset({
    # ethnicity
    "ethnicity", "ethnic", "ethnicgroup", "nation", "nationcode", "race", "minzu", "mz", "mzdm", "mzmc",
    # religion
    "religion", "religious", "faith", "belief", "zongjiao", "xinyang", "zjxy", "zjxydm",
    # political status
    "political", "politics", "partymember", "partymembership", "partyaffiliation", "zzmm", "zzmmdm",
    "dangpai", "dangyuan",
    # biometrics
    "biometric", "biometrics", "face", "facial", "fingerprint", "palmprint", "iris", "retina", "voiceprint", "dna",
    "gait", "blood", "bloodtype", "portrait", "zhiwen", "renlian", "hongmo", "shengwen", "zhangwen", "xuexing",
    # traces of devices, movement and communication
    "imei", "imsi", "meid", "iccid", "oaid", "idfa", "mac", "macaddress", "macaddr", "deviceid", "deviceno",
    "devicesn", "devicetrace", "wifi", "bluetooth", "ssid", "bssid", "celltower", "basestation", "trajectory",
    "track", "tracks", "trace", "traces", "movement", "movements", "gps", "whereabouts", "locationhistory",
    "guiji", "xingzong", "calllog", "callrecord", "callrecords", "callhistory", "calls", "cdr", "communicationlog",
    "communicationrecord", "communicationrecords", "sms", "wechat", "wechatid", "weixin", "qq", "chat", "chats",
    "browsinghistory",
})  # fmt: skip
"""Whole names, or whole words in a name, in English, pinyin and the initials that police tables use."""
_WHOLE: Final = frozenset(
    {"party", "communication", "communications", "device", "定位", "设备", "通信", "通讯"}
)
"""Only as the whole name: “party” alone is a membership, “party_name” may be one side of a dispute."""
_PARTS: Final = (
    "ethnic", "religio", "politic", "biometr", "fingerprint", "voiceprint", "facial", "trajector",
    "民族", "族别", "族別", "种族", "種族", "宗教", "信仰", "教派", "政治面", "政治身", "政治倾向", "政治立场",
    "党派", "黨派", "党员", "黨員", "党籍", "团员", "指纹", "指紋", "掌纹", "掌紋", "人脸", "人臉", "脸部", "面部",
    "人像", "虹膜", "视网膜", "声纹", "聲紋", "静脉", "步态", "基因", "血型", "生物特征", "生物识别", "生物样本",
    "串号", "设备号", "设备标识", "设备识别", "设备指纹", "终端标识", "手机型号", "蓝牙", "基站", "信令",
    "轨迹", "軌跡", "行踪", "行蹤", "踪迹", "行程", "出行记录", "乘车记录", "通行记录", "定位记录", "定位轨迹",
    "通话", "通話", "话单", "通联", "通讯记录", "通信记录", "短信", "聊天", "微信", "上网记录", "浏览记录",
)  # fmt: skip
"""Parts that betray the whole wherever they stand. “设备” is not among them: fire equipment is no trace."""
_APART: Final = re.compile(r"[^0-9a-z\u2e80-\U0003ffff]+")
_HUMP: Final = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[\x00-\x7f])(?=[^\x00-\x7f])|(?<=[^\x00-\x7f])(?=[\x00-\x7f])"
)
"""Where a word ends without a sign: faceId, MACAddress, MAC地址."""


def is_forbidden(column: str) -> bool:
    """Whether a column's name speaks of something that must never be kept, however it is spelt.

    Case, full width, blanks, underscores, camel humps, accents and invisible characters make no difference.
    """
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", column) if unicodedata.category(c) not in {"Mn", "Cf"}
    )
    words = [word for word in _APART.split(_HUMP.sub("_", plain).casefold()) if word]
    joined = _APART.sub("", plain.casefold())
    runs = {"".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, min(len(words), i + 4) + 1)}
    numberless = {run.rstrip("0123456789") for run in runs}
    named = (runs | numberless | {joined}) & _NAMES or joined in _WHOLE
    return bool(named) or any(part in joined for part in _PARTS)
