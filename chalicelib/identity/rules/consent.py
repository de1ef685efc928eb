"""Consent: one purpose per record, given and taken back with the same ease (PIPL 14-16, 29).

A person's standing towards a purpose is the last record about it. `decided` and `withdrawn`
give the next standing or the reason why there is none; neither reads a clock.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

QUIET = timedelta(days=30)
"""After a refusal or a withdrawal nobody asks again for so long (LAW.md P1)."""

LONGEST = timedelta(days=3 * 366)
"""No consent outlives this; it is asked for anew."""


class Purpose(StrEnum):
    """What the data are used for; a new use is a new member and a new consent."""

    FACE_RECOGNITION = "face_recognition"
    ELDER_MONITORING = "elder_monitoring"
    HEALTH_RECORD = "health_record"
    PLATE_RECOGNITION = "plate_recognition"
    NEIGHBOUR_DIRECTORY = "neighbour_directory"
    GOVERNMENT_SERVICES = "government_services"
    MARKETING = "marketing"


class Decision(StrEnum):
    """What a person says when asked."""

    GIVEN = "given"
    REFUSED = "refused"


class State(StrEnum):
    """How a person stands towards a purpose; `expired` is given and past its end."""

    NEVER_ASKED = "never_asked"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Channel(StrEnum):
    """Where it was decided: in answer to our question, or in the settings unasked."""

    PROMPT = "prompt"
    SETTINGS = "settings"
    PAPER = "paper"


@dataclass(frozen=True)
class Notice:
    """The text that a person agrees to, with what PIPL 17 and 30 want said."""

    version: str
    text: str
    kinds: tuple[str, ...]
    recipient: str
    lasts: timedelta
    sensitive: bool = True

    @property
    def sha256(self) -> str:
        """Return the digest that the client repeats: this very text was on the screen."""
        return hashlib.sha256(self.text.encode()).hexdigest()


_YEAR = timedelta(days=365)

NOTICES: Mapping[Purpose, Notice] = {
    Purpose.FACE_RECOGNITION: Notice(
        "2026-11",
        "用于人脸识别开门。人脸特征只保存在您选择的门口设备内，不上传网络；"
        "不同意不影响您使用门卡、二维码、密码或手机开门；撤回后24小时内从全部设备删除。",
        ("face_template_on_device",),
        "物业服务企业",
        _YEAR,
    ),
    Purpose.ELDER_MONITORING: Notice(
        "2026-11",
        "用于独居老人关怀：根据用水、用电和出入情况判断异常，并按顺序联系您指定的家属、网格员。"
        "原始数据保存30天，告警保存1年；您可随时撤回。",
        ("water_use", "power_use", "passages"),
        "物业服务企业、社区网格员",
        _YEAR,
    ),
    Purpose.HEALTH_RECORD: Notice(
        "2026-11",
        "用于紧急求助时向急救人员提供您填写的健康情况，不作其他用途；您可随时撤回。",
        ("health",),
        "物业服务企业、急救机构",
        _YEAR,
    ),
    Purpose.PLATE_RECOGNITION: Notice(
        "2026-11",
        "用于识别您的车牌自动抬杆。出入记录保存90天；不同意时可人工登记出入；您可随时撤回。",
        ("plate", "passages"),
        "物业服务企业",
        3 * _YEAR,
    ),
    Purpose.NEIGHBOUR_DIRECTORY: Notice(
        "2026-11",
        "用于在本小区邻里名录中显示您的昵称和楼栋，不显示电话和房号；您可随时撤回。",
        ("nickname", "building"),
        "本小区业主",
        _YEAR,
        sensitive=False,
    ),
    Purpose.GOVERNMENT_SERVICES: Notice(
        "2026-11",
        "用于社区居委会为您办理您申请的政务便民服务，提供姓名、电话和房屋信息；您可随时撤回。",
        ("name", "phone", "unit"),
        "社区居民委员会",
        _YEAR,
    ),
    Purpose.MARKETING: Notice(
        "2026-11",
        "用于向您推送周边商家优惠信息，不向商家提供您的个人信息；您可随时撤回。",
        ("push",),
        "物业服务企业",
        _YEAR,
        sensitive=False,
    ),
}


@dataclass(frozen=True)
class Standing:
    """How a person stands towards one purpose."""

    state: State = State.NEVER_ASKED
    expires: datetime | None = None
    quiet_until: datetime | None = None

    def at(self, moment: datetime) -> "Standing":
        """Return the standing as it is at an instant: what is given may be past its end."""
        if self.state is State.GIVEN and self.expires is not None and self.expires <= moment:
            return replace(self, state=State.EXPIRED)
        return self

    def holds(self, moment: datetime) -> bool:
        """Return whether the data may be used for the purpose at an instant."""
        return self.at(moment).state is State.GIVEN

    def may_be_asked(self, moment: datetime) -> bool:
        """Return whether the person may be asked: not while it holds, nor while it is quiet."""
        quiet = self.quiet_until is not None and moment < self.quiet_until
        return not quiet and not self.holds(moment)


def refusal(
    standing: Standing, channel: Channel, shown: tuple[str, str], purpose: Purpose, at: datetime
) -> str | None:
    """Return why a decision is not taken down, or None.

    `shown` is version and sha256 of the text that was on the screen. During the quiet only
    our asking is barred: a person may change their mind unasked at any time.
    """
    notice = NOTICES[purpose]
    if shown != (notice.version, notice.sha256):
        return "consent_text_changed"
    if channel is Channel.PROMPT and not standing.may_be_asked(at):
        return "consent_quiet"
    return None


def decided(
    decision: Decision, purpose: Purpose, at: datetime, until: datetime | None = None
) -> Standing:
    """Return the standing after a decision; `until` may shorten a consent, never lengthen it."""
    if decision is Decision.REFUSED:
        return Standing(State.REFUSED, quiet_until=at + QUIET)
    end = at + min(NOTICES[purpose].lasts, LONGEST)
    return Standing(State.GIVEN, expires=min(end, until) if until else end)


def expired(standing: Standing) -> Standing:
    """Return the standing once its end has been announced; nobody refused, so no quiet."""
    return replace(standing, state=State.EXPIRED)


def withdrawn(at: datetime) -> Standing:
    """Return the standing after a withdrawal, which is a refusal too."""
    return Standing(State.WITHDRAWN, quiet_until=at + QUIET)
